package protobuf

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxIndexes is how deep the message of a value may lie in its file.
const maxIndexes = 32

// Framed finds which message of the file a value is, by what stands before it behind the id
// of its schema, and how many bytes that takes. It reads the indexes of Confluent's
// serialisers (a path in zig-zag numbers, of which the first is their count, and a single 0
// for the first message), those of older clients in plain numbers, and the name that
// Apicurio's write. It fails with a [*Misfit].
func (s *Schema) Framed(data []byte) (m *Message, size int, err error) {
	// A name is never mistaken: its length is there twice, and the file must have it.
	if name, size := ref(data); name != "" {
		if m := s.Message(name); m != nil {
			return m, size, nil
		}
	}
	path, size := indexes(data, true)
	if m := s.At(path...); m != nil {
		return m, size, nil
	}
	plain, plainSize := indexes(data, false)
	if m := s.At(plain...); m != nil {
		return m, plainSize, nil
	}
	if path == nil {
		return nil, 0, misfit(0, "it does not say which message of its schema it is")
	}
	return nil, 0, misfit(0, "there is no message %s in its schema", fmt.Sprint(path))
}

// indexes reads a path, or nil for what is none.
func indexes(data []byte, zigZag bool) (path []int, size int) {
	read := func() int64 {
		n, length := binary.Uvarint(data[size:])
		if length <= 0 || n > 1<<32 {
			return -1
		}
		size += length
		if zigZag {
			return protowire.DecodeZigZag(n)
		}
		return int64(n)
	}
	count := read()
	if count == 0 {
		return []int{0}, size
	}
	if count < 0 || count > maxIndexes {
		return nil, 0
	}
	for range count {
		i := read()
		if i < 0 {
			return nil, 0
		}
		path = append(path, int(i))
	}
	return path, size
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
