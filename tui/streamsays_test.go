package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// singles are events of one order each, numbered.
func singles(t *testing.T, s *tuitest.System, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		put(t, s, s.Order(i, time.Now(), 1)...)
	}
}

// TestAPageOfTheStreamIsHalfTheScreen, both ways, through more than is at hand, and to both ends.
func TestAPageOfTheStreamIsHalfTheScreen(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		singles(t, s, 0, 400)
		screen := tuitest.Open(t, s.Options(), 100, 26) // 20 of them are events
		screen.Selects("ord-1399").Press("ctrl+u").Selects("ord-1389").Sees("‖ paused").Misses("new below").Press("ctrl+u").Selects("ord-1379")
		for n := 2; n < 35; n++ {
			screen.Press("pgup").Wait(100 * time.Millisecond).Selects(fmt.Sprintf("ord-%d", 1389-10*n))
		}
		screen.Press("ctrl+d").Wait(100*time.Millisecond).Selects("ord-1059").Press("pgdown", "k").Wait(100 * time.Millisecond).Selects("ord-1068")
		screen.Press("g").Wait(time.Second).Selects("ord-1000").Press("k", "ctrl+u").Selects("ord-1000").Press("G").Wait(time.Second).Sees("following").Selects("ord-1399").Press("j", "ctrl+d").Sees("following").Selects("ord-1399")
	})
}

// TestWhatComesBelowIsCounted while the stream is held, and all of it is there when one goes on.
func TestWhatComesBelowIsCounted(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		singles(t, s, 0, 5)
		screen := tuitest.Open(t, s.Options(), 100, 24).Sees("▸ following").Looks(theme.Good, "following").Press("p").Sees("‖ paused").Misses("new below").Looks(theme.Warn, "paused")
		singles(t, s, 5, 30)
		screen.Wait(time.Second).Selects("ord-1004").Sees("new below").Press("j").Selects("ord-1005").Press("p").Wait(time.Second).Sees("following").Selects("ord-1034").Misses("new below")
		screen.Press("k").Selects("ord-1033").Sees("‖ paused").Press("f").Sees("following").Selects("ord-1034")
	})
}

// TestTheColumnsOfTheStreamDoNotJump when a wide row leaves the screen, nor when a narrow one comes.
func TestTheColumnsOfTheStreamDoNotJump(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		long := odd(s, `{"a":1}`)
		long.Type, long.Service = "AnEventWithAVeryLongNameIndeed", "a-long-service"
		put(t, s, long)
		screen := tuitest.Open(t, s.Options(), 140, 24)
		singles(t, s, 0, 12)
		at := func() (kind, flow int) {
			line := screen.Wait(time.Second).Line("OrderPlaced")
			return strings.Index(line, "OrderPlaced"), strings.Index(line, "ord-10")
		}
		kind, flow := at()
		singles(t, s, 12, 60)
		if nowKind, nowFlow := at(); nowKind != kind || nowFlow != flow {
			t.Fatalf("the type was at %d and is at %d, the flow at %d and %d", kind, nowKind, flow, nowFlow)
		}
		screen.Misses("AnEventWith")
	})
}

// TestANarrowStreamLeavesOutWhatTellsLeast: the position first, then the value, then the service.
func TestANarrowStreamLeavesOutWhatTellsLeast(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 160, 24).Press("g")
		was := []bool{true, true, true}
		for width := 160; width >= 40; width -= 2 {
			line := screen.Resize(width, 24).Wait(100 * time.Millisecond).Selected()
			if !strings.Contains(line, "00:00:0") || !strings.Contains(line, "OrderP") {
				t.Fatalf("time or type has left at %d: %s", width, line)
			}
			has := []bool{strings.Contains(line, "orders/0@0"), strings.Contains(line, "{"), strings.Contains(line, " order ")}
			for i := range has {
				if has[i] && !was[i] || i > 0 && has[i-1] && !has[i] {
					t.Fatalf("at %d what had left is back, or left too early: %v, then %v\n%s", width, was, has, line)
				}
			}
			was = has
		}
		if was[0] || was[1] {
			t.Fatalf("nothing has left at 40: %v", was)
		}
	})
}

// TestAnEventOfAnotherDaySaysWhichDay, and of another year which year.
func TestAnEventOfAnotherDaySaysWhichDay(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		<-time.After(26 * time.Hour) // of virtual time
		for i, ago := range []time.Duration{time.Hour, 3 * time.Hour, 27 * time.Hour} {
			event := odd(s, `{"a":1}`)
			event.At, event.Flow, event.ID, event.Key = time.Now().Add(-ago), fmt.Sprint("odd-", i), fmt.Sprint(i), fmt.Sprint("key-", i)
			put(t, s, event)
		}
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("g").Selects("01:00:00.000", "key-0").Press("j").Selects("Jan 01 23:00", "key-1").SelectsNot("2000").Press("j").Selects("1999-12-31", "key-2")
		screen.Press("v").Wait(time.Second).Sees("1999-12-31 ", "written    1999-12-31 23:00:00.000 +00:00")
	})
}

// TestAnEmptyStreamSaysHowItsSourcesAre, and what would bring older events.
func TestAnEmptyStreamSaysHowItsSourcesAre(t *testing.T) {
	for connection, c := range map[adapters.Connection]struct {
		sees, misses string
		role         theme.Role
	}{
		adapters.Live:       {"● kafka live, 4 topics: waiting for a producer to write", "trying", theme.Good},
		adapters.Connecting: {"○ kafka connecting, 4 topics: trying", "kafka live", theme.Warn},
		adapters.Lost:       {"✗ kafka lost, 4 topics: trying", "4 topics: waiting", theme.Bad},
		adapters.CatchingUp: {"◐ kafka catching up, 4 topics", "4 topics:", theme.Warn},
		adapters.Failed:     {"✗ kafka failed, 4 topics", "4 topics:", theme.Bad},
	} {
		t.Run(connection.String(), func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				s.Kafka.Set(func(status *adapters.Status) { status.Connection = connection })
				options := s.Options()
				options.Empty = "--from 1h shows what was written before."
				screen := tuitest.Open(t, options, 120, 24).Sees("No events yet. Each event appears here as it is written.", c.sees, "rabbitmq live, 2 taps: waiting", options.Empty).Misses(c.misses).Looks(c.role, c.sees)
				screen.Filter("ord-1").Sees("No event matches the filter so far.", "esc clears it; / changes it.").Misses("No events yet", options.Empty).Press("esc").Wait(time.Second).Sees("No events yet")
				singles(t, s, 1, 1)
				screen.Wait(time.Second).Sees("ord-1001").Misses("No events yet", options.Empty)
			})
		})
	}
}

// TestALongTypeKeepsItsMark, since that tells more than its last letters.
func TestALongTypeKeepsItsMark(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		event := odd(s, `{"a":1,"reason":"no stock"}`)
		event.Type = strings.Repeat("Very", 12) + "LongTypeFailed"
		put(t, s, event)
		for _, width := range []int{160, 80, 40} {
			tuitest.Open(t, s.Options(), width, 24).Press("g").Selects("VeryVery", "… ✗").SelectsNot("TypeFailed")
		}
	})
}
