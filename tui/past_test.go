package tui_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// past are events of one order each that were there before the reading began.
func past(t *testing.T, s *tuitest.System, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		for _, e := range s.Order(i, time.Now().Add(-time.Hour), 1) {
			e.Past = true
			put(t, s, e)
		}
	}
}

// TestALinePartsThePastFromWhatIsLive, and stays where it is while more comes. It is no event: the
// cursor goes over it, and a click on it does nothing.
func TestALinePartsThePastFromWhatIsLive(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		past(t, s, 0, 30)
		screen := tuitest.Open(t, s.Options(), 100, 24).Selects("ord-1029").Sees("─ live from here ─")
		if line := rowOf(screen, "live from here"); line != rowOf(screen, "ord-1029")+1 {
			t.Fatalf("the line is in row %d:\n%s", line, screen.Text())
		}
		singles(t, s, 30, 3)
		screen.Wait(time.Second).Selects("ord-1032")
		if line := rowOf(screen, "live from here"); line != rowOf(screen, "ord-1030")-1 || line != rowOf(screen, "ord-1029")+1 {
			t.Fatalf("the line is in row %d:\n%s", line, screen.Text())
		}
		screen.Press("k", "k").Selects("ord-1030").Press("k").Selects("ord-1029").Press("j").Selects("ord-1030")
		screen.Click(10, rowOf(screen, "live from here")).Selects("ord-1030").Click(10, rowOf(screen, "ord-1031")).Selects("ord-1031")
		screen.Click(10, rowOf(screen, "ord-1028")).Selects("ord-1028")
		screen.Press("g").Wait(time.Second).Selects("ord-1000").Misses("live from here").Press("G").Wait(time.Second).Selects("ord-1032").Sees("live from here")
		singles(t, s, 33, 40)
		screen.Wait(time.Second).Selects("ord-1072").Misses("live from here")
		screen.Filter("ord-1029 || ord-1040").Wait(time.Second).Misses("live from here")
	})
}

// TestNoLineWhereAllIsLive.
func TestNoLineWhereAllIsLive(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		singles(t, s, 0, 3)
		tuitest.Open(t, s.Options(), 100, 24).Selects("ord-1002").Misses("live from here")
	})
}

// TestTheLineFitsAnyScreen, at the foot of it and in the middle.
func TestTheLineFitsAnyScreen(t *testing.T) {
	for _, size := range [][2]int{{40, 8}, {80, 24}, {200, 50}} {
		story(t, func(t *testing.T, s *tuitest.System) {
			past(t, s, 0, 3)
			screen := tuitest.Open(t, s.Options(), size[0], size[1]).Sees("live from here").Selects("OrderP")
			singles(t, s, 3, 1)
			screen.Wait(time.Second).Sees("live from here").Selects("OrderP")
		})
	}
}

// TestAnEmptyStreamSaysThatItIsRead, and does not claim that nobody writes before it is.
func TestAnEmptyStreamSaysThatItIsRead(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		s.Kafka.Set(func(status *adapters.Status) { status.Past = true })
		screen := tuitest.Open(t, s.Options(), 100, 24).Sees("No events yet", "kafka live, 4 topics: reading what there is")
		s.Kafka.Set(func(status *adapters.Status) { status.Past = false })
		screen.Resize(101, 24).Sees("kafka live, 4 topics: waiting for a producer to write")
	})
}

// rowOf is the row of the screen with those words, or -1.
func rowOf(screen *tuitest.Screen, words string) int {
	for row, line := range strings.Split(screen.Text(), "\n") {
		if strings.Contains(line, words) {
			return row
		}
	}
	return -1
}
