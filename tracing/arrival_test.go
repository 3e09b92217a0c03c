package tracing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// clocked runs a story on a clock of its own, with a store that knows what is usual: of
// these flows the last step comes after some 300 ms.
func clocked(t *testing.T, story func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := &bench{Store: New(Config{}), t: t, broker: memory{}, past: true}
		b.intake = b.Attach(Source{Name: "kafka", Fetch: b.broker})
		done := make(chan struct{})
		go func() { defer close(done); _ = b.Run(ctx) }()
		for n := range 20 {
			b.tell(order(n, fmt.Sprint("usual-", n), happy...)...)
		}
		if err := b.Settle(t.Context()); err != nil {
			t.Error(err)
		}
		b.past = false
		story(t, b)
		cancel()
		<-done
	})
}

// at moves a story so that its first event has that time.
func at(start time.Time, story []told) []told {
	moved := start.Sub(noon) - story[0].at
	for i := range story {
		story[i].at += moved
	}
	return story
}

// Messages without a time are as old as their arrival, and have no time for a reader.
func TestAnEventWithoutATimeIsAsOldAsItsArrival(t *testing.T) {
	clocked(t, func(t *testing.T, b *bench) {
		begun := time.Now()
		story := at(begun, order(1, "ord-1", happy[:3]...))
		messages := make([]adapters.Message, len(story))
		for i, each := range story {
			messages[i] = each.message()
			if i != 1 {
				messages[i].Time = []time.Time{{}, {}, time.Date(58879, 1, 1, 0, 0, 0, 0, time.UTC)}[i]
			}
		}
		if err := errors.Join(b.intake.Put(t.Context(), &adapters.Batch{Messages: messages}), b.Sync(t.Context())); err != nil {
			t.Fatal(err)
		}
		flow := b.flow("ord-1")
		if flow.Started.Before(begun) || flow.Last.After(time.Now().Add(time.Minute)) || flow.Status != Running {
			t.Errorf("from %v to %v it is %s", flow.Started, flow.Last, flow.Status)
		}
		for _, step := range flow.Steps {
			if step.Time.IsZero() != (step.Type != happy[1]) || step.Offset < -time.Minute || step.Offset > time.Minute || step.Marks&ClockSkew != 0 {
				t.Errorf("%s at %v, %v after the first, %v", step.Type, step.Time, step.Offset, step.Marks.Names())
			}
		}
	})
}

func TestAProducersClockMakesNoFlowLate(t *testing.T) {
	clocked(t, func(t *testing.T, b *bench) {
		for i, wrong := range []time.Duration{0, 2 * time.Second, 40 * time.Second, time.Hour, 400 * 24 * time.Hour, -time.Hour} {
			id := fmt.Sprint("ord-", i)
			b.tell(at(time.Now().Add(-wrong), order(100+i, id, happy[:2]...))...)
			if flow := b.flow(id); flow.Status != Running {
				t.Errorf("its producer's clock is %v behind, and what was placed this instant is %s", wrong, flow.Status)
			}
			time.Sleep(4 * time.Second)
			if flow := b.flow(id); flow.Status != Late {
				t.Errorf("its producer's clock is %v behind, and after 4 s of silence it is %s", wrong, flow.Status)
			}
			time.Sleep(time.Minute)
			if flow := b.flow(id); flow.Status != Stuck {
				t.Errorf("its producer's clock is %v behind, and after a minute of silence it is %s", wrong, flow.Status)
			}
		}
	})
}

func TestThePastIsJudgedAsSoonAsItWasRead(t *testing.T) {
	clocked(t, func(t *testing.T, b *bench) {
		b.past = true
		now := time.Now()
		b.put(at(now.Add(-45*time.Minute), order(100, "halted", happy[:2]...))...)
		b.put(at(now.Add(-45*time.Minute), order(101, "new", "ParcelSent", "ParcelArrived"))...)
		b.put(at(now.Add(-45*time.Minute), order(102, "whole", happy...))...)
		b.put(at(now.Add(time.Hour), order(103, "future", happy[:2]...))...) // its producer's clock is wrong
		for id, want := range map[string]Status{"halted": Unknown, "new": Unknown, "whole": Complete} {
			if flow := b.flow(id); flow.Status != want {
				t.Errorf("while the past is being read, %s is %s, want %s", id, flow.Status, want)
			}
		}
		time.Sleep(2 * time.Second)
		for id, want := range map[string]Status{"halted": Stuck, "new": Complete, "whole": Complete, "future": Running} {
			if flow := b.flow(id); flow.Status != want {
				t.Errorf("two seconds after it was read, %s is %s, want %s", id, flow.Status, want)
			}
		}
		time.Sleep(2 * time.Second)
		if flow := b.flow("future"); flow.Status != Late {
			t.Errorf("four seconds after it came, what its producer says is of the future is %s", flow.Status)
		}
	})
}

func TestThePastTeachesWhatIsUsualAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := &bench{Store: New(Config{}), t: t, broker: memory{}, past: true}
		b.intake = b.Attach(Source{Name: "kafka", Fetch: b.broker})
		done := make(chan struct{})
		go func() { defer close(done); _ = b.Run(ctx) }()
		long := time.Now().Add(-time.Hour)
		for n := range 20 {
			b.put(at(long, order(n, fmt.Sprint("usual-", n), happy...))...)
		}
		b.put(at(long, order(50, "halted", happy[:2]...))...)
		if flow := b.flow("halted"); flow.Status != Unknown {
			t.Errorf("while nothing is known of what is usual, it is %s", flow.Status)
		}
		time.Sleep(2 * time.Second)
		if flow := b.flow("halted"); flow.Status != Stuck {
			t.Errorf("two seconds after the past was read, it is %s", flow.Status)
		}
		cancel()
		<-done
	})
}

// TestWhenAnEventWasSeenIsNeverTooEarly keeps the list of arrivals short over days: what it
// says of any event is not before the truth, and follows the order of arrival.
func TestWhenAnEventWasSeenIsNeverTooEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := New(Config{}).newIndex()
		now, truth := noon, map[Sequence]time.Time{}
		steps := rapid.IntRange(1, 3*mostArrivals).Draw(t, "steps")
		gap := time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond
		for i := range steps {
			now = now.Add(gap)
			sequence := made{order: 1, id: fmt.Sprint("e", i), flow: true}.into(x, i)
			truth[sequence] = now
			x.arrived(now)
		}
		before := int64(0)
		for sequence := x.log.first; sequence < x.log.end; sequence++ {
			seen := x.seen(&member{sequence, x.log.at(sequence)})
			if seen < truth[sequence].UnixNano() || seen < before {
				t.Fatalf("%d came at %v, and is said to have been seen at %v", sequence, truth[sequence], time.Unix(0, seen))
			}
			before = seen
		}
		if len(x.arrivals) > mostArrivals {
			t.Fatalf("%d arrivals are kept", len(x.arrivals))
		}
	})
}

func TestARetryThatSucceededIsNoFailureEvenWhenAllNeedOne(t *testing.T) {
	retried := []string{"OrderPlaced"}
	for range 6 {
		retried = append(retried, "PaymentFailed")
	}
	retried = append(retried, "PaymentProcessed", "ShipmentPrepared")
	for name, known := range map[string]int{"nothing is known of what is usual": 0, "all of them are so": 30} {
		b := newBench(t, Config{})
		for n := range known {
			b.tell(order(n, fmt.Sprint("usual-", n), retried...)...)
		}
		if err := b.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.tell(order(100, "retried", retried...)...)
		if flow := b.flow("retried"); flow.Status != Complete || flow.FailedAt != "PaymentFailed" {
			t.Errorf("%s: %s, failed at %q", name, flow.Status, flow.FailedAt)
		}
		for story, want := range map[string]Status{
			"OrderPlaced PaymentFailed":                                  Failed,
			"OrderPlaced PaymentFailed InventoryReserved":                Failed, // another step
			"OrderPlaced InventoryFailed PaymentFailed PaymentProcessed": Failed, // one of two
			"OrderPlaced PaymentProcessed PaymentFailed":                 Failed,
			"OrderPlaced PaymentFailed PaymentReviewed":                  Failed,
		} {
			b.tell(order(200+len(story), story, strings.Fields(story)...)...)
			if flow := b.flow(story); flow.Status != want {
				t.Errorf("%s: %s is %s", name, story, flow.Status)
			}
		}
	}
}

func TestWhatWentWellForOneOrderMendsNoOther(t *testing.T) {
	b := newBench(t, Config{})
	step := func(offset int64, kind, order string) told {
		return told{destination: "d", offset: offset, at: time.Duration(offset) * time.Second, headers: []string{"event_type", kind, "correlation_id", "batch"}, value: fmt.Sprintf(`{"order_id":%q}`, order)}
	}
	b.tell(step(1, "OrderPlaced", "ord-1"), step(2, "OrderPlaced", "ord-2"), step(3, "PaymentFailed", "ord-1"), step(4, "PaymentProcessed", "ord-2"))
	if flow := b.flow("batch"); flow.Status != Failed {
		t.Errorf("the payment of another order went well, and the flow is %s", flow.Status)
	}
	b.tell(step(5, "PaymentProcessed", "ord-1"))
	if flow := b.flow("batch"); flow.Status != Complete {
		t.Errorf("its own payment went well, and the flow is %s", flow.Status)
	}
}

func TestFlowsOfThePastAreListedByTheirTime(t *testing.T) {
	b := newBench(t, Config{})
	for _, n := range []int{50, 1, 6, 30, 4, 99, 2} { // as partitions are read one after the other
		b.tell(order(n, fmt.Sprintf("ord-%02d", n), happy...)...)
	}
	var ids []string
	for _, flow := range b.flows() {
		ids = append(ids, flow.Entity)
	}
	if got := strings.Join(ids, " "); got != "ord-99 ord-50 ord-30 ord-06 ord-04 ord-02 ord-01" {
		t.Errorf("the last event first: %s", got)
	}
}
