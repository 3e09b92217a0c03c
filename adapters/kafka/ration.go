package kafka

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd" // for its errors: franz-go unpacks with it
	"github.com/twmb/franz-go/pkg/kgo"
)

// rationed unpacks until it has given out enough. A few kilobytes of record batches can
// hold gigabytes, which must not be in memory at once.
type rationed struct {
	decoder kgo.Decompressor
	left    int
	enough  bool
}

var errRationed = errors.New("enough is unpacked for now")

// Decompress implements [kgo.Decompressor].
func (r *rationed) Decompress(packed []byte, codec kgo.CompressionCodecType) ([]byte, error) {
	if r.left <= 0 {
		r.enough = true
		return nil, errRationed
	}
	unpacked, err := r.decoder.Decompress(packed, codec)
	if codec != kgo.CodecNone {
		r.left -= len(unpacked)
	}
	return unpacked, err
}

// tooLarge says in words that a record batch is beyond the limit, if that is why it cannot
// be unpacked.
func (c *Config) tooLarge(err error) error {
	if large := (*kgo.ErrDecompressTooLarge)(nil); errors.As(err, &large) || errors.Is(err, kgo.ErrMaxDecompress) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return fmt.Errorf("a record batch may take %d MiB while it is unpacked, and this one takes more; a larger --memory allows more", c.batchBytes()>>20)
	}
	return err
}
