package page

import (
	"context"
	"time"

	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// Polled is a question that is asked again and again: its last answer stays, with the time from
// which it is, while the next one is waited for and when none comes. It belongs to the event loop.
type Polled[T any] struct {
	Question
	Last T // the last answer; zero until the first came
	// Alike reports whether two answers are shown alike, so that nothing is drawn for the second.
	Alike func(a, b T) bool

	asked   time.Time // when it was asked last
	took    time.Duration
	again   bool // it is due, however short a time ago it was asked
	changes int
}

// Took is how long the last answer took.
func (p *Polled[T]) Took() time.Duration { return p.took }

// Changes counts the answers that were not like the one before.
func (p *Polled[T]) Changes() int { return p.changes }

// Again makes the question due at once.
func (p *Polled[T]) Again() { p.again = true }

// Due reports whether to ask: nothing is waited for, and since it was asked last every has passed,
// and so long that the asking takes a small part of the time.
func (p *Polled[T]) Due(now time.Time, every time.Duration) bool {
	return !p.Busy && (p.again || now.Sub(p.asked) >= max(every, ListingShare*p.took))
}

// Poll asks, unless an answer is waited for. find works outside the event loop, on what it was given
// alone; then, unless it is nil, is called once its answer is the last one.
func (p *Polled[T]) Poll(s Screen, about text.Safe, limit time.Duration, find func(context.Context) (T, error), then func()) tea.Cmd {
	if p.Busy {
		return nil
	}
	p.asked, p.again = s.Now(), false
	return p.Ask(s, about, limit, func(ctx context.Context) (func(), error) {
		begun := time.Now()
		answer, err := find(ctx)
		took := time.Since(begun)
		return func() {
			p.took = took
			p.put(s, answer)
			if then != nil {
				then()
			}
		}, err
	})
}

// Part shows what is known of the answer that is waited for, until all of it has come.
func (p *Polled[T]) Part(s Screen, answer T) {
	if p.Busy {
		p.put(s, answer)
		p.answered = p.asked
	}
}

// put takes an answer. There is never a later one already, since nobody asks twice at a time.
func (p *Polled[T]) put(s Screen, answer T) {
	if !p.Known() || p.Alike == nil || !p.Alike(p.Last, answer) {
		p.changes++
		s.Redraw()
	}
	p.Last = answer
}
