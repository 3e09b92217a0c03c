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
		if err := st.take(s, &d); err != nil {
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
	if err := st.take(s, &again); err != nil || len(s.Messages) != 4 {
		t.Errorf("an offset came twice: %v, %v", offsets(s.Messages), err)
	}
	if err := st.take(s, &amqp.Delivery{}); !errors.Is(err, errNoOffset) {
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
