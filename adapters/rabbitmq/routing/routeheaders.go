package routing

import (
	"reflect"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// headersMatch does what a headers exchange does with a binding's arguments: x-match says
// whether all of the others must be in the message's headers (if absent, too) or any, and
// whether those whose names begin with x- count. One without a value asks for the name
// only, which the management API shows as the text "undefined". It does not tell the exact
// types of values either, so some are not known to be equal. (rabbit_exchange_type_headers of RabbitMQ 3.10 to 4.3)
func headersMatch(arguments map[string]any, headers amqp.Table) match {
	kind, _ := arguments["x-match"].(string)
	all := kind != "any" && kind != "any-with-x"
	withX := strings.HasSuffix(kind, "-with-x")
	var found []match
	for name, wanted := range arguments {
		if name == "x-match" || strings.HasPrefix(name, "x-") && !withX {
			continue
		}
		value, there := headers[name]
		switch {
		case !there:
			found = append(found, never)
		case wanted == "undefined" && value != wanted:
			found = append(found, sometimes)
		default:
			found = append(found, sameValue(wanted, value))
		}
	}
	switch {
	case len(found) == 0:
		return certainly(all)
	case all:
		return slices.Min(found)
	}
	return slices.Max(found)
}

// sameValue compares a value in JSON with a header's.
func sameValue(wanted, value any) match {
	switch v := value.(type) {
	case string, bool:
		return certainly(value == wanted)
	case int8, uint8, int16, int32, int64, int:
		return certainly(wanted == numberOf(v))
	case float32, float64:
		if wanted != numberOf(v) {
			return never
		}
	}
	return sometimes
}

// numberOf is a header's number as JSON has it.
func numberOf(value any) float64 {
	n := reflect.ValueOf(value)
	switch {
	case n.CanInt():
		return float64(n.Int())
	case n.CanUint():
		return float64(n.Uint())
	}
	return n.Float()
}
