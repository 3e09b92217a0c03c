package dlq

import (
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// TestNoMoreIsTakenInAdvanceThanThePaceSettlesSoon, but for letters that have to be passed over.
func TestNoMoreIsTakenInAdvanceThanThePaceSettlesSoon(t *testing.T) {
	for _, c := range []struct {
		rate   float64
		partly bool
		want   int
	}{
		{0, false, takePrefetch}, {10.0 / 60, false, 5}, {5.0 / 3600, false, 1}, {1, false, 30}, {1e9, false, takePrefetch}, {10.0 / 60, true, takePrefetch},
	} {
		if got := prefetchFor(c.rate, c.partly); got != c.want {
			t.Errorf("at %v a second, of a part %v: %d, want %d", c.rate, c.partly, got, c.want)
		}
	}
}

// TestLettersAreOverdueByTheOldestThatIsHeld, sooner where giving back is free.
func TestLettersAreOverdueByTheOldestThatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			queueInfo queueInfo
			limit     time.Duration
		}{
			{queueInfo{kind: amqp.QueueTypeClassic}, holdLimit},
			{queueInfo{kind: amqp.QueueTypeQuorum}, holdQuorum},
			{queueInfo{kind: amqp.QueueTypeQuorum, timeout: time.Minute}, 30 * time.Second},
			{queueInfo{kind: amqp.QueueTypeClassic, timeout: 20 * time.Second}, 10 * time.Second},
		} {
			r := &redrive{info: c.queueInfo, letterConsumer: newLetterConsumer(nil, "q")}
			expect := func(want bool, when string) {
				t.Helper()
				if got := r.Overdue(); got != want {
					t.Errorf("%+v, %s: overdue %v", c.queueInfo, when, got)
				}
			}
			expect(false, "before anything was taken")
			r.letterConsumer.note(&amqp.Delivery{DeliveryTag: 1})
			time.Sleep(c.limit / 2)
			r.letterConsumer.note(&amqp.Delivery{DeliveryTag: 2})
			time.Sleep(c.limit/2 + time.Second)
			expect(true, "when the first is held for too long")
			r.letterConsumer.lowest = 2 // the first is settled
			expect(false, "when the second is held for half of it")
			time.Sleep(c.limit / 2)
			expect(true, "when the second is held for too long")
			r.letterConsumer.lowest = 3
			expect(false, "when nothing is held")
		}
	})
}
