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
)

// awake knows for how long this process did not run: somebody had stopped it (ctrl+z), or the machine
// slept. What was waited for meanwhile has come too late without anybody's fault.
type awake struct {
	last    atomic.Int64 // beat, by the wall clock, which goes on when others stand still
	longest atomic.Int64 // time between two
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
	if last := a.last.Swap(now.UnixNano()); last != 0 && now.UnixNano()-last > a.longest.Load() {
		a.longest.Store(now.UnixNano() - last)
	}
}

// explain adds to the error of a run that this process was stopped, if it was.
func (a *awake) explain(err error, now time.Time) error {
	away := time.Duration(max(a.longest.Load(), now.UnixNano()-a.last.Load()))
	if err == nil || away < asleepFor {
		return err
	}
	return fmt.Errorf("this process did not run for %s, since it was stopped (as by ctrl+z) or the machine slept, and found then: %w", figure.Span(away.Round(time.Second)), err)
}
