package publish

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
	copier  *Copier
	asked   time.Time
	known   *routing.Catalog // nil without a management API
	refusal error            // of everything that is sent to an exchange
	sure    map[Address]bool
}

// tapGuardAge is how long an answer is good for.
const tapGuardAge = 2 * time.Second

// OpenChannel opens a channel for what must land in a queue, on a connection of its own.
func (c *Copier) OpenChannel(ctx context.Context) (*ConfirmChannel, error) {
	l, err := c.Broker.Dial(ctx)
	if err != nil {
		return nil, err
	}
	s, err := newConfirmChannel(ctx, l)
	if err != nil {
		l.HangUp()
		return nil, err
	}
	s.tapGuard = &tapGuard{copier: c}
	return s, nil
}

// check says why a copy must not be sent, or that the broker's word can be taken for it.
func (g *tapGuard) check(ctx context.Context, s *ConfirmChannel, o *Outgoing) error {
	if g == nil || o.Exchange == "" {
		return nil
	}
	if time.Since(g.asked) > tapGuardAge {
		s.Conn.FlushWrites()
		g.ask(ctx, s)
		g.asked = time.Now()
	}
	target := o.Address
	if g.known == nil || g.sure[target] {
		return g.refusal
	}
	if r := g.known.Route(o.Exchange, routing.Message{Key: &o.Key}); len(r.Queues) > 0 || !r.Tapped {
		g.sure[target] = true
		return nil
	}
	if r := g.known.Route(o.Exchange, routing.Message{Key: &o.Key, Headers: o.Publishing.Headers}); len(r.Queues) == 0 && r.Tapped {
		return wording.Problem("send a copy to "+wording.Quoted(string(target.target())), "only a tap of eventscope is known to take it there",
			"check the name, or bind a queue", deadletter.ErrUnroutable)
	}
	return nil
}

// ask asks anew. Where there is no answer, nothing is sent.
func (g *tapGuard) ask(ctx context.Context, s *ConfirmChannel) {
	g.known, g.refusal, g.sure = nil, nil, map[Address]bool{}
	if m := g.copier.Management; m != nil {
		if known, err := routing.Read(ctx, m, true); err == nil {
			g.known = known
		} else {
			g.refusal = err
		}
		return
	}
	taps, err := g.taps(ctx, s)
	const remedy = "add management=http://HOST:15672, or name a queue"
	problem := func(cause, remedy string) error {
		return wording.Problem("tell whether a queue takes a copy", cause, remedy, deadletter.ErrUnroutable)
	}
	switch {
	case errors.Is(err, adapters.ErrNotAuthorized):
		g.refusal = problem("a tap may be all that does, and the user may not publish to "+routing.TapMark.Exchange+" to find out", remedy)
	case err != nil:
		g.refusal = err
	case taps:
		g.refusal = problem("eventscope taps this virtual host, and a tap may be all that does", "close it, "+remedy)
	}
}

// taps says whether there are any, without a management API.
func (g *tapGuard) taps(ctx context.Context, s *ConfirmChannel) (bool, error) {
	probe, err := newConfirmChannel(ctx, s.Conn)
	if err != nil {
		return false, err
	}
	defer s.Conn.CloseChannel(ctx, probe.channel.Channel)
	outcomes := []error{nil}
	err = probe.Send(ctx, []Outgoing{{Address{routing.TapMark.Exchange, routing.TapMark.Key}, amqp.Publishing{AppId: "eventscope"}}}, outcomes)
	switch {
	case errors.Is(outcomes[0], deadletter.ErrUnroutable):
		return false, nil
	case err == nil:
		err = outcomes[0]
	}
	return true, err
}
