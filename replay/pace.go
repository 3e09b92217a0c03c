package replay

import (
	"cmp"
	"context"
	"time"

	"golang.org/x/time/rate" // the Go team's token bucket
)

// Pace says how fast a run goes.
type Pace struct {
	Rate   float64 `json:"rate,omitempty"`   // letters a second; 0 is as fast as the broker takes them
	Canary int     `json:"canary,omitempty"` // so many go first and alone; the rest follows when they are settled
	Window int     `json:"window,omitempty"` // the most letters on their way at once; 0 is [DefaultWindow]
}

// or is the pace with what it leaves open as another has it.
func (p Pace) or(before Pace) Pace {
	return Pace{Rate: cmp.Or(p.Rate, before.Rate), Canary: cmp.Or(p.Canary, before.Canary), Window: cmp.Or(p.Window, before.Window)}
}

// DefaultWindow is how many letters are on their way at once, and so how many may arrive
// twice on a broker without transactions when the process is killed.
const DefaultWindow = 500

// pacer keeps a worker to the pace of its run.
type pacer struct {
	Pace
	limiter *rate.Limiter // nil without a rate
	begun   bool          // something was sent: the canary, if there is one
}

func newPacer(pace Pace) pacer {
	p := pacer{Pace: pace}
	if pace.Rate > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(pace.Rate), max(1, pace.Window))
		p.limiter.AllowN(time.Now(), p.limiter.Burst()) // it begins empty, so that the rate holds from the start
	}
	return p
}

// most is how many letters to take next: the canary first; then a window, or what the
// rate allows in half a second.
func (p *pacer) most() int {
	most := p.Window
	if p.limiter != nil {
		most = min(most, max(1, int(p.Rate/2)))
	}
	if p.canary() {
		most = min(most, p.Canary)
	}
	return most
}

// canary reports whether the next window is the canary.
func (p *pacer) canary() bool { return p.Canary > 0 && !p.begun }

// wait waits until so many letters may go.
func (p *pacer) wait(ctx context.Context, letters int) error {
	if p.limiter == nil || letters == 0 {
		return nil
	}
	return p.limiter.WaitN(ctx, letters)
}

// untilNext is how long the next letters have to wait.
func (p *pacer) untilNext() time.Duration {
	if p.limiter == nil {
		return 0
	}
	reserved := p.limiter.ReserveN(time.Now(), p.most())
	defer reserved.Cancel()
	return reserved.Delay()
}
