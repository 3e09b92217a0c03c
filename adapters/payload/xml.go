package payload

import "eventscope/adapters/payload/xmltext"

// Parts is a value that was made readable in the form in which its parts are found: JSON as it is, and
// JSON that is made of XML. Of anything else it is the value itself, in which nothing is found.
func Parts(value []byte) []byte {
	if !xmltext.Begins(value) {
		return value
	}
	if made, err := xmltext.AppendJSON(nil, value, MaxDecompressed); err == nil {
		return made
	}
	return value
}
