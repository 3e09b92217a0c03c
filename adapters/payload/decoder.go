package payload

import (
	"bytes"

	// A strict tokeniser: what it takes is JSON, and it says where anything else
	// is not.
	"github.com/go-json-experiment/json/jsontext"
)

// decoder is a tokeniser with the buffer it reads from, for use again.
type decoder struct {
	jsontext.Decoder
	buffer bytes.Buffer
}

// decoderPool keeps a few decoders.
type decoderPool struct{ pool[*decoder] }

var decoders = decoderPool{make(pool[*decoder], 8)}

func (p decoderPool) get() *decoder {
	if d, ok := p.take(); ok {
		return d
	}
	return new(decoder)
}

// put gives d back, without what it read.
func (p decoderPool) put(d *decoder) {
	d.buffer = bytes.Buffer{}
	d.Reset(&d.buffer)
	p.pool.put(d)
}

// lenient takes members that are there twice; to look for them costs a third of the
// time.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true)}

func (d *decoder) reset(data []byte) {
	d.buffer = *bytes.NewBuffer(data)
	d.Reset(&d.buffer, lenient...)
}
