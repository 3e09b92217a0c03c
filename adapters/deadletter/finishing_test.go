package deadletter

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestWhoWantsAnEndIsNotKept: what must not be left half done is waited for, and a shorter while once
// somebody wants an end, before or meanwhile.
func TestWhoWantsAnEndIsNotKept(t *testing.T) {
	const long, hurried = 10 * time.Second, time.Second
	for name, c := range map[string]struct {
		wanted, ends time.Duration
		wants        bool
	}{
		"nobody wants an end": {ends: long},
		"wanted before":       {wants: true, ends: hurried},
		"wanted meanwhile":    {wants: true, wanted: 3 * time.Second, ends: 4 * time.Second},
		"wanted at the end":   {wants: true, wanted: long - hurried/2, ends: long},
	} {
		synctest.Test(t, func(t *testing.T) {
			operator, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			if c.wants {
				defer time.AfterFunc(c.wanted, interrupt).Stop()
			}
			began := time.Now()
			limited, cancel := Within(context.WithoutCancel(Finishing(operator)), long, hurried)
			defer cancel()
			if <-limited.Done(); time.Since(began) != c.ends {
				t.Errorf("%s: it ended after %v, want %v", name, time.Since(began), c.ends)
			}
		})
	}
}
