package files

import (
	"encoding/hex"
	"strings"

	"eventscope/adapters/pattern"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/schemas"
)

// Files are the schemas of all rules. The nil one has none.
type Files struct {
	assigned      [2]pattern.List[*schemas.Assigned] // of each part
	known         [2]pattern.Memory[*schemas.Assigned]
	byFingerprint map[uint64]*schemas.Schema
	byGUID        map[[16]byte]*schemas.Schema
}

// Read reads the files of all rules; the first that fits a destination counts. What is named for a
// GUID is of whatever destination. Alone says that
// there is no registry beside them.
func Read(rules []Rule, alone bool) (*Files, error) {
	f := &Files{byFingerprint: map[uint64]*schemas.Schema{}, byGUID: map[[16]byte]*schemas.Schema{}}
	for i := range rules {
		r := &rules[i]
		schema, err := r.read()
		if err != nil {
			return nil, r.wrong(err)
		}
		if reader, ok := schema.Reader.(*avro.Schema); ok {
			f.byFingerprint[reader.Fingerprint()] = schema
		}
		if guid, is := guidOf(r.Destination); is {
			f.byGUID[guid] = schema
			continue
		}
		if err := f.assigned[r.Part].Add(r.Destination, &schemas.Assigned{Schema: schema, Framing: r.Framing, Alone: alone}); err != nil {
			return nil, r.wrong(err)
		}
	}
	return f, nil
}

// Assigned implements [schemas.Assigner].
func (f *Files) Assigned(destination string, part schemas.Part) *schemas.Assigned {
	if f == nil {
		return nil
	}
	if known, ok := f.known[part].Get(destination); ok {
		return known
	}
	var first *schemas.Assigned
	if all := f.assigned[part].All(destination); len(all) > 0 {
		first = all[0]
	}
	return f.known[part].Put(destination, first)
}

// Fingerprinted is the schema of Avro with this fingerprint, or nil.
func (f *Files) Fingerprinted(fingerprint uint64) *schemas.Schema {
	if f == nil {
		return nil
	}
	return f.byFingerprint[fingerprint]
}

// Named is the schema that was named for a GUID, or nil.
func (f *Files) Named(guid [16]byte) *schemas.Schema {
	if f == nil {
		return nil
	}
	return f.byGUID[guid]
}

// guidOf is the GUID in whose place others have a destination, if it is one.
func guidOf(text string) (guid [16]byte, is bool) {
	digits := strings.ReplaceAll(text, "-", "")
	if len(text) != 36 || len(digits) != 32 {
		return guid, false
	}
	_, err := hex.Decode(guid[:], []byte(digits))
	return guid, err == nil
}
