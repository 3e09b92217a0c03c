package tui_test

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/tuitest"

	"pgregory.net/rapid"
)

// reader is an index that notes which messages are read of it, and can let them wait.
type reader struct {
	tracing.Querier
	mutex     sync.Mutex
	asked     []string // positions, in their order
	now, most int      // how many are read now, and were at most
	hold      chan struct{}
	deaf      bool // what waits does not hear that it is given up
}

// over makes it the index of a screen.
func (r *reader) over(options tui.Options) tui.Options {
	r.Querier, options.Querier = options.Querier, r
	return options
}

// reads are the positions that were read since the last call.
func (r *reader) reads() string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	all := strings.Join(r.asked, " ")
	r.asked = nil
	return all
}

// stop makes messages wait until they are given up, or the returned function is called.
func (r *reader) stop() (release func()) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	hold := make(chan struct{})
	r.hold = hold
	return func() {
		r.mutex.Lock()
		r.hold = nil
		r.mutex.Unlock()
		close(hold)
	}
}

func (r *reader) count(by int) (hold chan struct{}) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.now += by
	r.most = max(r.most, r.now)
	return r.hold
}

func (r *reader) Messages(ctx context.Context, events []tracing.Event) iter.Seq2[adapters.Message, error] {
	r.mutex.Lock()
	for _, e := range events {
		r.asked = append(r.asked, e.Position.String())
	}
	r.mutex.Unlock()
	hold := r.count(1)
	defer r.count(-1)
	if hold != nil && r.deaf {
		<-hold
	} else if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return func(yield func(adapters.Message, error) bool) { yield(adapters.Message{}, ctx.Err()) }
		}
	}
	return r.Querier.Messages(ctx, events)
}

// previewed tells a story of orders whose messages are counted when they are read.
func previewed(t *testing.T, width, height int, tell func(t *testing.T, s *tuitest.System, r *reader, screen *tuitest.Screen)) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 40 {
			put(t, s, tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: fmt.Sprintf("Type%03d", i), Service: "order", Flow: "one", ID: fmt.Sprint("id-", i), Value: fmt.Sprintf(`{"value":"of-%03d"}`, i)})
		}
		r := &reader{}
		tell(t, s, r, tuitest.Open(t, r.over(s.Options()), width, height))
	})
}

// TestThePreviewIsOfTheEventUnderTheCursor, which is read when the cursor rests and not on its way; tab takes
// it away, and nothing is read any more.
func TestThePreviewIsOfTheEventUnderTheCursor(t *testing.T) {
	for _, size := range [][2]int{{130, 24}, {90, 44}} {
		previewed(t, size[0], size[1], func(t *testing.T, s *tuitest.System, r *reader, screen *tuitest.Screen) {
			screen.Misses("of-039\"", "position   ").Press("tab").Sees("position   Kafka orders/0@39").Wait(time.Second).Sees(`value  "of-039"`)
			screen.Press("k", "k", "k", "k", "k").Selects("Type034").Sees("Kafka orders/0@34").Misses("of-039\"", "Kafka orders/0@39").Wait(time.Second).Sees(`value  "of-034"`)
			if got, want := r.reads(), "orders/0@39 orders/0@34"; got != want {
				t.Errorf("read were %s, want %s", got, want)
			}
			screen.Wait(time.Minute).Press("tab").Misses("position   ", `value  "`).Press("k", "k").Wait(time.Second)
			if got := r.reads(); got != "" {
				t.Errorf("%s was read for no preview", got)
			}
		})
	}
}

// TestAPreviewReadsOneMessageAtATime: what is no longer wanted is given up, and what is wanted last is read
// then; an answer that comes late is not that of another event.
func TestAPreviewReadsOneMessageAtATime(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		previewed(t, 130, 24, func(t *testing.T, s *tuitest.System, r *reader, screen *tuitest.Screen) {
			release := r.stop()
			r.deaf = deaf
			screen.Press("k", "tab").Wait(time.Second).Sees("reading orders/0@38 again from Kafka")
			for range 10 {
				screen.Press("k").Wait(300 * time.Millisecond)
			}
			if r.most != 1 {
				t.Errorf("%d messages were read at once", r.most)
			}
			release()
			screen.Wait(time.Second).Selects("Type028").Sees(`"of-028"`).Misses(`"of-038"`)
		})
	}
}

// TestAPreviewThatHasNoRoomSaysSo, and lists keep their room.
func TestAPreviewThatHasNoRoomSaysSo(t *testing.T) {
	previewed(t, 80, 24, func(t *testing.T, s *tuitest.System, r *reader, screen *tuitest.Screen) {
		screen.Press("tab").Sees("there is no room for a preview").Misses("position   ").Resize(130, 24).Press("esc", "tab").Wait(time.Second).Sees("position   ")
		screen.Resize(80, 24).Wait(time.Second).Misses("position   ").Press("k").Wait(time.Second)
		r.reads()
		if screen.Press("k").Wait(time.Second); r.reads() != "" {
			t.Error("messages are read that nobody sees")
		}
	})
}

// TestAFlowHasAPreviewInTheRoomThatItsEventsLeave, none in a row that is no event, and none where they leave
// none.
func TestAFlowHasAPreviewInTheRoomThatItsEventsLeave(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		trouble(t, s)
		screen := tuitest.Open(t, s.Options(), 80, 40).Press("enter").Wait(time.Second).Sees("position   ", `type  "`)
		screen.Press("G").Sees("no event in this row").Misses("position   ").Resize(80, 20).Wait(time.Second).Misses("no event in this row")
	})
	previewed(t, 160, 30, func(t *testing.T, s *tuitest.System, r *reader, screen *tuitest.Screen) {
		screen.Press("g", "enter").Wait(time.Second).Selects("Type000").Sees(`"of-000"`).Resize(80, 30).Wait(time.Second).Sees(`"of-000"`).Selects("Type000")
		screen.Press("G").Wait(time.Second).Selects("Type039").Sees(`"of-039"`).Resize(80, 24).Wait(time.Second).Misses(`"of-039"`).Selects("Type039")
	})
}

// TestAClickOnThePreviewSelectsNothing of the list.
func TestAClickOnThePreviewSelectsNothing(t *testing.T) {
	for _, size := range [][2]int{{130, 24}, {90, 44}} {
		previewed(t, size[0], size[1], func(t *testing.T, s *tuitest.System, r *reader, screen *tuitest.Screen) {
			screen.Press("k", "tab").Wait(time.Second).Click(size[0]-5, size[1]-6).Click(size[0]-5, size[1]-6).Selects("Type038").Misses("Flow one")
			screen.Click(10, 10).SelectsNot("Type038")
		})
	}
}

// large are values of two megabytes.
var large = map[string]string{"json": "[" + strings.Repeat(`{"a":1},`, 250_000) + "0]", "text": strings.Repeat("words and words ", 125_000), "binary": strings.Repeat("\x00\x01\xff", 700_000)}

// TestALargeValueIsReadOnceForItsPreview, however many frames are drawn of it.
func TestALargeValueIsReadOnceForItsPreview(t *testing.T) {
	for name, value := range large {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "Large", Flow: "one", ID: "1", Value: value})
				r := &reader{}
				screen := tuitest.Open(t, r.over(s.Options()), 150, 40).Press("tab").Wait(time.Second).Sees("more lines").Press("enter").Wait(time.Second)
				frames := screen.Frames()
				for range 20 {
					screen.Press("v")
				}
				if got := r.reads(); got != "orders/0@0 orders/0@0" || screen.Frames() < frames+20 { // on each of the two pages
					t.Errorf("read were %s for %d frames", got, screen.Frames()-frames)
				}
			})
		})
	}
}

// BenchmarkPreviewOfALargeValue is a frame beside two megabytes.
func BenchmarkPreviewOfALargeValue(b *testing.B) {
	for name, value := range large {
		b.Run(name, func(b *testing.B) {
			s := tuitest.Bench(b)
			if err := s.Put(b.Context(), tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "Large", Flow: "one", ID: "1", Value: value}); err != nil {
				b.Fatal(err)
			}
			driver := tuitest.Drive(tui.New(s.Options()), 150, 40)
			driver.Frame()
			driver.Press("p", "tab")
			driver.Frame()
			<-time.After(time.Second) // for so long the cursor rests there
			if driver.Press("k"); !strings.Contains(driver.Frame(), "more lines") {
				b.Fatal(tuitest.Grid(driver.Frame(), 150, 40))
			}
			b.ReportAllocs()
			for b.Loop() {
				driver.Press("k")
				driver.Frame()
			}
		})
	}
}

// TestNoKeyActsOnAnotherEventThanIsShown: whatever keys come, and whatever events, what is opened is the event
// under the cursor as it was drawn last, the preview is of that one, and the page of an event goes to the next
// one of the stream as it is filtered, to which the cursor goes along.
func TestNoKeyActsOnAnotherEventThanIsShown(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		a := &along{s: s}
		a.come(t, 60)
		a.Screen = tuitest.Open(t, s.Options(), 150, 24).Press("tab").Wait(time.Second)
		rapid.Check(withoutDeadline{t}, func(t *rapid.T) {
			for range rapid.IntRange(1, 12).Draw(t, "moves") {
				before, opened := a.at(t)
				key := rapid.SampledFrom(alongKeys).Draw(t, "key")
				switch {
				case key == "come" || key == "flood":
					a.come(t, map[string]int{"come": 1, "flood": 90}[key])
				case key == "wait":
					a.Wait(400 * time.Millisecond)
				case key == "filter" && !opened && !a.filtered:
					a.Filter("flow-3")
				case !slices.Contains([]string{"filter", "J", "K"}, key) || opened && key != "filter":
					a.Press(key)
				}
				now, opened := a.at(t)
				if want := a.want(key, before); opened && now != want {
					t.Fatalf("%s went from event %d to %d, want %d:\n%s", key, before, now, want, a.Text())
				}
			}
		})
	})
}

// TestThePreviewIsScrolledToItsEnd, which shows every line of the value and every fact, and back to what it was, on a stream
// and a flow, beside the list and below it. It begins anew with another event.
func TestThePreviewIsScrolledToItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		width, height int
		keys          []string
	}{"stream, beside": {160, 24, []string{"tab"}}, "stream, below": {90, 30, []string{"tab"}}, "flow, below": {90, 30, []string{"enter"}}, "flow, beside": {160, 16, []string{"enter"}}} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				var members []string
				for i := range 60 {
					members = append(members, fmt.Sprintf(`"m%02d":%d`, i, i))
				}
				value := "{" + strings.Join(members, ",") + "}"
				event := tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "flow-1", ID: "id-1", Value: value}
				other := event
				other.ID, other.Type = "id-2", "OrderPaid"
				put(t, s, event, other)
				screen := tuitest.Open(t, s.Options(), c.width, c.height).Wait(time.Second).Press("G").Press(c.keys...).Wait(time.Minute).Sees("m00  0", " more lines").Misses("m59  59")
				begin, seen := screen.Text(), screen.Text()
				for range 40 {
					seen += screen.Press("J").Wait(time.Second).Text()
				}
				screen.Sees("m59  59", "from line ", " of 61").Misses("m00  0", "more lines", "more fact")
				for _, word := range []string{"m01  1", "m17  17", "m30  30", "m44  44", "m58  58", "position", "event_type", "service", "json, "} {
					if !strings.Contains(seen, word) {
						t.Errorf("%s was not to be seen", word)
					}
				}
				for range 40 {
					screen.Press("K").Wait(time.Second)
				}
				if now := screen.Text(); now != begin {
					t.Errorf("it began as\n%s\nand is\n%s", begin, now)
				}
				screen.Press("J").Wait(time.Second).Misses("m00  0").Press("k", "j").Wait(2*time.Second).Sees("m00  0", " more lines")
			})
		})
	}
}

// along is a stream of numbered events, one of which is open or not.
type along struct {
	*tuitest.Screen
	s        *tuitest.System
	n        int  // how many events there are
	filtered bool // every seventh is listed
}

var alongKeys = []string{"j", "k", "k", "g", "G", "p", "ctrl+u", "ctrl+d", "J", "K", "J", "v", "v", "esc", "come", "flood", "wait", "filter"}

// come brings more events.
func (a *along) come(t rapid.TB, n int) {
	for range n {
		e := tuitest.Event{Source: a.s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: fmt.Sprint("flow-", a.n%7), ID: fmt.Sprint("id-", a.n), Value: fmt.Sprintf(`{"n":"of-%d"}`, a.n)} // no longer than a row of hexadecimal
		if err := a.s.Put(context.Background(), e); err != nil {
			t.Fatal(err)
		}
		a.n++
	}
}

// numbered is the number of an event, where it is not cut.
var numbered = regexp.MustCompile(`(?:orders/0@|of-)(\d+)(?:[^\d…]|$)`)

// at is the number of the event that is open or, on the stream, under the cursor; whatever else is shown of an
// event beside that is of the same one.
func (a *along) at(t rapid.TB) (at int, opened bool) {
	shown := a.Text()
	lines := strings.Split(shown, "\n")
	opened = strings.Contains(lines[1], "›")
	from, line := "│", a.Selected
	if opened {
		from, line = "", func() string { return lines[1] }
	} else {
		a.filtered = strings.Contains(shown, "/flow-3")
	}
	number := numbered.FindStringSubmatch(line())
	if number == nil {
		t.Fatalf("no event is shown:\n%s", shown)
	}
	for _, line := range lines {
		_, beside, _ := strings.Cut(line, from)
		for _, other := range numbered.FindAllStringSubmatch(beside, -1) {
			if other[1] != number[1] {
				t.Fatalf("the event is %s, and beside it is %s:\n%s", number[1], other[1], shown)
			}
		}
	}
	at, _ = strconv.Atoi(number[1])
	return at, opened
}

// want is the event that is open after a key.
func (a *along) want(key string, before int) int {
	by := map[string]int{"J": 1, "K": -1}[key]
	if a.filtered {
		by *= 7
	}
	if before+by < 0 || before+by >= a.n {
		return before
	}
	return before + by
}
