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

// Tree is the value as JSON for an outline, where it is XML.
func (d *Decoded) Tree() (tree Decoded, ok bool) {
	if d.Format != Text || d.Cut || !xmltext.Begins(d.Data) {
		return tree, false
	}
	made, err := xmltext.AppendJSON(nil, d.Data, MaxDecompressed)
	if err != nil {
		return tree, false
	}
	tree = *d
	tree.Format, tree.Data = JSON, made
	return tree, true
}
