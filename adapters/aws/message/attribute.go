package message

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
)

// MostAttributes is how many a message may have.
const MostAttributes = 10

// Marks is the attribute in which the marks of a replay share one place, as a JSON object, where
// there are not enough for one each; marked begins the names of headers that can be there.
const (
	Marks  = "x-replay"
	marked = "x-replay-"
)

// headersOf are attributes as headers, sorted by name. Marks that share one are told apart.
func headersOf(attributes map[string]types.MessageAttributeValue) []adapters.Header {
	headers := make([]adapters.Header, 0, len(attributes))
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		value := attributes[name]
		if shared, ok := readMarks(name, &value); ok {
			headers = append(headers, shared...)
			continue
		}
		header := adapters.Header{Name: name, Value: []byte(aws.ToString(value.StringValue))}
		if value.BinaryValue != nil {
			header.Value = slices.Clone(value.BinaryValue)
		}
		headers = append(headers, header)
	}
	return headers
}

func readMarks(name string, value *types.MessageAttributeValue) (headers []adapters.Header, ok bool) {
	var marks map[string]string
	if name != Marks || json.Unmarshal([]byte(aws.ToString(value.StringValue)), &marks) != nil {
		return nil, false
	}
	for _, mark := range slices.Sorted(maps.Keys(marks)) {
		if !strings.HasPrefix(mark, marked) {
			return nil, false
		}
		headers = append(headers, adapters.Header{Name: mark, Value: []byte(marks[mark])})
	}
	return headers, true
}

// Change are attributes without some, and with headers added: each by itself where there is room,
// else all in one, and none of them where all places are taken.
func Change(attributes map[string]types.MessageAttributeValue, remove []string, add []adapters.Header) map[string]types.MessageAttributeValue {
	changed := maps.Clone(attributes)
	if changed == nil {
		changed = map[string]types.MessageAttributeValue{}
	}
	for _, name := range remove {
		delete(changed, name)
		if strings.HasPrefix(name, marked) {
			delete(changed, Marks)
		}
	}
	added := map[string]types.MessageAttributeValue{}
	for _, header := range add {
		if len(header.Value) > 0 { // the service takes no empty ones
			added[header.Name] = attributeOf(header.Value)
		}
	}
	if len(changed)+len(added) > MostAttributes {
		added = sharing(add)
	}
	if len(changed)+len(added) <= MostAttributes {
		maps.Copy(changed, added)
	}
	return changed
}

// sharing is one attribute with all marks.
func sharing(add []adapters.Header) map[string]types.MessageAttributeValue {
	marks := map[string]string{}
	for _, header := range add {
		if strings.HasPrefix(header.Name, marked) {
			marks[header.Name] = string(header.Value)
		}
	}
	text, err := json.Marshal(marks)
	if len(marks) == 0 || err != nil {
		return nil
	}
	return map[string]types.MessageAttributeValue{Marks: attributeOf(text)}
}

// attributeOf is a value as text where the service takes it as text.
func attributeOf(value []byte) types.MessageAttributeValue {
	if IsText(value) {
		return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(string(value))}
	}
	return types.MessageAttributeValue{DataType: aws.String("Binary"), BinaryValue: slices.Clone(value)}
}

// FromHeaders are headers of a message of any broker as attributes. What the service itself says
// of messages is none of them.
func FromHeaders(headers []adapters.Header) map[string]types.MessageAttributeValue {
	attributes := map[string]types.MessageAttributeValue{}
	for _, header := range headers {
		if len(header.Value) > 0 && !slices.Contains([]string{Trace, Source, ID, Receives}, header.Name) {
			attributes[header.Name] = attributeOf(header.Value)
		}
	}
	return attributes
}

// IsText reports whether the service takes it as text: it bars what XML bars.
func IsText(value []byte) bool {
	if !utf8.Valid(value) {
		return false
	}
	for _, r := range string(value) {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return true
}
