package recordbatch

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd" // for its errors: franz-go unpacks with it
	"github.com/twmb/franz-go/pkg/kgo"
)

// Ration unpacks until it has given out enough. A few kilobytes of record batches can
// hold gigabytes, which must not be in memory at once.
type Ration struct {
	Decoder kgo.Decompressor
	Left    int  // bytes that may still be unpacked
	Enough  bool // it has stopped, since nothing was left
}

var errRationed = errors.New("enough is unpacked for now")

// Decompress implements [kgo.Decompressor].
func (r *Ration) Decompress(packed []byte, codec kgo.CompressionCodecType) ([]byte, error) {
	if r.Left <= 0 {
		r.Enough = true
		return nil, errRationed
	}
	unpacked, err := r.Decoder.Decompress(packed, codec)
	if codec != kgo.CodecNone {
		r.Left -= len(unpacked)
	}
	return unpacked, err
}

// TooLarge says in words that a record batch is beyond the limit, in bytes, if that is why it
// cannot be unpacked.
func TooLarge(err error, limit int32) error {
	if large := (*kgo.ErrDecompressTooLarge)(nil); errors.As(err, &large) || errors.Is(err, kgo.ErrMaxDecompress) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return fmt.Errorf("a record batch may take %d MiB while it is unpacked, and this one takes more; a larger --memory allows more", limit>>20)
	}
	return err
}
