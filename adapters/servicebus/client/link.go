package client

import (
	"context"

	"github.com/Azure/go-amqp"
)

// Receiver takes messages of an entity under a lock. It hands out only as many as it is asked for.
// With take they are removed as they are handed out.
func (c *Conn) Receiver(ctx context.Context, e Entity, take bool) (*amqp.Receiver, error) {
	limited, cancel := Limit(ctx)
	defer cancel()
	receiver, err := c.receiver(limited, e, take)
	if err != nil {
		return nil, c.client.Problem(ctx, "take messages of "+e.String(), err)
	}
	return receiver, nil
}

func (c *Conn) receiver(ctx context.Context, e Entity, take bool) (*amqp.Receiver, error) {
	if err := c.Claim(ctx, e.Path()); err != nil {
		return nil, err
	}
	session, err := c.amqp.NewSession(ctx, nil)
	if err != nil {
		return nil, err
	}
	options := &amqp.ReceiverOptions{Credit: -1, SettlementMode: amqp.ReceiverSettleModeSecond.Ptr()}
	if take {
		options.SettlementMode, options.RequestedSenderSettleMode = amqp.ReceiverSettleModeFirst.Ptr(), amqp.SenderSettleModeSettled.Ptr()
	}
	return session.NewReceiver(ctx, e.Path(), options)
}

// Sender sends to a queue or a topic.
func (c *Conn) Sender(ctx context.Context, e Entity) (*amqp.Sender, error) {
	limited, cancel := Limit(ctx)
	defer cancel()
	err := c.Claim(limited, e.Path())
	if err != nil {
		return nil, c.client.Problem(ctx, "send to "+e.String(), err)
	}
	sender, err := c.session.NewSender(limited, e.Path(), nil)
	if err != nil {
		return nil, c.client.Problem(ctx, "send to "+e.String(), err)
	}
	return sender, nil
}
