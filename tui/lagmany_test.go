package tui_test

import (
	"testing"
	"time"

	"eventscope/tui/tuitest"
)

// TestOfTenThousandConsumersTheWorstAreListed, and the page and the header say how many are not.
// Between two looks at all, the broker is asked about those on the screen alone.
func TestOfTenThousandConsumersTheWorstAreListed(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		all := groups("bill", 10_012)
		c := tuitest.NewConsumers(s.Kafka, all...)
		screen := tuitest.Open(t, c.Over(s.Options()), 150, 24).Press("3").Wait(3*time.Second).Sees("10,000 consumers by trouble  12 not listed", "lag 50,125,000 (every 15s), 12 not listed").Selects("bill-000", "10,012")
		if looks, asked := c.Peeks(); looks < 2 || len(asked) == 0 || len(asked) > 24 {
			t.Fatalf("in look %d the broker was asked about %d consumers", looks, len(asked))
		}
		screen.Press("G").Selects("bill-9999", " 13 ").Filter("bill-10005").Sees("No group has these words", "12 not listed").Press("esc", "g")
		c.Change(func([]*tuitest.Group) { all[10_005].Partitions[0].End = 90_000 })
		screen.Wait(20*time.Second).Sees("12 not listed").Selects("bill-10005", "90,000").Press("G").Selects("bill-9998", " 14 ").Press("enter").Wait(3*time.Second).Sees("lag 14", "topic-9998/0")
		screen.Resize(100, 24).Press("esc").Wait(time.Second).Sees("12 not listed", " +?")
	})
}
