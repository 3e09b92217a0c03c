package demo

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	attempts     = 3                      // before an event is given up
	firstBackOff = 100 * time.Millisecond // doubled after each attempt
	inboxSize    = 64
	// settleTime bounds what a service that was told to stop still does about the
	// event in hand.
	settleTime = 3 * time.Second
)

// errCrash ends a service's life at the point where a crash was to happen.
var errCrash = errors.New("the service has crashed")

// service is one member of the system. The upper fields define it, the lower ones
// belong to the goroutine that runs it.
type service struct {
	name      string
	reactions []reaction
	produce   *production // nil for a service that only reacts
	home      string      // where its own events go; empty if it has none
	forgetful bool        // does not pass the correlation headers on
	spring    bool        // its dead letters on Kafka look as Spring Kafka writes them
	faults    []Kind      // what can go wrong, beside what kinds adds

	system    *System
	memory    memory    // what its database would hold: it outlives a crash
	produced  int       // how many things it has begun by itself
	unsent    []message // of these, what the broker has not confirmed yet
	slowUntil time.Time
}

// reaction is what a service does about one type of event.
type reaction struct {
	destination string
	eventType   string
	least, most time.Duration                          // how long it takes
	react       func(s *service, cause *event) []event // nil: it only takes note
}

// production is what a service begins by itself.
type production struct {
	make func(s *service, number int) []event
	each int // one for so many orders
}

// chance draws for this service.
func (s *service) chance(about ...string) *rand.Rand {
	return chance(s.system.seed, append([]string{s.name}, about...)...)
}

// run lives, dies and rises until ctx ends.
func (s *service) run(ctx context.Context) {
	for life := 0; ctx.Err() == nil; life++ {
		began := time.Now()
		err := s.live(ctx)
		if ctx.Err() != nil {
			return
		}
		absent := between(s.chance("absent", number(life)), leastAbsent, mostAbsent)
		if !errors.Is(err, errCrash) {
			s.system.log.Warn("a service of the demonstration lost its broker and will try again", "service", s.name, "after", time.Since(began), "error", err)
		}
		pause(ctx, absent)
		s.system.stats.count(func(all *Stats) { all.Restarts++ })
	}
}

// live connects, works, and gives everything back.
func (s *service) live(ctx context.Context) error {
	links, err := s.system.connect(ctx, s)
	if err != nil {
		return err
	}
	defer links.close()
	ctx, stop := context.WithCancel(ctx)
	inbox := make(chan delivery, inboxSize)
	lost := make(chan error, len(links.all))
	var receivers sync.WaitGroup
	defer receivers.Wait()
	defer stop()
	for _, link := range links.all {
		receivers.Go(func() {
			if err := link.receive(ctx, inbox); err != nil {
				lost <- err
			}
		})
	}
	return s.work(ctx, links, inbox, lost)
}

// work handles one thing after the other until ctx ends or something breaks.
func (s *service) work(ctx context.Context, links *links, inbox <-chan delivery, lost <-chan error) error {
	begin := time.NewTimer(0)
	defer begin.Stop()
	if s.produce == nil {
		begin.Stop()
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err = <-lost:
		case d := <-inbox:
			err = s.take(ctx, links, &d)
		case <-begin.C:
			err = s.begin(ctx, links)
			begin.Reset(s.untilNext())
		}
		if err != nil {
			return err
		}
	}
}

// begin starts the next thing that comes from outside: an order, a sign-up. What a
// lost connection left unsent goes first.
func (s *service) begin(ctx context.Context, links *links) error {
	if len(s.unsent) == 0 {
		events := s.produce.make(s, s.system.first+s.produced)
		s.produced++
		for i := range events {
			s.unsent = append(s.unsent, s.write(&events[i])...)
		}
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	err := s.publish(ctx, links, s.unsent)
	if err == nil {
		s.unsent = nil
	}
	return err
}

// untilNext is the time to the next begin: irregular, as people are.
func (s *service) untilNext() time.Duration {
	mean := float64(time.Second) / s.system.rate * float64(s.produce.each)
	return time.Duration(mean * (0.4 + 1.2*s.chance("interval", number(s.produced)).Float64()))
}

// take handles a delivery once, however often it comes, and settles it.
func (s *service) take(ctx context.Context, links *links, d *delivery) error {
	identify(&d.message)
	reaction := s.reactionTo(&d.message)
	if reaction == nil {
		return d.ack()
	}
	known := s.memory.recall(d.id)
	if known != nil && known.done {
		s.system.stats.count(func(all *Stats) { all.Duplicates++ })
		return d.ack()
	}
	if !s.understand(ctx, &d.message) {
		return ctx.Err()
	}
	if err := s.spend(ctx, d, reaction); err != nil {
		return err
	}
	first := known == nil
	if first {
		messages, failed := s.attempt(ctx, d, reaction)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if failed != nil {
			return s.giveUp(ctx, d, failed)
		}
		known = s.memory.note(d.id, messages)
	}
	return s.settle(ctx, links, d, known, first && s.struck(Crash, d.id))
}

// giveUp makes d a dead letter.
func (s *service) giveUp(ctx context.Context, d *delivery, failed *failure) error {
	ctx, cancel := settling(ctx)
	defer cancel()
	err := d.bury(ctx, death{service: s.name, failure: *failed, attempts: attempts, at: time.Now()})
	if err == nil {
		s.system.stats.count(func(all *Stats) { all.DeadLetters[d.destination]++ })
	}
	return err
}

// settle publishes what was decided about d, remembers that, and acknowledges d. A
// crash happens on either side of the publishing: then d is delivered again, and what
// it leads to is published at least once.
func (s *service) settle(ctx context.Context, links *links, d *delivery, known *outcome, crash bool) error {
	before := s.chance("crash point", d.id).IntN(2) == 0
	if crash && before {
		return errCrash
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	if err := s.publish(ctx, links, known.messages); err != nil {
		return err
	}
	if crash {
		return errCrash
	}
	known.done, known.messages = true, nil
	return d.ack()
}

// attempt decides about d, more than once if need be. A letter that somebody has
// replayed meets a service that has been mended meanwhile.
func (s *service) attempt(ctx context.Context, d *delivery, reaction *reaction) ([]message, *failure) {
	timedOut := !d.replayed && s.struck(Timeout, d.id)
	for attempt := 1; ; attempt++ {
		cause, err := decode(&d.message, d.replayed)
		failed, _ := err.(*failure)
		if failed == nil && timedOut {
			failed = &failure{"ProviderTimeout", "no answer within 5s from the provider of " + s.name}
		}
		if failed == nil {
			return s.react(reaction, &cause), nil
		}
		if attempt == attempts || !pause(ctx, firstBackOff<<(attempt-1)) {
			return nil, failed
		}
		s.system.stats.count(func(all *Stats) { all.Retries++ })
	}
}

func (s *service) react(reaction *reaction, cause *event) []message {
	messages := []message{}
	if reaction.react == nil {
		return messages
	}
	events := reaction.react(s, cause)
	for i := range events {
		messages = append(messages, s.write(&events[i])...)
	}
	return messages
}

// reactionTo returns what the service does about m, or nil if it is not concerned. A
// message that does not even say what it is concerns whoever reads its destination.
func (s *service) reactionTo(m *message) *reaction {
	for i := range s.reactions {
		r := &s.reactions[i]
		if r.destination == m.destination && (r.eventType == m.eventType || m.eventType == "") {
			return r
		}
	}
	return nil
}

// spend passes the time that the work takes. It counts from the arrival, so that many
// events can be in work at once, except while the service is slow.
func (s *service) spend(ctx context.Context, d *delivery, reaction *reaction) error {
	takes := between(s.chance("takes", d.id), reaction.least, reaction.most)
	rest := min(takes, time.Until(d.at.Add(takes)))
	now := time.Now()
	if s.struck(Slow, d.id) {
		s.slowUntil = now.Add(slowPeriod)
	}
	if now.Before(s.slowUntil) {
		rest = slowness
	}
	if !pause(ctx, rest) {
		return ctx.Err()
	}
	return nil
}

// pause waits for d, and says whether it was not interrupted.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// settling is a context for the last step of the work in hand: it is not cut short
// when the service is told to stop, but it does not last either.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTime)
}
