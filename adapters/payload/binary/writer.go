package binary

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/payload/encoded"
)

// maxDepth is how deep values may be nested.
const maxDepth = 64

// writer writes JSON of at most so many bytes.
type writer struct {
	dst   []byte
	limit int
}

func newWriter(dst []byte, limit int) writer {
	if limit <= 0 {
		limit = math.MaxInt - len(dst)
	}
	return writer{dst, len(dst) + limit}
}

// done is the end of writing.
func (w *writer) done(err error) ([]byte, error) {
	if len(w.dst) > w.limit {
		return w.dst[:w.limit], encoded.ErrTooLong
	}
	return w.dst, err
}

// full says that there is enough.
func (w *writer) full() error {
	if len(w.dst) > w.limit {
		return encoded.ErrTooLong
	}
	return nil
}

func (w *writer) text(s []byte) {
	w.dst, _ = jsontext.AppendQuote(w.dst, s) // which replaces what is not UTF-8
}

func (w *writer) bytes(b []byte) {
	w.dst = append(base64.StdEncoding.AppendEncode(append(w.dst, '"'), b), '"')
}

func (w *writer) float(f float64, bits int) {
	switch {
	case math.IsNaN(f):
		w.dst = append(w.dst, `"NaN"`...)
	case math.IsInf(f, 0):
		w.dst = append(w.dst, `"`+strconv.FormatFloat(f, 'g', -1, bits)[:1]+`Infinity"`...)
	case f != 0 && (math.Abs(f) < 1e-6 || math.Abs(f) >= 1e21):
		w.dst = strconv.AppendFloat(w.dst, f, 'e', -1, bits)
	default:
		w.dst = strconv.AppendFloat(w.dst, f, 'f', -1, bits)
	}
}

func (w *writer) time(t time.Time) {
	w.dst = append(t.UTC().AppendFormat(append(w.dst, '"'), time.RFC3339Nano), '"')
}

// key writes the name of a member, of which value is the JSON.
func (w *writer) key(value []byte) {
	if len(value) > 0 && value[0] == '"' {
		w.dst = append(w.dst, value...)
	} else {
		w.text(value)
	}
	w.dst = append(w.dst, ':')
}
