package payload

import (
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/payload/xmltext"
	"eventscope/adapters/schemas"
)

// Tree is the value as JSON for an outline, where it is XML, or bytes that look like a message of
// Protobuf: see [Decoded.Fields].
func (d *Decoded) Tree() (tree Decoded, ok bool) {
	tree = *d
	tree.Format = JSON
	if d.Format == Binary {
		tree.Data, ok = d.Fields(MaxDecompressed)
		return tree, ok
	}
	if d.Format != Text || d.Cut || !xmltext.Begins(d.Data) {
		return tree, false
	}
	made, err := xmltext.AppendJSON(nil, d.Data, MaxDecompressed)
	tree.Data = made
	return tree, err == nil
}

// Fields are those of bytes that look like a message of Protobuf of which the schema is not known, as
// JSON of at most limit bytes: by their numbers, with what each seems to be.
func (d *Decoded) Fields(limit int) (fields []byte, ok bool) {
	if d.Format != Binary || d.Cut || d.Frame.At > len(d.Data) {
		return nil, false
	}
	return protobuf.Guess(nil, d.Data[d.Frame.At:], d.Frame.At > 0 && d.Frame.Ref.By != schemas.ByNothing, limit)
}
