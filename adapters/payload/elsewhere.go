package payload

import (
	"encoding/binary"
	"errors"
	"fmt"

	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

// Schemas of registries that are not asked are read by files, which are named for their GUIDs or for
// the destination.
const (
	whyGlue  = "schemas of AWS Glue are read from files alone, as in schema=GUID:FILE"
	whyAzure = "schemas of Azure's registry are read from files alone, as in schema=GUID:FILE"
)

// mostInflated bounds what is behind a frame that says that it is compressed, in bytes: it is read for
// each message, and a few kilobytes may hold a gigabyte.
const mostInflated = 1 << 20

// ofElsewhere says that a frame names a schema of a registry that is not asked.
func (f *Frame) ofElsewhere() bool {
	return f.Ref.By == schemas.ByGlueVersion || f.Ref.By == schemas.ByAzureID
}

// behind is what stands behind a frame, decompressed.
func (f *Frame) behind(data []byte) ([]byte, error) {
	data = data[f.At:]
	if !f.Compressed {
		return data, nil
	}
	made, cut, err := codecOf("deflate", nil).decompress(data, mostInflated)
	switch {
	case err != nil:
		return nil, fmt.Errorf("it says that it is compressed: %w", err)
	case cut:
		return nil, fmt.Errorf("it is compressed, and holds more than %d MiB", mostInflated>>20)
	}
	return made, nil
}

// chooseElsewhere is [Reading.choose] for what stands behind such a frame: Glue has the number of the
// message before one of Protobuf (its ProtobufWireFormatDecoder), which the file was named with.
func (r *Reading) chooseElsewhere(f *Frame, data []byte) error {
	body, err := f.behind(data)
	if err != nil {
		return err
	}
	if _, ok := r.Schema.Reader.(*protobuf.Message); ok && f.Ref.By == schemas.ByGlueVersion {
		_, size := binary.Uvarint(body)
		if size <= 0 {
			return errors.New("it does not begin with the number of a message")
		}
		body = body[size:]
	}
	return r.choose(body)
}
