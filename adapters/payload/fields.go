package payload

import (
	"bytes"
	"strings"

	"eventscope/adapters"
)

// Field is something of messages that a row of a list tells: a header, or a part of the value by its
// path.
type Field struct{ Header, Path string }

// FieldWidth is how much of a field is told, in bytes, and fieldDepth how far into a value it is
// looked for.
const FieldWidth, fieldDepth = 128, 64 << 10

// Fields are the wanted fields of a message, as they may be shown; nil for one that it does not have.
func Fields(m *adapters.Message, wanted []Field) [][]byte {
	if len(wanted) == 0 {
		return nil
	}
	fields := make([][]byte, len(wanted))
	headers := Headers(m)
	var value []byte
	for i, f := range wanted {
		if f.Path != "" {
			if value == nil {
				value = Parts(Readable(m, fieldDepth))
			}
			fields[i] = begun(Unquoted(Lookup(value, f.Path)))
			continue
		}
		for n := range headers {
			if strings.EqualFold(headers[n].Name, f.Header) {
				fields[i] = begun(headers[n].Value)
				break
			}
		}
	}
	return fields
}

// begun is a copy of the beginning of a field.
func begun(b []byte) []byte { return bytes.Clone(CutRunes(b, FieldWidth)) }
