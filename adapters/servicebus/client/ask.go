package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/go-amqp"
)

// answerCredit is how many answers may come unasked. Each is asked for, so that one would do.
const answerCredit = 4

// Asker asks questions by a pair of links: of an entity, or about tokens. It asks one at a time.
type Asker struct {
	conn     *Conn
	name     string // of its own address
	sender   *amqp.Sender
	receiver *amqp.Receiver
	turn     chan struct{}
	asked    uint64
}

// refusal is an answer that finds fault.
type refusal struct {
	status    int
	condition amqp.ErrCond
	said      string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.condition, r.said) }

func (c *Conn) ask(ctx context.Context, node string) (*Asker, error) {
	a := &Asker{conn: c, name: "eventscope-" + rand.Text(), turn: make(chan struct{}, 1)}
	var err error
	if a.sender, err = c.session.NewSender(ctx, node, &amqp.SenderOptions{SourceAddress: a.name}); err != nil {
		return nil, err
	}
	a.receiver, err = c.session.NewReceiver(ctx, node, &amqp.ReceiverOptions{TargetAddress: a.name, Credit: answerCredit})
	return a, err
}

// Asker is that of an entity. It is kept for as long as the connection.
func (c *Conn) Asker(ctx context.Context, e Entity) (*Asker, error) {
	path := e.Path()
	for _, audience := range []string{path, path + "/$management"} {
		if err := c.Claim(ctx, audience); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	known := c.askers[path]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	made, err := c.ask(ctx, path+"/$management")
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.askers[path] = made
	return made, nil
}

// forget has an asker made anew, whose links may have ended.
func (c *Conn) forget(e Entity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.askers, e.Path())
}

// roundTrip asks a question and waits for its answer.
func (a *Asker) roundTrip(ctx context.Context, question *amqp.Message) (*amqp.Message, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	a.asked++
	id := a.asked
	question.Properties = &amqp.MessageProperties{MessageID: id, ReplyTo: &a.name}
	if err := a.sender.Send(ctx, question, nil); err != nil {
		return nil, err
	}
	for {
		answer, err := a.receiver.Receive(ctx, nil)
		if err != nil {
			return nil, err
		}
		if err := a.receiver.AcceptMessage(ctx, answer); err != nil {
			return nil, err
		}
		if p := answer.Properties; p == nil || p.CorrelationID != any(id) {
			continue // of a question that nobody waits for any more
		}
		return answer, judge(answer)
	}
}

// judge is what an answer finds fault with.
func judge(answer *amqp.Message) error {
	for _, names := range [][3]string{{"statusCode", "statusDescription", "errorCondition"}, {"status-code", "status-description", "error-condition"}} {
		status, found := answer.ApplicationProperties[names[0]].(int32)
		if !found {
			continue
		}
		if status < http.StatusMultipleChoices {
			return nil
		}
		said, _ := answer.ApplicationProperties[names[1]].(string)
		r := &refusal{status: int(status), said: said}
		switch condition := answer.ApplicationProperties[names[2]].(type) {
		case amqp.Symbol:
			r.condition = amqp.ErrCond(condition)
		case string:
			r.condition = amqp.ErrCond(condition)
		}
		return r
	}
	return errors.New("the answer has no status")
}

// request asks an entity to do something.
func (a *Asker) request(ctx context.Context, operation string, body map[string]any) (map[string]any, error) {
	answer, err := a.roundTrip(ctx, &amqp.Message{
		Value:                 body,
		ApplicationProperties: map[string]any{"operation": "com.microsoft:" + operation, "com.microsoft:server-timeout": uint32(askTime.Milliseconds())},
	})
	if err != nil {
		return nil, err
	}
	told, _ := answer.Value.(map[string]any)
	return told, nil
}
