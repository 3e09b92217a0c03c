package tui_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tracing/versions"
	"eventscope/tui/tuitest"
)

// stalled is an index that can stop to answer, and fail.
type stalled struct {
	tracing.Querier
	mutex sync.Mutex
	hold  chan struct{}
	err   error
}

// stop makes it not answer until the returned function is called.
func (q *stalled) stop() (release func()) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	hold := make(chan struct{})
	q.hold = hold
	return func() {
		q.mutex.Lock()
		q.hold = nil
		q.mutex.Unlock()
		close(hold)
	}
}

// fail makes it answer with an error, or no longer.
func (q *stalled) fail(err error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.err = err
}

func (q *stalled) wait(ctx context.Context) error {
	q.mutex.Lock()
	hold, err := q.hold, q.err
	q.mutex.Unlock()
	if hold == nil {
		return err
	}
	select {
	case <-hold:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *stalled) Page(ctx context.Context, query tracing.PageQuery) (tracing.Page, error) {
	if err := q.wait(ctx); err != nil {
		return tracing.Page{}, err
	}
	return q.Querier.Page(ctx, query)
}

func (q *stalled) Flows(ctx context.Context, query tracing.FlowQuery) (tracing.FlowPage, error) {
	if err := q.wait(ctx); err != nil {
		return tracing.FlowPage{}, err
	}
	return q.Querier.Flows(ctx, query)
}

func (q *stalled) Flow(ctx context.Context, key tracing.FlowKey) (*tracing.Flow, error) {
	if err := q.wait(ctx); err != nil {
		return nil, err
	}
	return q.Querier.Flow(ctx, key)
}

func (q *stalled) Find(ctx context.Context, id string) ([]tracing.Match, error) {
	if err := q.wait(ctx); err != nil {
		return nil, err
	}
	return q.Querier.Find(ctx, id)
}

func (q *stalled) Locate(ctx context.Context, position adapters.Position) (tracing.Sequence, error) {
	if err := q.wait(ctx); err != nil {
		return 0, err
	}
	return q.Querier.Locate(ctx, position)
}

func (q *stalled) Messages(ctx context.Context, events []tracing.Event) iter.Seq2[adapters.Message, error] {
	if err := q.wait(ctx); err != nil {
		return func(yield func(adapters.Message, error) bool) { yield(adapters.Message{}, err) }
	}
	return q.Querier.Messages(ctx, events)
}

func (q *stalled) Traffic(ctx context.Context) (tracing.Traffic, error) {
	if err := q.wait(ctx); err != nil {
		return tracing.Traffic{}, err
	}
	return q.Querier.Traffic(ctx)
}

func (q *stalled) Versions(ctx context.Context) ([]versions.Seen, error) {
	if err := q.wait(ctx); err != nil {
		return nil, err
	}
	return q.Querier.Versions(ctx)
}

// waits are what each page waits for, and what it says when that does not come.
var waits = map[string]struct {
	keys, about string
	limit       time.Duration // after which it is given up
	gives       string        // what says so
	then, sees  string        // keys after which it is there again
}{
	"Flows":    {"2", "reading the flows", 5 * time.Second, "✗ no answer in time; it is asked again", "", "by activity"},
	"Flow":     {"enter", "reading the flow", 5 * time.Second, "Flow ord-1009: no answer in time; it is asked again", "", "5 events"},
	"Event":    {"v", "reading orders/0@0 again from Kafka", 15 * time.Second, "The value cannot be shown: no answer in time", "esc v", "line 1 of"},
	"Topology": {"5", "building the map", 30 * time.Second, "✗ no answer in time; it is asked again", "", "From writers"},
	"trace":    {": t r a c e space o r d - 1 0 0 1 enter", "looking for ord-1001", 5 * time.Second, "ord-1001: no answer in time", "esc", "paused"},
	"goto":     {": g o t o space o r d e r s / 0 @ 0 enter", "looking for orders/0@0", 5 * time.Second, "orders/0@0: no answer in time", "esc", "paused"},
	"match":    {"N", "looking for the next match", 5 * time.Second, "the next match: no answer in time", "esc N", "PaymentRefunded"},
}

// TestEveryWaitIsNamedAndGivenUp, says whether it goes on by itself, and is over when the answer
// comes; meanwhile keys go elsewhere, and the screen can be left.
func TestEveryWaitIsNamedAndGivenUp(t *testing.T) {
	for name, c := range waits {
		for _, way := range []string{"given up", "answered", "left", "quit"} {
			t.Run(name+" "+way, func(t *testing.T) {
				story(t, func(t *testing.T, s *tuitest.System) {
					put(t, s, s.Compensated(9, time.Now())...)
					put(t, s, s.Order(1, time.Now(), 5)[1:]...)
					put(t, s, s.Order(2, time.Now(), 5)...)
					options, index := s.Options(), &stalled{Querier: s.Store}
					options.Querier = index
					screen := tuitest.Open(t, options, 140, 24).Filter("PaymentRefunded").Press("esc").Wait(time.Second).Press("g").Wait(time.Second)
					release := index.stop()
					screen.Press(strings.Fields(c.keys)...)
					if name == "match" {
						screen.Press("G", "N")
					}
					screen.Wait(400*time.Millisecond).Sees(c.about).Misses("No flows yet", "Nothing is known", "not in the index")
					switch way {
					case "quit":
						if screen.Press("ctrl+c"); !screen.Ended() {
							t.Fatal("the screen waits for an answer before it ends")
						}
					case "left":
						screen.Press("esc", "esc", "6", "1", "?").Sees("Keys of Stream").Press("x", ":").Type("help").Press("enter").Sees("Keys of Stream")
					case "given up":
						screen.Wait(c.limit - 250*time.Millisecond).Sees(c.gives) // before it has waited again for long
						if !strings.Contains(c.gives, "again") {
							screen.Misses("asked again")
						}
						release()
						screen.Press(strings.Fields(c.then)...).Wait(3*time.Second).Misses("no answer in time", "✗ no").Sees(c.sees)
						return
					case "answered":
						release()
						screen.Wait(3*time.Second).Misses("no answer in time", "reading ", "looking for", "building the map")
						return
					}
					release()
				})
			})
		}
	}
}

// TestAnErrorOfTheIndexIsShownAndGoesAway on each page, with what was there before it.
func TestAnErrorOfTheIndexIsShownAndGoesAway(t *testing.T) {
	for page, c := range map[string]struct{ keys, stays string }{"Stream": {"", "OrderPlaced"}, "Flows": {"2", "ord-1001"}, "Flow": {"enter", "OrderPlaced"}, "Topology": {"5", "From writers"}} {
		t.Run(page, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, s.Order(1, time.Now(), 5)...)
				options, index := s.Options(), &stalled{Querier: s.Store}
				options.Querier = index
				screen := tuitest.Open(t, options, 140, 24).Press(strings.Fields(c.keys)...).Wait(3 * time.Second).Sees(c.stays)
				index.fail(errors.New("the index is \x1b[31mbusy"))
				put(t, s, s.Order(1, time.Now(), 5)[4:]...)
				screen.Wait(11*time.Second).Sees(`✗ the index is \x1b[31mbusy`, c.stays)
				index.fail(nil)
				put(t, s, s.Order(2, time.Now(), 5)...)
				screen.Wait(11 * time.Second).Misses("busy").Sees(c.stays)
			})
		})
	}
}

// slowStream is an index that takes a second for each part of the stream.
type slowStream struct{ tracing.Querier }

func (q slowStream) Page(ctx context.Context, query tracing.PageQuery) (tracing.Page, error) {
	select {
	case <-time.After(time.Second):
		return q.Querier.Page(ctx, query)
	case <-ctx.Done():
		return tracing.Page{}, ctx.Err()
	}
}

// TestTheNextMatchIsNotLostWhileTheStreamIsRead: the key does what it is listed for at any time.
func TestTheNextMatchIsNotLostWhileTheStreamIsRead(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Compensated(9, time.Now())...)
		put(t, s, s.Order(1, time.Now(), 5)...)
		options := s.Options()
		options.Querier = slowStream{s.Store}
		screen := tuitest.Open(t, options, 140, 24).Wait(5 * time.Second).Filter("PaymentRefunded").Wait(5 * time.Second).Press("esc").Wait(5 * time.Second)
		put(t, s, s.Order(2, time.Now(), 5)...)
		screen.Wait(500 * time.Millisecond).Press("N").Wait(10 * time.Second).Selects("PaymentRefunded").Press("n").Wait(5 * time.Second).Sees("no further match").Selects("PaymentRefunded")
	})
}

// TestKeysThatComeBeforeTheStreamIsReadStand: the cursor is where they have put it.
func TestKeysThatComeBeforeTheStreamIsReadStand(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 60 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		options := s.Options()
		options.Querier = slowStream{s.Store}
		screen := tuitest.Open(t, options, 120, 20).Wait(5 * time.Second).Selects("ord-1059")
		for range 45 {
			screen.Rush("k", "k")
		}
		at := screen.Selected()
		if now := screen.Wait(10 * time.Second).Selected(); now != at {
			t.Fatalf("the cursor was on\n%s\nand is on\n%s", at, now)
		}
		screen.Rush("g", "j").Wait(10 * time.Second).Selects("ord-1000").Rush("G").Wait(10 * time.Second).Sees("following").Selects("ord-1059")
	})
}

// TestRowsDoNotStandUnderAFilterThatTheyMayNotMatch while the index has not said which do: not
// those of before, nor those of an answer to what was asked before.
func TestRowsDoNotStandUnderAFilterThatTheyMayNotMatch(t *testing.T) {
	for name, c := range map[string]struct{ page, row, ask, sees, back, again string }{
		"stream":         {"1", "OrderPlaced", "/ P a y m e n t F a i l e d enter", "reading the stream", "esc", "OrderPlaced"},
		"flows":          {"2", "ord-1001", "/ p a y m e n t s . n o b o d y enter", "reading the flows", "esc", "ord-1001"},
		"flows, trouble": {"2", "ord-1001", "!", "reading the flows", "!", "ord-1001"},
		"flows, its end": {"2", "ord-1001", "!", "reading the flows", "esc", "ord-1001"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, s.Order(1, time.Now(), 5)...)
				options, index := s.Options(), &stalled{Querier: s.Store}
				options.Querier = index
				screen := tuitest.Open(t, options, 120, 24).Press(c.page).Wait(time.Second).Sees(c.row)
				release := index.stop()
				screen.Press(strings.Fields(c.ask)...).Wait(400 * time.Millisecond).Misses(c.row).Sees(c.sees)
				screen.Press("j", "k", "G", "enter").Misses(c.row)
				release()
				screen.Wait(time.Second).Misses(c.row, c.sees)
				screen.Press(strings.Fields(c.back)...).Wait(time.Second).Sees(c.again)
			})
		})
	}
}

// TestALateAnswerIsNotTakenForThatOfAnotherQuestion: whoever asks for all flows while those in
// trouble are asked for is not told that there are none.
func TestALateAnswerIsNotTakenForThatOfAnotherQuestion(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		put(t, s, s.Order(2, time.Now(), 5)...)
		options, index := s.Options(), &stalled{Querier: s.Store}
		options.Querier = index
		screen := tuitest.Open(t, options, 120, 24).Press("2", "!").Wait(time.Second).Sees("No flow is failed")
		release := index.stop()
		put(t, s, s.Order(3, time.Now(), 5)...)
		screen.Wait(1500 * time.Millisecond).Press("!")
		release()
		release = index.stop()
		screen.Wait(700*time.Millisecond).Misses("No flows yet", "0 of 3")
		release()
		screen.Wait(time.Second).Sees("ord-1001", "3 of 3")
	})
}
