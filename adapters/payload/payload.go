package payload

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"eventscope/adapters"
	"eventscope/adapters/payload/encoded"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
)

// Format is what a value turned out to be.
type Format string

const (
	JSON      Format = "json"
	Text      Format = "text"
	Binary    Format = "binary"
	Empty     Format = "empty"
	Tombstone Format = "tombstone" // no value at all: a delete marker on a compacted topic
)

// Decoded is a value made readable.
type Decoded struct {
	Format Format
	// Data is the value after decompression, at most as long as the limit given, and
	// without the frame in front of JSON. It shares memory with the message where
	// nothing was decompressed.
	Data []byte
	// Size is the true size of the value as sent, in bytes.
	Size int
	// Cut says that Data is shorter than the value is.
	Cut bool
	// Compression is "gzip", "zstd", "deflate", "snappy", "lz4" or "".
	Compression string
	// Frame is how the value names a schema, if it does, and Written is that schema, if it was
	// found.
	Frame   Frame
	Written *schemas.Schema
	// Reader is the full name of what the value was read as by its schema, and Raw are then its
	// bytes, with their frame: Data is JSON that was made of them. Else Reader is empty and Raw
	// is nil.
	Reader string
	Raw    []byte
	// Masked says that something in Data is not shown as it is, see [mask.Rules].
	Masked bool
	// Declined says why each decoder before the one that took it did not.
	Declined []Declined
}

// Decode makes the value of m readable, looking at no more than limit bytes after
// decompression (no bound when limit is 0 or less, but for [MaxDecompressed]).
//
// What is masked is not in Data.
func Decode(m *adapters.Message, limit int) Decoded {
	return decodeMasked(m, limit, schemas.Encryption.String)
}

// decodeMasked is [Decode], with what is given in the place of what a rule encrypts.
func decodeMasked(m *adapters.Message, limit int, encrypted func(schemas.Encryption) string) Decoded {
	d := decode(m, limit, Values.AppendJSON)
	if d.Written != nil && len(d.Written.Encrypts) > 0 && d.Format == JSON {
		d.Data = mask.Encrypted(d.Data, d.Written, encrypted)
	}
	if hidden := maskOf(m); hidden != nil {
		d.mask(hidden)
	}
	return d
}

// Recognise is [Decode] for those who want to know what a value is, and do not want the value:
// no JSON is made of what is read by its schema, and Data is not to be shown.
func Recognise(m *adapters.Message, limit int) Decoded {
	return decode(m, limit, func(v Values, dst, data []byte, _ int) ([]byte, error) {
		_, err := v.Check(data)
		return dst, err
	})
}

// read makes of a value what is wanted of it.
type read func(v Values, dst, data []byte, limit int) ([]byte, error)

func decode(m *adapters.Message, limit int, read read) Decoded {
	d := Decoded{Size: len(m.Value), Data: m.Value}
	switch {
	case m.Value == nil:
		d.Format = Tombstone
		return d
	case len(m.Value) == 0:
		d.Format = Empty
		return d
	}
	d.decompress(contentEncoding(m), limit)
	if limit > 0 && len(d.Data) > limit {
		d.Data, d.Cut = d.Data[:limit:limit], true
	}
	switch {
	case d.isWritten(m, limit, read) || d.isContainer(limit, read):
		if d.Format = JSON; d.Cut {
			d.Format = Text // half of it is not JSON
		}
	case d.isJSON():
		d.Format = JSON
	case d.isText():
		d.Format = Text
	case d.guess(limit, read):
		if d.Format = JSON; d.Cut {
			d.Format = Text
		}
	default:
		d.Format = Binary
	}
	return d
}

func (d *Decoded) decline(decoder string, why error) bool {
	const all = 4 // of a chain in which each declines
	if d.Declined == nil {
		d.Declined = make([]Declined, 0, all)
	}
	d.Declined = append(d.Declined, Declined{decoder, why})
	return false
}

// decompress undoes the compression that the message names or whose magic bytes the
// value has. What cannot be undone is left as it is.
func (d *Decoded) decompress(encoding string, limit int) {
	c := codecOf(encoding, d.Data)
	if c == nil {
		return
	}
	data, cut, err := c.decompress(d.Data, limit)
	if err != nil {
		d.decline(c.name, err)
		return
	}
	d.Data, d.Cut, d.Compression = data, cut, c.name
}

// isWritten takes a value that names a schema by which it can be read.
func (d *Decoded) isWritten(m *adapters.Message, limit int, read read) bool {
	r, err := ReadingOf(m, Value, d.Data, FindSchema)
	d.Frame, d.Written = r.Frame, r.Schema
	switch {
	case err == ErrNoRegistry && looksLikeJSON(Unframed(d.Data)):
		return false // which is read without
	case err != nil:
		return d.decline("schema", err)
	case r.Values == nil:
		return false // it is JSON, text or bytes
	case d.Cut:
		return d.decline(FormatName(r.Schema.Format), errCut)
	}
	return d.take(&r, limit, read)
}

// take makes of a value what is wanted of it.
func (d *Decoded) take(r *Reading, limit int, read read) bool {
	if limit <= 0 {
		limit = MaxDecompressed
	}
	made, err := read(r.Values, nil, r.Body, limit)
	if err != nil && !errors.Is(err, encoded.ErrTooLong) {
		return d.decline(FormatName(r.Schema.Format), &unfitting{r.Schema, err})
	}
	d.Raw, d.Data, d.Cut = d.Data, made, err != nil
	d.Reader, d.Written = r.Values.Name(), r.Schema
	return true
}

// isJSON takes one JSON value, with or without a schema id before it. Members may be
// there twice: the value is shown, not interpreted.
func (d *Decoded) isJSON() bool {
	data := Unframed(d.Data)
	if d.Cut {
		return d.decline("json", errCut)
	}
	if err := checkJSON(data); err != nil {
		return d.decline("json", err)
	}
	d.Data = data
	return true
}

// checkJSON is nil for one value of JSON and nothing else.
func checkJSON(data []byte) error {
	if len(data) > 0 && data[0] < '\t' { // which bytes begin with far more often than with anything else
		return notBegun(data[0])
	}
	decoder := decoders.get()
	defer decoders.put(decoder)
	decoder.reset(data)
	if _, err := decoder.ReadValue(); err != nil {
		return &notJSON{err}
	}
	rest := data[decoder.InputOffset():]
	if trimmed := bytes.TrimLeft(rest, " \t\r\n"); len(trimmed) > 0 {
		return fmt.Errorf("something follows the value at byte %d", len(data)-len(trimmed))
	}
	return nil
}

// isText takes UTF-8 that is mostly printable: no zero byte, and at most one control
// character in sixteen.
func (d *Decoded) isText() bool {
	data := d.Data
	if d.Cut {
		data = wholeRunes(data)
	}
	if !utf8.Valid(data) {
		return d.decline("text", &notText{what: "not UTF-8 at byte %d", at: invalidAt(data)})
	}
	controls := 0
	for i, c := range data {
		switch {
		case c == 0:
			return d.decline("text", &notText{what: "a zero byte at byte %d", at: i})
		case c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f:
			controls++
		}
	}
	if controls > len(data)/16 {
		return d.decline("text", &notText{"%d of %d bytes are control characters", controls, len(data)})
	}
	return true
}

// invalidAt is where data stops being UTF-8.
func invalidAt(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// wholeRunes is data without a rune that its end cuts in two.
func wholeRunes(data []byte) []byte {
	for back := 1; back <= min(utf8.UTFMax, len(data)); back++ {
		if c := data[len(data)-back]; utf8.RuneStart(c) {
			if !utf8.FullRune(data[len(data)-back:]) {
				return data[:len(data)-back]
			}
			break
		}
	}
	return data
}
