package rabbitmq

import (
	"context"
	"errors"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/wording"
)

// tapGuard tells whether what is sent to an exchange lands in more than taps. It belongs to
// a sender.
//
// The broker returns a mandatory message that no queue takes. But a tap's queue is one, be
// it of this or another eventscope: a copy that only a tap gets looks delivered, and its
// letter would be settled and lost. So the management API is asked where messages go. Without
// that API a probe tells whether there are taps at all: every tap binds its queue to one
// routing key that nothing else uses, so a mandatory message with that key comes back if there
// is no tap. A copy that is sent to a queue alone, by the default exchange, needs no question.
type tapGuard struct {
	adapter *Adapter
	asked   time.Time
	known   *routing.Catalog // nil without a management API
	refusal error            // of everything that is sent to an exchange
	sure    map[address]bool
}

// tapGuardAge is how long an answer is good for.
const tapGuardAge = 2 * time.Second

// newTapGuardSender is a sender of what must land in a queue, with a connection of its own.
func (a *Adapter) newTapGuardSender(ctx context.Context) (*sender, error) {
	l, err := a.broker.Dial(ctx)
	if err != nil {
		return nil, err
	}
	s, err := newSender(ctx, l)
	if err != nil {
		l.HangUp()
		return nil, err
	}
	s.tapGuard = &tapGuard{adapter: a}
	return s, nil
}

// check says why a copy must not be sent, or that the broker's word can be taken for it.
func (l *tapGuard) check(ctx context.Context, s *sender, o *outgoing) error {
	if l == nil || o.exchange == "" {
		return nil
	}
	if time.Since(l.asked) > tapGuardAge {
		s.conn.FlushWrites()
		l.ask(ctx, s)
		l.asked = time.Now()
	}
	target := o.address
	if l.known == nil || l.sure[target] {
		return l.refusal
	}
	if r := l.known.Route(o.exchange, routing.Message{Key: &o.key}); len(r.Queues) > 0 || !r.Tapped {
		l.sure[target] = true
		return nil
	}
	if r := l.known.Route(o.exchange, routing.Message{Key: &o.key, Headers: o.publishing.Headers}); len(r.Queues) == 0 && r.Tapped {
		return wording.Problem("send a copy to "+wording.Quoted(string(target.target())), "only a tap of eventscope is known to take it there",
			"check the name, or bind a queue", deadletter.ErrUnroutable)
	}
	return nil
}

// ask asks anew. Where there is no answer, nothing is sent.
func (l *tapGuard) ask(ctx context.Context, s *sender) {
	l.known, l.refusal, l.sure = nil, nil, map[address]bool{}
	if m := l.adapter.management; m != nil {
		if known, err := routing.Read(ctx, m, true); err == nil {
			l.known = known
		} else {
			l.refusal = err
		}
		return
	}
	taps, err := l.taps(ctx, s)
	const remedy = "add management=http://HOST:15672, or name a queue"
	problem := func(cause, remedy string) error {
		return wording.Problem("tell whether a queue takes a copy", cause, remedy, deadletter.ErrUnroutable)
	}
	switch {
	case errors.Is(err, adapters.ErrNotAuthorized):
		l.refusal = problem("a tap may be all that does, and the user may not publish to "+routing.TapMark.Exchange+" to find out", remedy)
	case err != nil:
		l.refusal = err
	case taps:
		l.refusal = problem("eventscope taps this virtual host, and a tap may be all that does", "close it, "+remedy)
	}
}

// taps says whether there are any, without a management API.
func (l *tapGuard) taps(ctx context.Context, s *sender) (bool, error) {
	probe, err := newSender(ctx, s.conn)
	if err != nil {
		return false, err
	}
	defer s.conn.CloseChannel(ctx, probe.channel.Channel)
	outcomes := []error{nil}
	err = probe.send(ctx, []outgoing{{address{routing.TapMark.Exchange, routing.TapMark.Key}, amqp.Publishing{AppId: "eventscope"}}}, outcomes)
	switch {
	case errors.Is(outcomes[0], deadletter.ErrUnroutable):
		return false, nil
	case err == nil:
		err = outcomes[0]
	}
	return true, err
}
