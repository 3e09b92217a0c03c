package rabbitmq

import (
	"errors"
	"testing"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// TestWhatMayNotBePublishedWasNotSent: the broker refuses the first message that needs the
// permission and routes nothing behind it, so nobody has to look for copies.
func TestWhatMayNotBePublishedWasNotSent(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		b = b.alone(t) // a tap beside it would be asked about first
		queue, allowed := b.queue(t, "classic", nil), b.exchange(t, "fanout")
		b.bind(t, queue, "", allowed, nil)
		config := b.allowed(t, rabbithole.Permissions{Configure: ".*", Read: ".*", Write: "^" + allowed + "$|^amq.direct$"})
		config.LettersOnly, config.Write = true, true
		copies := func(targets ...deadletter.Target) (copies []deadletter.Copy) {
			for _, target := range targets {
				copies = append(copies, deadletter.Copy{Message: &adapters.Message{Value: []byte("letter")}, To: target})
			}
			return copies
		}
		alone, through := deadletter.Routed("", queue), deadletter.Routed(allowed, "")
		for name, c := range map[string]struct {
			copies []deadletter.Copy
			want   []error
		}{
			"the first of all":    {copies(alone, alone, alone), []error{adapters.ErrNotAuthorized, deadletter.ErrNotSent, deadletter.ErrNotSent}},
			"behind one that may": {copies(through, alone, through), []error{nil, adapters.ErrNotAuthorized, deadletter.ErrNotSent}},
		} {
			p, err := open(t, config).Publisher(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			outcomes, err := p.Send(t.Context(), c.copies, nil)(t.Context())
			if !errors.Is(err, adapters.ErrNotAuthorized) {
				t.Errorf("%s: %v", name, err)
			}
			for i, want := range c.want {
				// What went before may be confirmed or not when the channel is closed, and what came
				// behind may have been written already; none of that is ever called confirmed.
				got := outcomes[i]
				unknown := errors.Is(got, deadletter.ErrUnknownOutcome) && !errors.Is(want, adapters.ErrNotAuthorized)
				if !unknown && !errors.Is(got, want) {
					t.Errorf("%s, copy %d: %v, want %v", name, i, got, want)
				}
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
		if n := len(b.contents(t, queue)); n != 1 {
			t.Errorf("%d copies arrived, want the one that may", n)
		}
	})
}
