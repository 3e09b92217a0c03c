package packed

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestTableAgreesWithAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table Table
		model := map[string]uint32{}
		texts := map[uint32]string{}
		find := func(text string) uint32 {
			return table.Find(Hash([]byte(text)), func(n uint32) bool { return texts[n] == text })
		}
		next := uint32(1)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				text := fmt.Sprint(rapid.IntRange(0, 500).Draw(t, "text"))
				if _, ok := model[text]; !ok {
					texts[next], model[text] = text, next
					table.Add(Hash([]byte(text)), next)
					next++
				}
			},
			"remove": func(t *rapid.T) {
				text := fmt.Sprint(rapid.IntRange(0, 500).Draw(t, "text"))
				table.Remove(Hash([]byte(text)), model[text])
				delete(model, text)
			},
			"": func(t *rapid.T) {
				for text, want := range model {
					if got := find(text); got != want || table.Guess(Hash([]byte(text))) != want {
						t.Fatalf("%s is %d, want %d", text, got, want)
					}
				}
				if table.Len() != len(model) {
					t.Fatalf("%d numbers are counted, %d are there", table.Len(), len(model))
				}
				if got := find("absent"); got != 0 {
					t.Fatalf("what is not there is %d", got)
				}
			},
		})
	})
}

func TestTextsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var kept IDTable
		model := map[Ref]string{}
		one := rapid.OneOf(rapid.StringMatching(`[^\x00-\x1f]*`), rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
			rapid.StringMatching(`[0-9a-f]{32}`), rapid.StringMatching(`[0-9A-F-]{36}`))
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if len(model) > 0 && rapid.Bool().Draw(t, "remove") {
				for r := range model {
					kept.Remove(r)
					delete(model, r)
					break
				}
				continue
			}
			text := one.Draw(t, "text")
			if len(text) > Longest {
				text = text[:Longest]
			}
			compact := Append(nil, []byte(text))
			r := kept.Add(compact)
			if r != 0 {
				model[r] = text
			}
			if !kept.Equal(r, compact) {
				t.Fatalf("%q does not equal itself", text)
			}
		}
		for r, want := range model {
			if got := kept.Text(r); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	})
}

func TestGoneRemembersNearlyAllAndTakesFewForGone(t *testing.T) {
	var g Gone
	g.Most = 256 << 10
	most := int(g.Most / goneParts * 8 / bitsPerID)
	id := func(i int) uint64 { return Hash(fmt.Appendf(nil, "flow-%d", i)) }
	const filled = 6
	for i := range filled * most {
		g.Add(id(i))
		g.Add(id(i))
	}
	for i := (filled - goneParts + 1) * most; i < filled*most; i++ {
		if !g.Has(id(i)) {
			t.Fatalf("flow %d of %d is forgotten", i, filled*most)
		}
	}
	wrong := 0
	for i := filled * most; i < 2*filled*most; i++ {
		if g.Has(id(i)) {
			wrong++
		}
	}
	if wrong > filled*most/200 || g.Bytes() > g.Most {
		t.Errorf("%d of %d new flows are taken for what is left of one; it takes %d bytes", wrong, filled*most, g.Bytes())
	}
}

// The length of a text takes one byte or two: texts on both sides of that come back, and leave
// room that others of their size take.
func TestTextsOfEveryLengthComeBackAndLeaveTheirRoom(t *testing.T) {
	var kept IDTable
	refs := make([]Ref, Longest+1)
	add := func() {
		for n := range refs {
			refs[n] = kept.Add(bytes.Repeat([]byte{byte(n)}, n))
		}
	}
	add()
	taken := kept.Bytes()
	for range 3 {
		for n, r := range refs {
			if got := kept.Compact(r); !bytes.Equal(got, bytes.Repeat([]byte{byte(n)}, n)) {
				t.Fatalf("of %d bytes %d came back", n, len(got))
			}
			kept.Remove(r)
		}
		add()
	}
	if kept.Bytes() != taken || kept.Freed() != 0 {
		t.Errorf("texts that took %d bytes take %d, of which %d are free", taken, kept.Bytes(), kept.Freed())
	}
}

// Whoever counts on what a table needs is not surprised by its growing.
func TestATableTakesWhatItNeeds(t *testing.T) {
	var table Table
	for i := uint32(1); i < 200_000; i++ {
		before := table.Needed()
		table.Add(Hash(binary.LittleEndian.AppendUint32(nil, i)), i)
		if now := table.Needed(); now < table.Bytes() || i > 50_000 && now > before+before/500 {
			t.Fatalf("with %d numbers it needs %d bytes after %d, and takes %d", i, now, before, table.Bytes())
		}
	}
}
