package protobuf

import (
	"encoding/binary"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"eventscope/adapters/payload/encoded"
)

// maxIndexes is how deep the message of a value may lie in its file.
const maxIndexes = 32

// Framed finds which message of the file a value is, by what stands before it behind the id
// of its schema, and how many bytes that takes. It reads the indexes of Confluent's
// serialisers (a path in zig-zag numbers, of which the first is their count, and a single 0
// for the first message), those of older clients in plain numbers, and the name that
// Apicurio's write. It fails with a [*encoded.Misfit].
func (s *Schema) Framed(data []byte) (m *Message, size int, err error) {
	// A name is never mistaken: its length is there twice, and the file must have it.
	if name, size := ref(data); name != "" {
		if m := s.Message(name); m != nil {
			return m, size, nil
		}
	}
	var path, plain [maxIndexes]int
	count, size := indexes(&path, data, true)
	if m := s.At(path[:count]...); m != nil {
		return m, size, nil
	}
	plainCount, plainSize := indexes(&plain, data, false)
	if m := s.At(plain[:plainCount]...); m != nil {
		return m, plainSize, nil
	}
	if count == 0 {
		return nil, 0, encoded.MisfitAt(0, "it does not say which message of its schema it is")
	}
	return nil, 0, encoded.MisfitAt(0, "its schema has no message at %v", describe(path[:count]))
}

// describe writes a path, apart from the values of the hot path.
func describe(path []int) string { return fmt.Sprint(slices.Clone(path)) }

// indexes reads a path, of no indexes where there is none.
func indexes(path *[maxIndexes]int, data []byte, zigZag bool) (count, size int) {
	most, size := index(data, 0, zigZag)
	if most == 0 {
		return 1, size // the first
	}
	if most < 0 || most > maxIndexes {
		return 0, 0
	}
	for count < most {
		if path[count], size = index(data, size, zigZag); path[count] < 0 {
			return 0, 0
		}
		count++
	}
	return count, size
}

// index reads one number of a path, or -1.
func index(data []byte, at int, zigZag bool) (i, behind int) {
	n, length := binary.Uvarint(data[at:])
	switch {
	case length <= 0 || n > 1<<32:
		return -1, at
	case zigZag:
		return int(protowire.DecodeZigZag(n)), at + length
	}
	return int(n), at + length
}

// ref reads Apicurio's message Ref, which has the name in its field 1, after its length.
func ref(data []byte) (name string, size int) {
	length, at := binary.Uvarint(data)
	if at <= 0 || length < 3 || length > uint64(len(data)-at) || data[at] != 1<<3|byte(sizedWire) {
		return "", 0
	}
	size = at + int(length)
	inner, n := binary.Uvarint(data[at+1 : size])
	if n <= 0 || inner != uint64(size-at-1-n) {
		return "", 0
	}
	return string(data[at+1+n : size]), size
}
