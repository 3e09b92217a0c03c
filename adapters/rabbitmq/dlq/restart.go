package dlq

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/wording"
)

// Right after the broker's start a quorum queue has no leader. It then says that it is
// empty, and a consumer waits, or is refused with an internal error that ends the
// connection. When it has one, it may count consumers that ended with the broker for a
// moment more.
const (
	// leaderLimit is how long a leader is waited for, deadLimit how long until consumers that
	// are dead are not counted any more, and queuePause how long until the next try.
	leaderLimit = 15 * time.Second
	deadLimit   = 2 * time.Second
	queuePause  = 200 * time.Millisecond

	// emptyTries is how often a queue that should not be empty must say that it is.
	emptyTries = 4
)

var (
	errNoLeader = fmt.Errorf("no leader: %w", adapters.ErrNotConnected)
	errCounted  = fmt.Errorf("counted as a consumer: %w", adapters.ErrBusy)
)

// passing marks an error that may pass by itself.
func (q *queueInfo) passing(doing string, err error) error {
	switch {
	case q.kind != amqp.QueueTypeQuorum:
		return err
	case errors.Is(err, connection.ErrInternal):
		return wording.Problem(doing, "the quorum queue has no leader, as for a moment after the broker's start", "try again, or look into the broker's log", errNoLeader)
	case errors.Is(err, adapters.ErrBusy):
		return busy(doing, errCounted)
	}
	return err
}

// awaitQueue begins something again while it fails with an error that may pass.
func awaitQueue[T any](ctx context.Context, begin func() (T, error)) (T, error) {
	for began := time.Now(); ; {
		begun, err := begin()
		limit := time.Duration(0)
		switch {
		case errors.Is(err, errNoLeader):
			limit = leaderLimit
		case errors.Is(err, errCounted):
			limit = deadLimit
		}
		if time.Since(began) >= limit || !pause(ctx, queuePause) {
			return begun, err
		}
	}
}

// depthUnderLeader is how many letters a queue holds that has said it is empty.
func depthUnderLeader(ctx context.Context, c *connection.Control, queue string) (depth int, err error) {
	for try := 1; try < emptyTries && depth == 0 && err == nil && pause(ctx, queuePause); try++ {
		depth, err = c.Depth(queue)
	}
	return depth, err
}

// pause is false if ctx ended before the time was over.
func pause(ctx context.Context, long time.Duration) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
