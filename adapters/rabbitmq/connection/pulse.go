package connection

import (
	"net"
	"sync"
	"time"
)

// pulse is when the other side of a connection was heard. It speaks at least every second, if
// only by a heartbeat.
//
// When this process stood still, as it does while a laptop sleeps, it first reads what had lain
// in a buffer, from before. So what is heard after a silence counts only if the connection lives on.
type pulse struct {
	mu    sync.Mutex
	last  time.Time // something was read
	quiet time.Time // the last time before the latest silence, or zero
	woken time.Time // the first time after it
}

// beat notes that something was read.
func (p *pulse) beat(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.last.IsZero() && elapsed(p.last, now) > silenceLimit {
		p.quiet, p.woken = p.last, now
	}
	p.last = now
}

// lost is since when nothing was heard on a connection that is lost now, by the clock on the
// wall alone.
func (p *pulse) lost(now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.last
	if !p.quiet.IsZero() && elapsed(p.woken, now) <= silenceLimit {
		last = p.quiet
	}
	if last.IsZero() {
		last = now
	}
	return now.Round(0).Add(-elapsed(last, now))
}

// elapsed is the time between two moments. One clock stands still while the machine sleeps, and
// the other may be set back, so it is the longer of the two.
func elapsed(from, to time.Time) time.Duration {
	return max(0, to.Sub(from), to.Round(0).Sub(from.Round(0)))
}

// listener is a connection of which is noted when it is heard.
type listener struct {
	net.Conn
	pulse *pulse
}

// Read implements [net.Conn].
func (l listener) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.pulse.beat(time.Now())
	}
	return n, err
}
