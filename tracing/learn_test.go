package tracing

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// know puts into words what the paths have learned.
func (x *index) know() string {
	var all []string
	add := func(n uint32, format string, args ...any) {
		if n > 0 {
			all = append(all, fmt.Sprintf(format, args...)+fmt.Sprint(" ", n))
		}
	}
	for start, p := range x.paths.ByStart {
		from := x.kinds.Text(start)
		add(p.Flows, "from %s", from)
		for i, kind := range p.Kinds {
			a := x.kinds.Text(kind)
			add(p.Ends[i], "from %s to %s", from, a)
			add(p.Delays[i].All, "from %s, %s after %v and %v,", from, a, p.Delays[i].Quantile(0.1), p.Delays[i].Quantile(0.9))
			for j, other := range p.Kinds {
				b := x.kinds.Text(other)
				add(p.Together[i][j], "from %s, %s with %s", from, a, b)
				add(p.After[i][j], "from %s, %s before %s", from, a, b)
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// TestWhatGoesOnIsLearnedAnew lets flows fall silent for long at any time. What is usual
// after all is what would have been learned from the whole flows at once.
func TestWhatGoesOnIsLearnedAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		often, once := New(Config{}).newIndex(), New(Config{}).newIndex()
		for i := range rapid.IntRange(1, 80).Draw(t, "events") {
			e := made{order: rapid.IntRange(0, 5).Draw(t, "order"), id: fmt.Sprint("e", i), kind: rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "kind")}
			e.flow, e.dialect = rapid.Bool().Draw(t, "flow"), uint16(rapid.IntRange(0, 1).Draw(t, "dialect"))
			e.entity = !e.flow || rapid.Bool().Draw(t, "entity")
			e.into(often, i)
			e.into(once, i)
			if rapid.Bool().Draw(t, "silence") {
				often.settleTo(often.log.end, 1000)
			}
		}
		for _, x := range []*index{often, once} {
			x.settled = 0
			x.settleTo(x.log.end, 1000)
		}
		if got, want := often.know(), once.know(); got != want {
			t.Fatalf("learned by and by:\n%s\nlearned at once:\n%s", got, want)
		}
	})
}

// The last events before a silence are learned from like all others, though no arrival
// comes after them.
func TestTheLastBeforeASilenceIsLearned(t *testing.T) {
	x := New(Config{Settle: 30 * time.Second}).newIndex()
	made{order: 1, flow: true, id: "e1", kind: "OrderPlaced"}.into(x, 1)
	x.arrived(noon)
	made{order: 1, flow: true, id: "e2", kind: "PaymentProcessed"}.into(x, 2)
	x.arrived(noon.Add(500 * time.Millisecond)) // within the second of the first
	for at := range 40 {
		x.tick(noon.Add(time.Duration(at) * time.Second))
		if early := at <= 30; early && x.know() != "" {
			t.Fatalf("learned after %d s of 30: %s", at, x.know())
		}
	}
	if know := x.know(); !strings.Contains(know, "from OrderPlaced to PaymentProcessed 1") {
		t.Errorf("learned %q", know)
	}
}
