package dlq

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

// Headers of a replay: by the first a copy is known whoever sends it again, the second is the id that
// the letter had.
const (
	replayID = "x-replay-id"
	replayOf = "x-replay-of"
)

// sender sends copies over a connection of its own.
type sender struct {
	letters *DeadLetters
	conn    *client.Conn
	links   map[deadletter.Target]*link
}

// link is a way to a target.
type link struct {
	sender *amqp.Sender
	fresh  bool // copies need ids that the target has not seen
	err    error
}

func newSender(d *DeadLetters, conn *client.Conn) sender {
	return sender{letters: d, conn: conn, links: map[deadletter.Target]*link{}}
}

// publisher is nothing but a sender.
type publisher struct{ sender }

// Publisher implements deadletter.Queues.
func (d *DeadLetters) Publisher(ctx context.Context) (deadletter.Publisher, error) {
	if err := d.mayWrite("send copies to " + d.Client.Place()); err != nil {
		return nil, err
	}
	conn, err := d.Client.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return &publisher{newSender(d, conn)}, nil
}

// Close implements deadletter.Publisher.
func (p *publisher) Close() error {
	p.conn.Close()
	return nil
}

// posted is a copy that is on its way.
type posted struct {
	number  int
	receipt amqp.SendReceipt
	to      deadletter.Target
}

// Send implements deadletter.Sender.
func (s *sender) Send(ctx context.Context, copies []deadletter.Copy, _ []deadletter.Entry) deadletter.Answer {
	outcomes := make([]error, len(copies))
	var waiting []posted
	var failed error
	if err := s.renew(ctx); err != nil {
		failed = s.letters.Client.Problem(ctx, "send copies", err)
	}
	for i := range copies {
		if failed != nil {
			outcomes[i] = deadletter.ErrNotSent
			continue
		}
		receipt, err := s.post(ctx, &copies[i])
		if err == nil {
			waiting = append(waiting, posted{i, receipt, copies[i].To})
			continue
		}
		outcomes[i] = err
		if adapters.IsEnd(err) || errors.Is(err, adapters.ErrNotConnected) || errors.Is(err, adapters.ErrNotAuthenticated) || errors.Is(err, deadletter.ErrUnknownOutcome) {
			failed = err
		}
	}
	return func(ctx context.Context) ([]error, error) {
		ctx, cancel := client.Limit(ctx)
		defer cancel()
		for i := range waiting {
			err := s.outcome(ctx, &waiting[i])
			outcomes[waiting[i].number] = err
			if failed == nil && errors.Is(err, deadletter.ErrUnknownOutcome) {
				failed = err
			}
		}
		return outcomes, failed
	}
}

// renew shows again who one is, where that is over soon.
func (s *sender) renew(ctx context.Context) error {
	ctx, cancel := client.Limit(ctx)
	defer cancel()
	return s.conn.Renew(ctx)
}

// post sends a copy without waiting for what the service says.
func (s *sender) post(ctx context.Context, c *deadletter.Copy) (receipt amqp.SendReceipt, err error) {
	ctx, cancel := client.Limit(ctx)
	defer cancel()
	way := s.way(ctx, c.To)
	if way.err != nil {
		return receipt, way.err
	}
	m, err := s.copy(c, way.fresh)
	if err != nil {
		return receipt, err
	}
	if receipt, err = way.sender.SendWithReceipt(ctx, m, nil); err == nil {
		return receipt, nil
	}
	var link *amqp.LinkError
	if errors.As(err, &link) || ctx.Err() != nil { // of a large copy a part may be on its way, and no other may follow it
		delete(s.links, c.To)
	}
	if ctx.Err() != nil {
		return receipt, unanswered("it was being sent, and the service takes nothing", c.To)
	}
	if problem := s.letters.Client.Problem(ctx, "send to "+string(c.To), err); link != nil || errors.Is(problem, adapters.ErrNotConnected) && isConnection(err) {
		return receipt, unanswered("the connection has ended", c.To)
	}
	return receipt, &adapters.Problem{Doing: "send to " + string(c.To), Cause: fmt.Sprintf("it cannot be sent as it is (%.200v)", err), Remedy: "edit it, or leave it out", Kind: adapters.ErrTooLarge}
}

func isConnection(err error) bool {
	var conn *amqp.ConnError
	var session *amqp.SessionError
	return errors.As(err, &conn) || errors.As(err, &session)
}

// way finds the way to a target, once.
func (s *sender) way(ctx context.Context, to deadletter.Target) *link {
	if way, known := s.links[to]; known {
		return way
	}
	way := s.find(ctx, to)
	if !adapters.IsEnd(way.err) && !errors.Is(way.err, adapters.ErrNotConnected) {
		s.links[to] = way
	}
	return way
}

func (s *sender) find(ctx context.Context, to deadletter.Target) *link {
	e, err := client.Parse(string(to))
	if err != nil {
		return &link{err: &adapters.Problem{Doing: "send a copy", Cause: "no queue or topic is named", Remedy: "name one", Kind: adapters.ErrUsage}}
	}
	if why := forbidden(e); why != "" {
		return &link{err: &adapters.Problem{Doing: "send to " + e.String(), Cause: why, Remedy: "name a queue or a topic", Kind: deadletter.ErrUnroutable}}
	}
	settings, err := s.letters.Client.Settings(ctx, e)
	way := &link{fresh: err != nil || settings.Duplicates}
	if way.sender, way.err = s.conn.Sender(ctx, e); errors.Is(way.err, adapters.ErrUnknownDestination) {
		way.err = unroutable(to)
	}
	return way
}

func unroutable(to deadletter.Target) error {
	return &adapters.Problem{Doing: "send to " + string(to), Cause: "there is no such queue or topic", Remedy: "name another", Kind: deadletter.ErrUnroutable}
}

// unanswered is the outcome of a copy of which nobody can tell.
func unanswered(cause string, to deadletter.Target) error {
	return &adapters.Problem{Doing: "tell whether a copy arrived", Cause: cause, Remedy: "look for its replay id at " + string(to), Kind: deadletter.ErrUnknownOutcome}
}

// copy is what is sent in place of a letter.
func (s *sender) copy(c *deadletter.Copy, fresh bool) (*amqp.Message, error) {
	m, err := s.original(c)
	if err != nil {
		return nil, err
	}
	change := &message.Change{Remove: c.Remove, Add: slices.Clone(c.Add), Value: c.Value}
	if c.MessageID != "" {
		change.ID = c.MessageID
	}
	for _, header := range c.Add {
		if header.Name == replayID && fresh && change.ID == nil {
			change.ID = string(header.Value)
			if id := message.ID(m); id != "" {
				change.Add = append(change.Add, adapters.Header{Name: replayOf, Value: []byte(id)})
			}
		}
	}
	return message.Copy(m, change), nil
}

// original is the letter that a copy is of.
func (s *sender) original(c *deadletter.Copy) (*amqp.Message, error) {
	switch {
	case c.Of != nil:
		h, err := s.letters.letters.Find(c.Of, "send a copy of")
		if err != nil {
			return nil, err
		}
		return h.message()
	case c.Original != nil:
		raw, e, number, err := message.Read(c.Original)
		if err != nil {
			return nil, unreadable(err)
		}
		return readable(raw, message.PositionOf(e, number))
	case c.Message != nil:
		return message.FromOther(c.Message), nil
	}
	return nil, &adapters.Problem{Doing: "send to " + string(c.To), Cause: "there is nothing to send", Remedy: "name a letter", Kind: adapters.ErrUsage}
}

// outcome waits for what the service says of a copy.
func (s *sender) outcome(ctx context.Context, p *posted) error {
	state, err := p.receipt.Wait(ctx)
	if err != nil {
		delete(s.links, p.to)
		return unanswered("it was sent, and the service has not answered", p.to)
	}
	switch state := state.(type) {
	case *amqp.StateAccepted:
		return nil
	case *amqp.StateRejected:
		if state.Error == nil {
			break
		}
		problem := s.letters.Client.Problem(ctx, "send to "+string(p.to), state.Error)
		if errors.Is(problem, adapters.ErrUnknownDestination) {
			return unroutable(p.to)
		}
		if errors.Is(problem, adapters.ErrNotConnected) { // the service asks for fewer
			return errors.Join(problem, deadletter.ErrNotSent)
		}
		return problem
	}
	return &adapters.Problem{Doing: "send to " + string(p.to), Cause: "the service has not taken it, and says no reason", Remedy: "try again", Kind: deadletter.ErrNotSent}
}
