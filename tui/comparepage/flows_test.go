package comparepage

import (
	"bytes"
	"testing"

	"eventscope/tracing/compare"
)

// What a page keeps of a pair holds nothing of what it does not keep, and leaves that as it was.
func TestWhatIsKeptOfAPairIsSmall(t *testing.T) {
	const fields, long = 1000, 2048
	of := func() (list []compare.Field) {
		for range fields {
			list = append(list, compare.Field{A: bytes.Repeat([]byte{'a'}, long), B: bytes.Repeat([]byte{'b'}, long)})
		}
		return list
	}
	whole := &compare.Result{Differs: of(), Varies: of(), More: 7}
	short := kept(whole)
	for name, list := range map[string][]compare.Field{"differ": short.Differs, "vary": short.Varies} {
		if len(list) != mostKept || cap(list) > 2*mostKept {
			t.Errorf("%d fields that %s are kept, with room for %d", len(list), name, cap(list))
		}
		for _, f := range list {
			if most := keptText + len("…"); len(f.A) > most || len(f.B) > most || cap(f.A) > 2*most || cap(f.B) > 2*most {
				t.Fatalf("%d and %d bytes are kept of a field that %s", cap(f.A), cap(f.B), name)
			}
		}
	}
	if short.More != 7+fields-mostKept {
		t.Errorf("%d more are told", short.More)
	}
	if len(whole.Differs[0].A) != long || len(whole.Varies[0].B) != long {
		t.Error("the whole result has changed")
	}
}
