package payload

import "eventscope/adapters"

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
	// Data is the value after decompression, at most as long as the limit given. It
	// shares memory with the message where nothing was decompressed.
	Data []byte
	// Size is the true size of the value as sent, in bytes.
	Size int
	// Cut says that Data is shorter than the value is.
	Cut bool
	// Compression is "gzip", "zstd", … or "".
	Compression string
	// Declined says why each decoder before the one that took it did not.
	Declined []Declined
}

// Declined is one decoder's reason.
type Declined struct{ Decoder, Why string }

// Decode makes the value of m readable, looking at no more than limit bytes after
// decompression (no bound when limit is 0 or less).
func Decode(m *adapters.Message, limit int) Decoded { return Decoded{} }

// AppendSummary appends one line that tells what the value says, at most width bytes
// long and never ending within a rune: for JSON its telling fields ("4 items, 129.90
// EUR" style: short scalars with their names), for text its beginning, for the rest what
// it is and its size. It is not yet safe to print.
func AppendSummary(dst []byte, value []byte, width int) []byte { return dst }
