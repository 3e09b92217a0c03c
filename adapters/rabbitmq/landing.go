package rabbitmq

import (
	"context"
	"errors"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// landing tells whether what is sent to an exchange lands in more than taps. It belongs to
// a sender.
//
// The broker returns a mandatory message that no queue takes. But a tap's queue is one, be
// it of this or another eventscope: a copy that only a tap gets looks delivered, and its
// letter would be settled and lost. So the management API is asked where messages go. Where
// there is none, the broker is asked whether there are taps at all: a message is sent to what only
// taps are bound to, and comes back if there are none. What is sent to a queue alone, by
// the default exchange, needs no question.
type landing struct {
	adapter *Adapter
	asked   time.Time
	known   *catalog // nil without a management API
	refusal error    // of everything that is sent to an exchange
	sure    map[adapters.Target]bool
}

// landingAge is how long an answer is good for.
const landingAge = 2 * time.Second

// newLandingSender is a sender of what must land in a queue.
func (a *Adapter) newLandingSender(connection *amqp.Connection, wire *wire) (*sender, error) {
	s, err := newSender(&a.config, connection, wire)
	if err == nil {
		s.landing = &landing{adapter: a}
	}
	return s, err
}

// check says why a copy must not be sent, or that the broker's word can be taken for it.
func (l *landing) check(ctx context.Context, s *sender, o *outgoing) error {
	if l == nil || o.exchange == "" {
		return nil
	}
	if time.Since(l.asked) > landingAge {
		s.wire.release()
		l.ask(ctx, s)
		l.asked = time.Now()
	}
	target := o.target()
	if l.known == nil || l.sure[target] {
		return l.refusal
	}
	if r := l.known.route(o.exchange, routed{key: &o.key}); len(r.queues) > 0 || !r.tapped {
		l.sure[target] = true
		return nil
	}
	if r := l.known.route(o.exchange, routed{key: &o.key, headers: o.publishing.Headers}); len(r.queues) == 0 && r.tapped {
		return l.adapter.config.problem("send a copy to "+quoted(target.String()), "only a tap of eventscope is known to take it there",
			"check the name, or bind a queue", adapters.ErrUnroutable)
	}
	return nil
}

// ask asks anew. Where there is no answer, nothing is sent.
func (l *landing) ask(ctx context.Context, s *sender) {
	l.known, l.refusal, l.sure = nil, nil, map[adapters.Target]bool{}
	if m := l.adapter.management; m != nil {
		if known, err := m.catalog(ctx, true); err == nil {
			l.known = known
		} else {
			l.refusal = err
		}
		return
	}
	taps, err := l.taps(ctx, s)
	const remedy = "add management=http://HOST:15672, or name a queue"
	problem := func(cause, remedy string) error {
		return l.adapter.config.problem("tell whether a queue takes a copy", cause, remedy, adapters.ErrUnroutable)
	}
	switch {
	case errors.Is(err, adapters.ErrNotAuthorized):
		l.refusal = problem("a tap may be all that does, and the user may not publish to "+tapMark.exchange+" to find out", remedy)
	case err != nil:
		l.refusal = err
	case taps:
		l.refusal = problem("eventscope taps this virtual host, and a tap may be all that does", "close it, "+remedy)
	}
}

// taps says whether there are any, without a management API.
func (l *landing) taps(ctx context.Context, s *sender) (bool, error) {
	probe, err := newSender(&l.adapter.config, s.connection, s.wire)
	if err != nil {
		return false, err
	}
	defer func() { _ = probe.channel.Close() }()
	outcomes := []error{nil}
	err = probe.send(ctx, []outgoing{{exchange: tapMark.exchange, key: tapMark.key, publishing: amqp.Publishing{AppId: "eventscope"}}}, outcomes)
	switch {
	case errors.Is(outcomes[0], adapters.ErrUnroutable):
		return false, nil
	case err == nil:
		err = outcomes[0]
	}
	return true, err
}
