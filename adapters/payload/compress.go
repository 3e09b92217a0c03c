package payload

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	// Faster than the standard library's, and the only ones for zstd and framed
	// snappy; franz-go needs both modules for the same reason.
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"eventscope/adapters"
)

// MaxDecompressed bounds what a value without any other limit is decompressed to, in
// bytes: a few kilobytes can hold a terabyte, and what shows a value has it in memory
// more than once.
const MaxDecompressed = 32 << 20

// maxWindow bounds the memory that a zstd frame may ask for, in bytes; it is what the
// format's specification tells decoders to support (RFC 8878, section 3.1.1.1.2).
const maxWindow = 8 << 20

// codec is one compression.
type codec struct {
	name  string
	names []string // in content-encoding, lower case
	magic string   // how its data begins, or "" when that is not telling
	open  func() (io.Reader, func(io.Reader) error)
	pool  pool[*stream]
}

// stream is a decompressor with the source it reads, for use again.
type stream struct {
	source  bytes.Reader
	reader  io.Reader
	restart func(io.Reader) error
}

var codecs = []*codec{
	{name: "gzip", names: []string{"gzip", "x-gzip"}, magic: "\x1f\x8b\x08", open: openGzip},
	{name: "zstd", names: []string{"zstd"}, magic: "\x28\xb5\x2f\xfd", open: openZstd},
	{name: "lz4", names: []string{"lz4"}, magic: "\x04\x22\x4d\x18", open: openLZ4},
	{name: "snappy", names: []string{"snappy", "x-snappy-framed"}, magic: "\xff\x06\x00\x00sNaPpY", open: openSnappy},
	{name: "deflate", names: []string{"deflate", "zlib"}, open: openDeflate},
}

func init() {
	for _, c := range codecs {
		c.pool = make(pool[*stream], 4)
	}
}

// contentEncoding is what the message says of its value's compression.
func contentEncoding(m *adapters.Message) string {
	if m.Properties != nil && m.Properties.ContentEncoding != "" {
		return m.Properties.ContentEncoding
	}
	for i := range m.Headers {
		if h := &m.Headers[i]; strings.EqualFold(h.Name, "content-encoding") || strings.EqualFold(h.Name, "contentEncoding") {
			return string(h.Value[:min(len(h.Value), 64)])
		}
	}
	return ""
}

// Compressed reports whether the value of a message is compressed, as far as it says so or begins like
// that.
func Compressed(m *adapters.Message) bool { return codecOf(contentEncoding(m), m.Value) != nil }

// codecOf is the codec that a content-encoding names or that data begins like. Any
// other content-encoding, such as a character set, is no compression.
func codecOf(encoding string, data []byte) *codec {
	encoding = strings.ToLower(strings.TrimSpace(encoding))
	for _, c := range codecs {
		for _, name := range c.names {
			if encoding == name {
				return c
			}
		}
	}
	for _, c := range codecs {
		if c.magic != "" && strings.HasPrefix(string(data[:min(len(data), 16)]), c.magic) {
			return c
		}
	}
	return nil
}

// decompress gives at most limit bytes of what data holds, and whether there is more.
func (c *codec) decompress(data []byte, limit int) (out []byte, cut bool, err error) {
	if limit <= 0 || limit > MaxDecompressed {
		limit = MaxDecompressed
	}
	if c.name == "snappy" && !bytes.HasPrefix(data, []byte(c.magic)) {
		return snappyBlock(data, limit)
	}
	s, ok := c.pool.take()
	if !ok {
		s = new(stream)
		s.reader, s.restart = c.open()
	}
	defer func() {
		s.source.Reset(nil) // the value is borrowed
		c.pool.put(s)
	}()
	s.source.Reset(data)
	if err := s.restart(&s.source); err != nil {
		return nil, false, err
	}
	out, err = io.ReadAll(io.LimitReader(s.reader, int64(limit)+1))
	if err != nil {
		return nil, false, fmt.Errorf("%w after %d bytes", err, len(out))
	}
	if len(out) > limit {
		return out[:limit:limit], true, nil
	}
	return out, false, nil
}

// snappyBlock decodes snappy without frames, which says beforehand how long it is and
// cannot be decoded in part.
func snappyBlock(data []byte, limit int) ([]byte, bool, error) {
	size, err := s2.DecodedLen(data)
	if err != nil {
		return nil, false, err
	}
	if size > max(limit, 16<<20) {
		return nil, false, fmt.Errorf("it holds %d bytes, more than are shown", size)
	}
	out, err := s2.Decode(nil, data)
	if err != nil {
		return nil, false, err
	}
	if len(out) > limit {
		return out[:limit:limit], true, nil
	}
	return out, false, nil
}

func openGzip() (io.Reader, func(io.Reader) error) {
	r := new(gzip.Reader)
	return r, r.Reset
}

// openZstd makes a decoder that starts no goroutines, so that a pool may forget it.
func openZstd() (io.Reader, func(io.Reader) error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, func(io.Reader) error { return err }
	}
	return r, r.Reset
}

func openLZ4() (io.Reader, func(io.Reader) error) {
	r := lz4.NewReader(nil)
	return r, func(source io.Reader) error { r.Reset(source); return nil }
}

func openSnappy() (io.Reader, func(io.Reader) error) {
	r := s2.NewReader(nil)
	return r, func(source io.Reader) error { r.Reset(source); return nil }
}

// openDeflate reads what HTTP calls deflate, which is zlib, and bare deflate, which
// many send under that name (RFC 9110, section 8.4.1.2).
func openDeflate() (io.Reader, func(io.Reader) error) {
	r := new(deflateReader)
	return r, r.restart
}

type deflateReader struct{ io.Reader }

func (r *deflateReader) restart(source io.Reader) (err error) {
	buffered := bufio.NewReader(source)
	head, err := buffered.Peek(2)
	if err != nil {
		return err
	}
	if head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 { // RFC 1950, section 2.2
		r.Reader, err = zlib.NewReader(buffered)
		return err
	}
	r.Reader = flate.NewReader(buffered)
	return nil
}

// pool keeps a few values for use again, and forgets those it has no room for.
type pool[T any] chan T

func (p pool[T]) take() (value T, ok bool) {
	select {
	case value = <-p:
		return value, true
	default:
		return value, false
	}
}

func (p pool[T]) put(value T) {
	select {
	case p <- value:
	default:
	}
}
