package live

import (
	"context"
	"sync/atomic"

	"eventscope/adapters"
)

// counting is an intake that counts what it takes of the past.
type counting struct {
	adapters.Intake
	past *atomic.Int64
}

// Put implements [adapters.Intake].
func (c *counting) Put(ctx context.Context, batch *adapters.Batch) error {
	n := int64(0)
	if batch.Past {
		n = int64(len(batch.Messages)) // the batch is the intake's afterwards
	}
	c.past.Add(n)
	err := c.Intake.Put(ctx, batch)
	if err != nil {
		c.past.Add(-n)
	}
	return err
}
