package stream

import (
	"errors"
	"slices"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/delivery"
)

// TestStreamTimesWithinAChunk: the broker finds chunks by time, not messages. What
// says itself that it is older is left out at the beginning, not later.
func TestStreamTimesWithinAChunk(t *testing.T) {
	since := time.Unix(1_700_000_000, 0)
	st := NewTail("s", adapters.At(since), nil, nil)
	s := new(delivery.Buffer)
	for i, at := range []time.Time{since.Add(-time.Hour), since.Add(-time.Second), since, since.Add(-time.Hour), {}, since.Add(time.Hour)} {
		d := amqp.Delivery{Timestamp: at, Headers: amqp.Table{delivery.OffsetHeader: int64(100 + i), "h": "v"}}
		if err := st.add(s, &d); err != nil {
			t.Fatal(err)
		}
	}
	if got := offsets(s.Messages); !slices.Equal(got, []int64{102, 103, 104, 105}) {
		t.Errorf("got %v", got)
	}
	if h := s.Messages[0].Headers; len(h) != 1 || h[0].Name != "h" {
		t.Errorf("headers %q: the offset is the position, not a header", h)
	}
	again := amqp.Delivery{Headers: amqp.Table{delivery.OffsetHeader: int64(104)}}
	if err := st.add(s, &again); err != nil || len(s.Messages) != 4 {
		t.Errorf("an offset came twice: %v, %v", offsets(s.Messages), err)
	}
	if err := st.add(s, &amqp.Delivery{}); !errors.Is(err, errNoOffset) {
		t.Errorf("a message of a queue: %v, want %v", err, errNoOffset)
	}
}

func TestNearRuns(t *testing.T) {
	for _, test := range []struct {
		offsets []int64
		want    [][]int64
	}{
		{nil, nil},
		{[]int64{5}, [][]int64{{5}}},
		{[]int64{0, 300, 601, 602}, [][]int64{{0, 300}, {601, 602}}},
	} {
		if got := nearRuns(test.offsets); !slices.EqualFunc(got, test.want, slices.Equal[[]int64]) {
			t.Errorf("%v: got %v, want %v", test.offsets, got, test.want)
		}
	}
}

func offsets(messages []adapters.Message) (list []int64) {
	for i := range messages {
		list = append(list, messages[i].Position.Offset)
	}
	return list
}

// TestAShorterStreamIsDoubtedAtFirst: a slow broker or a replica that is behind looks like a stream
// that was made again, until it goes on. What was decided stays so until the reader has begun.
func TestAShorterStreamIsDoubtedAtFirst(t *testing.T) {
	const limit = time.Minute
	st, now := NewTail("s", adapters.Beginning, nil, nil), time.Unix(1_700_000_000, 0)
	for _, after := range []time.Duration{0, time.Second, limit - 1} {
		if err := st.doubted(now.Add(after), limit); !errors.Is(err, adapters.ErrIncomplete) || adapters.IsPermanent(err) {
			t.Errorf("shorter for %v: %v", after, err)
		}
	}
	if err := st.doubted(now.Add(limit), limit); err != nil {
		t.Errorf("shorter for long: %v", err)
	}
	st.next.Store(7)
	st.delivered.Store(7)
	st.beginning.Store(true)
	if err := st.doubted(now, limit); err != nil || st.Behind() == 0 {
		t.Errorf("it was decided: %v, behind by %d", err, st.Behind())
	}
	st.end.Store(3)
	if st.beginAgain(); st.beginning.Load() || st.next.Load() != 0 || st.Behind() != 3 {
		t.Errorf("begun, it is at %d and behind by %d", st.next.Load(), st.Behind())
	}
}
