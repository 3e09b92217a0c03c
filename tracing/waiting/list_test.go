package waiting

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters/schemas"
)

// TestAListKeepsWhatItHasRoomFor: whatever is added, taken and put back, all that waits is there in
// the order in which it came, and everything else was taken or is counted as dropped.
func TestAListKeepsWhatItHasRoomFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 40).Draw(t, "most")
		l, next := New(most), uint64(0)
		added, taken, dropped := map[For]int{}, map[For]int{}, map[For]int{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			what := For{Ref: schemas.Ref{By: schemas.ByID, ID: uint64(rapid.IntRange(1, 400).Draw(t, "schema"))}}
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				some := l.Take(what, 3)
				if !slices.IsSorted(some) || len(some) > 3 {
					t.Fatal(some)
				}
				if rapid.Bool().Draw(t, "back") {
					l.Back(what, "d", some)
				} else {
					taken[what] += len(some)
				}
			case 1:
				for what, n := range l.Dropped() {
					dropped[what] += int(n)
				}
			default:
				next++
				l.Add(what, "d", next)
				added[what]++
			}
			waits := 0
			for _, w := range l.All() {
				waits += w.Events
			}
			if waits != l.Events() || waits > most {
				t.Fatalf("%d wait, %d are said, %d may", waits, l.Events(), most)
			}
		}
		for what, n := range l.Dropped() {
			dropped[what] += int(n)
		}
		for what, n := range added {
			rest := l.Take(what, most)
			if n != taken[what]+dropped[what]+len(rest) || !slices.IsSorted(rest) {
				t.Fatalf("of %d added %d were taken, %d dropped, and %v are left", n, taken[what], dropped[what], rest)
			}
		}
		if l.Events() != 0 || len(l.All()) != 0 || l.Bytes() != 0 {
			t.Fatalf("%d are left in %d bytes", l.Events(), l.Bytes())
		}
	})
}

// TestSchemasThatWaitAreBounded, too.
func TestSchemasThatWaitAreBounded(t *testing.T) {
	l := New(1 << 20)
	for i := range uint64(3 * mostSchemas) {
		l.Add(For{Ref: schemas.Ref{By: schemas.ByID, ID: i}}, "d", i+1)
	}
	if len(l.All()) != mostSchemas || len(l.Dropped()) != mostSchemas {
		t.Errorf("events wait for %d schemas", len(l.All()))
	}
}
