package client

import (
	"context"
	"fmt"

	"github.com/Azure/go-amqp"
)

// PeekedAtOnce is how many messages the service shows at once, at most.
const PeekedAtOnce = 250

// Peek shows messages of an entity from a number on, in their order, as they are on the wire; none
// where there is none. Nothing is locked or counted. A session, if not nil, leaves out all others.
func (c *Conn) Peek(ctx context.Context, e Entity, from int64, most int, session *string) ([][]byte, error) {
	limited, cancel := Limit(ctx)
	defer cancel()
	raw, err := c.peek(limited, e, from, min(most, PeekedAtOnce), session)
	if err != nil {
		return nil, c.client.Problem(ctx, "look into "+e.String(), err)
	}
	return raw, nil
}

func (c *Conn) peek(ctx context.Context, e Entity, from int64, most int, session *string) ([][]byte, error) {
	a, err := c.Asker(ctx, e)
	if err != nil {
		return nil, err
	}
	question := map[string]any{"from-sequence-number": from, "message-count": int32(most)}
	if session != nil {
		question["session-id"] = *session
	}
	answer, err := a.request(ctx, "peek-message", question)
	if err != nil {
		if link := (*refusal)(nil); !isRefusal(err, &link) {
			c.forget(e)
		}
		return nil, err
	}
	list, _ := answer["messages"].([]any)
	all := make([][]byte, 0, len(list))
	for _, item := range list {
		shown, _ := item.(map[string]any)
		raw, ok := shown["message"].([]byte)
		if !ok {
			return nil, fmt.Errorf("the answer holds %T in place of a message", item)
		}
		all = append(all, raw)
	}
	return all, nil
}

// RenewLocks keeps locks for their whole time again.
func (c *Conn) RenewLocks(ctx context.Context, e Entity, locks []amqp.UUID) error {
	limited, cancel := Limit(ctx)
	defer cancel()
	a, err := c.Asker(limited, e)
	if err == nil {
		_, err = a.request(limited, "renew-lock", map[string]any{"lock-tokens": locks})
	}
	return c.client.Problem(ctx, "keep letters of "+e.String()+" locked", err)
}
