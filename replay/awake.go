package replay

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"eventscope/adapters/figure"
)

const (
	// beatEvery is how often a run notes that it runs, and asleepFor how long it must not have
	// for that to be told: longer than a busy machine keeps anybody waiting.
	beatEvery = time.Second
	asleepFor = 5 * time.Second
	// asleepTold is for how long after that an error is told to have come of it.
	asleepTold = time.Minute
)

// awake knows for how long this process did not run: somebody had stopped it (ctrl+z), or the machine
// slept. What was waited for meanwhile has come too late without anybody's fault.
type awake struct {
	last  atomic.Int64 // beat, by the wall clock, which goes on when others stand still
	away  atomic.Int64 // the latest time between two in which it did not run
	awoke atomic.Int64 // when that ended
}

// watch beats until ctx ends.
func (a *awake) watch(ctx context.Context) {
	ticks := time.NewTicker(beatEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			a.beat(time.Now())
		}
	}
}

func (a *awake) beat(now time.Time) {
	if last := a.last.Swap(now.UnixNano()); last != 0 && now.UnixNano()-last >= int64(asleepFor) {
		a.away.Store(now.UnixNano() - last)
		a.awoke.Store(now.UnixNano())
	}
}

// explain adds to the error of a run that this process was stopped, if it was.
func (a *awake) explain(err error, now time.Time) error {
	away := time.Duration(now.UnixNano() - a.last.Load())
	if away < asleepFor && now.UnixNano()-a.awoke.Load() <= int64(asleepTold) {
		away = time.Duration(a.away.Load())
	}
	if err == nil || away < asleepFor {
		return err
	}
	return fmt.Errorf("this process did not run for %s (it was stopped, as by ctrl+z, the machine slept, or the clock was set), and found then: %w", figure.Span(away.Round(time.Second)), err)
}
