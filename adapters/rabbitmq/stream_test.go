package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

func (b *testBroker) streamConfig(names ...string) Config {
	c := b.config()
	c.Streams = names
	return c
}

// scanAll scans and returns copies.
func scanAll(t testing.TB, a *Adapter, span adapters.Range) []adapters.Message {
	t.Helper()
	var got []adapters.Message
	err := a.Scan(t.Context(), span, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		for i := range batch.Messages {
			got = append(got, batch.Messages[i].Clone())
		}
		batch.Release()
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// timed makes messages whose timestamps are a minute apart, the last one now.
func timed(n int) (messages []amqp.Publishing, first time.Time) {
	first = time.Now().Truncate(time.Second).Add(time.Duration(1-n) * time.Minute)
	messages = bodies("message", n)
	for i := range messages {
		messages[i].Timestamp = first.Add(time.Duration(i) * time.Minute)
	}
	return messages, first
}

func offsetsOf(messages []adapters.Message) (list []int64) {
	for i := range messages {
		list = append(list, messages[i].Position.Offset)
	}
	return list
}

func TestStreamStarts(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		name := b.queue(t, "stream", nil)
		messages, first := timed(10)
		b.publish(t, "", name, messages...)
		minute := func(n int) time.Time { return first.Add(time.Duration(n) * time.Minute) }
		log := adapters.Log{Destination: name, Partition: adapters.NoPartition}
		a := open(t, b.streamConfig(name))
		for title, test := range map[string]struct {
			span adapters.Range
			want []int64
		}{
			"beginning":            {adapters.Range{From: adapters.Beginning}, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
			"end":                  {adapters.Range{From: adapters.End}, nil},
			"offset":               {adapters.Range{FromOffsets: map[adapters.Log]int64{log: 7}}, []int64{7, 8, 9}},
			"offset behind":        {adapters.Range{FromOffsets: map[adapters.Log]int64{log: 70}}, nil},
			"negative offset":      {adapters.Range{FromOffsets: map[adapters.Log]int64{log: -1}, Until: minute(1)}, []int64{0}},
			"time":                 {adapters.Range{From: adapters.At(minute(-60))}, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
			"until":                {adapters.Range{From: adapters.Beginning, Until: minute(2)}, []int64{0, 1}},
			"offset wins":          {adapters.Range{From: adapters.End, FromOffsets: map[adapters.Log]int64{log: 9}}, []int64{9}},
			"partitions of others": {adapters.Range{From: adapters.Beginning, Partitions: []int32{0}}, nil},
			"the stream's own":     {adapters.Range{From: adapters.Beginning, Partitions: []int32{adapters.NoPartition}, Until: minute(1)}, []int64{0}},
			"the future":           {adapters.Range{From: adapters.At(time.Now().Add(time.Hour))}, nil},
		} {
			t.Run(title, func(t *testing.T) {
				if got := offsetsOf(scanAll(t, a, test.span)); !slices.Equal(got, test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
			})
		}
		if n, err := a.Estimate(t.Context(), adapters.Range{From: adapters.Beginning}); n != 10 || err != nil {
			t.Errorf("estimate %d, %v, want 10", n, err)
		}
		tl := tailing(t, a, adapters.At(minute(-60)))
		if got := tl.take(t, 10); got[9].Position.String() != name+"@9" || !got[9].Time.Equal(minute(9)) || got[9].Properties.Queue != name {
			t.Errorf("the last one is %+v", got[9])
		}
		awaitStatus(t, a, func(s adapters.Status) bool { return s.Connection == adapters.Live && s.BehindBy == 0 })
	})
}

// TestStreamBehind: as long as the intake is blocked the adapter says how much lies
// before it, and afterwards that nothing does.
func TestStreamBehind(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		const published = 5000
		name := b.queue(t, "stream", nil)
		b.publish(t, "", name, bodies("message", published)...)
		a, release := open(t, b.streamConfig(name)), make(chan struct{})
		running(t, a, adapters.Beginning, adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
			select {
			case <-release:
				batch.Release()
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
		s := awaitStatus(t, a, func(s adapters.Status) bool { return s.Connection == adapters.CatchingUp })
		if s.BehindBy <= published/2 || s.BehindBy > published {
			t.Errorf("behind by %d of %d", s.BehindBy, published)
		}
		close(release)
		s = awaitStatus(t, a, func(s adapters.Status) bool { return s.Connection == adapters.Live && s.Messages == published })
		if s.BehindBy != 0 || len(s.Gaps) != 0 {
			t.Errorf("everything was read, but the status is %+v", s)
		}
	})
}

// TestRealQueueIsNoStream: naming a queue as a stream must not touch it.
func TestRealQueueIsNoStream(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for _, kind := range []string{"classic", "quorum"} {
			queue := b.queue(t, kind, nil)
			b.publish(t, "", queue, bodies("real", 3)...)
			if err := failure(t, b.streamConfig(queue)); !errors.Is(err, adapters.ErrUsage) {
				t.Errorf("%s: %v", kind, err)
			}
			untouched(t, b, queue, 3)
		}
	})
}

func TestQueueThatIsAStream(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		name := b.queue(t, "stream", nil)
		b.publish(t, "", name, bodies("message", 5)...)
		c := b.managed()
		c.Queues = []string{name}
		a := open(t, c)
		if got := scanAll(t, a, adapters.Range{From: adapters.Beginning}); len(got) != 5 || a.Source().Fetcher == nil {
			t.Errorf("got %d messages", len(got))
		}
	})
}

// TestFetchAfterRetention: positions that the stream has dropped are gone, those that
// it still has are not.
func TestFetchAfterRetention(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		name := b.queue(t, "stream", amqp.Table{"x-max-length-bytes": int64(20_000), "x-stream-max-segment-size-bytes": int64(10_000)})
		body := make([]byte, 1000)
		a := open(t, b.streamConfig(name))
		var kept []adapters.Message
		const lastGone, segments = 3, 500
		// Retention looks when a segment is full, beside what is published, and may miss a turn.
		for i := 0; i < 20 || i < segments && kept[0].Position.Offset <= lastGone; i++ {
			messages := make([]amqp.Publishing, 10)
			for j := range messages {
				messages[j].Body = append(fmt.Appendf(nil, "message %d ", i*10+j), body...)
			}
			b.publish(t, "", name, messages...)
			kept = scanAll(t, a, adapters.Range{From: adapters.Beginning})
		}
		at := func(offset int64) adapters.Position {
			return adapters.Position{Destination: name, Partition: adapters.NoPartition, Offset: offset}
		}
		last, first := kept[len(kept)-1], kept[0]
		wanted := []adapters.Position{last.Position, at(0), at(lastGone), first.Position, adapters.DigestPosition(name, 5)}
		values := []string{string(last.Value), "", "", string(first.Value), ""}
		kinds := []error{nil, adapters.ErrGone, adapters.ErrGone, nil, errors.ErrUnsupported}
		i := 0
		for m, err := range a.Fetch(t.Context(), wanted) {
			if !errors.Is(err, kinds[i]) {
				t.Errorf("%v: %v, want %v", wanted[i], err, kinds[i])
			}
			if string(m.Value) != values[i] {
				t.Errorf("%v: got %.20q, want %.20q", wanted[i], m.Value, values[i])
			}
			i++
		}
		if i != len(wanted) {
			t.Errorf("%d answers of %d", i, len(wanted))
		}
	})
}

// TestStreamMadeAgain: a stream that was deleted and made again is read from its beginning, with a gap
// that says so, whether its reader had come to the end or not.
func TestStreamMadeAgain(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		name := b.queue(t, "stream", nil)
		b.publish(t, "", name, bodies("old", 5)...)
		tl := tailing(t, open(t, b.streamConfig(name)), adapters.Beginning)
		tl.take(t, 5)
		for round := range 2 { // made again at once, and as long as the reader knows of
			if _, err := b.channel(t).QueueDelete(name, false, false, false); err != nil {
				t.Fatal(err)
			}
			if round == 1 {
				awaitStatus(t, tl.adapter, func(s adapters.Status) bool { return errors.Is(s.Err, adapters.ErrUnknownDestination) })
			}
			if _, err := b.channel(t).QueueDeclare(name, true, false, false, false, amqp.Table{amqp.QueueTypeArg: "stream"}); err != nil {
				t.Fatal(err)
			}
			const fewer = 2
			b.publish(t, "", name, bodies("new", fewer-round)...)
			if got := offsetsOf(tl.take(t, fewer-round)); got[0] != 0 {
				t.Errorf("made again it is read from %v on", got)
			}
			s := awaitStatus(t, tl.adapter, func(s adapters.Status) bool { return s.Connection == adapters.Live && s.BehindBy == 0 })
			if len(s.Gaps) != round+1 || !strings.Contains(s.Gaps[round].Reason, name+"\" ends before what was read of it") {
				t.Errorf("gaps %+v", s.Gaps)
			}
		}
	})
}

// TestTapsAndStreamsTogether: a stream's history is read beside taps that have none.
func TestTapsAndStreamsTogether(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		stream, exchange := b.queue(t, "stream", nil), b.exchange(t, "topic")
		b.publish(t, "", stream, bodies("old", 3)...)
		c := b.streamConfig(stream)
		c.Taps = []Tap{{Exchange: exchange}}
		tl := tailing(t, open(t, c), adapters.Beginning)
		b.publish(t, exchange, "k", bodies("tapped", 1)...)
		count := map[string]int{}
		for _, m := range tl.take(t, 4) {
			count[m.Position.Destination]++
		}
		if count[stream] != 3 || count[exchange] != 1 {
			t.Errorf("got %v", count)
		}
		if s := tl.adapter.Status(); s.Destinations != 2 {
			t.Errorf("destinations %d, want 2", s.Destinations)
		}
	})
}
