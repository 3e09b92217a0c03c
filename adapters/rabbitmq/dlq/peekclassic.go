package dlq

import (
	"context"

	amqp "github.com/rabbitmq/amqp091-go"
)

// readByConsumer reads and keeps the letters that a classic queue holds now. A classic queue
// keeps its order whatever is given back, and takes back at once what one consumer holds,
// while thousands of letters that were got one by one come back in minutes. It must not be
// an auto-delete queue, which would go with the consumer, letters and all.
func (p *queuePeek) readByConsumer(ctx context.Context, depth int) error {
	t := newLetterConsumer(p.channel, p.queue)
	t.shared = true
	if depth == 0 {
		return nil
	}
	if err := t.consume(); err != nil {
		return err
	}
	if p.most > 0 {
		depth = min(depth, p.most)
	}
	err := p.keepTaken(ctx, t, depth)
	err = both(err, t.stop())
	p.read = int(t.lastTag) // what was sent on the way is held, too
	return err
}

// keepTaken hands letters over in parts, up to so many.
func (p *queuePeek) keepTaken(ctx context.Context, t *letterConsumer, depth int) error {
	for t.read < depth {
		part := make([]amqp.Delivery, 0, peekPart)
		var failed error
		for len(part) < peekPart && t.read < depth {
			d, err := t.next(ctx, len(part) > 0)
			if failed = err; err != nil || d == nil {
				break
			}
			part = append(part, *d)
		}
		if err := keepEach(p, part); err != nil {
			return err
		}
		if failed != nil || len(part) == 0 {
			return failed
		}
	}
	return nil
}
