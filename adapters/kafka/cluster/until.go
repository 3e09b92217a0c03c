package cluster

import (
	"context"
	"time"
)

// Until asks again every little while until done says so or ctx ends.
func Until(ctx context.Context, done func() (bool, error)) error {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
