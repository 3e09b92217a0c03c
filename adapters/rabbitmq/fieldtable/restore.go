package fieldtable

import (
	"math"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Restore undoes Structure, but for the exact types of numbers.
func Restore(value any) any {
	switch v := value.(type) {
	case map[string]any:
		table := make(amqp.Table, len(v))
		for name := range v {
			table[name] = Restore(v[name])
		}
		return table
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = Restore(v[i])
		}
		return list
	}
	return value
}

// FromJSON turns binding arguments into what AMQP can carry: whole numbers were
// integers.
func FromJSON(arguments map[string]any) amqp.Table {
	table := amqp.Table{}
	for name, value := range arguments {
		switch v := value.(type) {
		case float64:
			if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
				value = int64(v)
			}
		case map[string]any:
			value = FromJSON(v)
		}
		table[name] = value
	}
	return table
}
