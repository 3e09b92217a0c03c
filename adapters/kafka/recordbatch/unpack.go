package recordbatch

import (
	"encoding/binary"

	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kgo"
)

// unpacker unpacks LZ4 right into the memory that the records will lie in. The client's own
// decoder reads it as a stream, through buffers of 12 MiB where a producer allows blocks of
// 4 MiB, and computes a checksum of what the checksum of the batch covers already. All
// else, and whatever is wrong or unusual, is left to that decoder.
type unpacker struct {
	kgo.Decompressor
	most int // bytes that a batch may unpack to
}

// NewDecoder is what a client unpacks with: it knows the pools, and unpacks a record batch to
// so many bytes at most.
func NewDecoder(client *kgo.Client, most int32) kgo.Decompressor {
	return unpacker{client.OptValue(kgo.WithDecompressor).(kgo.Decompressor), int(most)}
}

// Decompress implements [kgo.Decompressor].
func (u unpacker) Decompress(packed []byte, codec kgo.CompressionCodecType) ([]byte, error) {
	if codec == kgo.CodecLz4 {
		if unpacked, ok := unpackLZ4(unpackPool{}.GetDecompressBytes(packed, codec), packed, u.most); ok {
			return unpacked, nil
		}
	}
	return u.Decompressor.Decompress(packed, codec)
}

// What an LZ4 frame says of itself, as its format description has it.
const (
	lz4Magic           = 0x184D2204
	lz4Version         = 0b01 << 6
	lz4VersionMask     = 0b11 << 6
	lz4Independent     = 1 << 5 // blocks do not refer to those before
	lz4BlockChecksum   = 1 << 4
	lz4ContentSize     = 1 << 3
	lz4ContentChecksum = 1 << 2
	lz4Unusual         = 0b11 // a bit that is reserved, and one for a dictionary
	lz4Stored          = 1 << 31
	lz4Window          = 64 << 10
)

// unpackLZ4 unpacks one frame into dst, or into more memory if that is too small.
func unpackLZ4(dst, packed []byte, most int) ([]byte, bool) {
	const header = 4 + 1 + 1
	if len(packed) < header || binary.LittleEndian.Uint32(packed) != lz4Magic {
		return nil, false
	}
	flags, block := packed[4], 1<<(8+2*(packed[5]>>4&7)) // 64 KiB to 4 MiB, by the numbers 4 to 7
	if flags&lz4VersionMask != lz4Version || flags&lz4Unusual != 0 || block < lz4Window {
		return nil, false
	}
	packed = packed[header:]
	skip := 1 // the checksum of the header
	if flags&lz4ContentSize != 0 {
		skip += 8
	}
	trailer := 0
	if flags&lz4ContentChecksum != 0 {
		trailer = 4
	}
	out := dst[:0]
	for {
		if len(packed) < skip+4 {
			return nil, false
		}
		size := binary.LittleEndian.Uint32(packed[skip:])
		packed = packed[skip+4:]
		if size == 0 {
			return out, len(packed) == trailer && len(out) <= most
		}
		n := int(size &^ lz4Stored)
		if skip = 0; flags&lz4BlockChecksum != 0 {
			skip = 4
		}
		if n > len(packed) || n > block || len(out) > most {
			return nil, false
		}
		if size&lz4Stored != 0 {
			out = append(out, packed[:n]...)
		} else {
			var ok bool
			if out, ok = unpackBlock(out, packed[:n], block, flags&lz4Independent != 0); !ok {
				return nil, false
			}
		}
		packed = packed[n:]
	}
}

// unpackBlock appends what a block unpacks to, most bytes of it. How many they are it does
// not say, so if there is no room for them, it is tried again with more.
func unpackBlock(out, block []byte, most int, independent bool) ([]byte, bool) {
	var window []byte
	if !independent {
		window = out[max(0, len(out)-lz4Window):]
	}
	for {
		room := out[len(out):min(cap(out), len(out)+most)]
		if n, err := lz4.UncompressBlockWithDict(block, room, window); err == nil {
			return out[:len(out)+n], true
		}
		if len(room) == most {
			return nil, false
		}
		larger := make([]byte, len(out), len(out)+min(most, max(2*len(room), 4*len(block))))
		copy(larger, out)
		out = larger
		if window != nil {
			window = out[max(0, len(out)-lz4Window):]
		}
	}
}
