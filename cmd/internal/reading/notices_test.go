package reading

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"eventscope/adapters"
)

func TestChanges(t *testing.T) {
	start := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	live := adapters.Status{Connection: adapters.Live, Since: start}
	lost := adapters.Status{Connection: adapters.Lost, Since: start, Err: errors.New("cannot reach kafka h:9092: connection refused")}
	gap := adapters.Gap{From: start, To: start.Add(8 * time.Second), Reason: "connection lost", Missed: -1}
	longer, counted := gap, gap
	longer.To = gap.To.Add(time.Second)
	counted.Missed = 1
	for _, c := range []struct {
		what        string
		before, now adapters.Status
		want        []string
	}{
		{"nothing", live, live, nil},
		{"start", adapters.Status{}, live, nil},
		{"lost", live, lost, []string{"k: cannot reach kafka h:9092: connection refused"}},
		{"still lost", lost, lost, nil},
		{"back", lost, adapters.Status{Connection: adapters.CatchingUp, Since: start.Add(8 * time.Second)}, []string{"k: connected again after 8 s"}},
		{"a problem", live, adapters.Status{Connection: adapters.Live, Problems: []string{"topic x is not allowed"}}, []string{"k: topic x is not allowed"}},
		{"a gap", live, adapters.Status{Connection: adapters.Live, Gaps: []adapters.Gap{gap}}, []string{"k: tap was away 8 s (connection lost), messages in between are not shown"}},
		{"a moment", live, adapters.Status{Connection: adapters.Live, Gaps: []adapters.Gap{{From: start, To: start, Reason: "topic x was made again", Missed: -1}}}, []string{"k: topic x was made again"}},
		{"a gap that grows", adapters.Status{Connection: adapters.Live, Gaps: []adapters.Gap{gap}}, adapters.Status{Connection: adapters.Live, Gaps: []adapters.Gap{longer}}, nil},
		{"one drop", live, adapters.Status{Connection: adapters.Live, Dropped: 1, Gaps: []adapters.Gap{counted}}, []string{"k: 1 message was dropped because it was not read fast enough"}},
		{"drops", adapters.Status{Dropped: 2}, adapters.Status{Dropped: 1502, DroppedUnknown: true}, []string{
			"k: 1,500 messages were dropped because they were not read fast enough",
			"k: messages were dropped because they were not read fast enough, and nobody knows how many"}},
	} {
		if diff := cmp.Diff(c.want, Changes("k", c.before, c.now)); diff != "" {
			t.Errorf("%s:\n%s", c.what, diff)
		}
	}
}
