package compare

import (
	"context"
	"errors"
	"iter"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
)

// Step is what happened in one of two flows, or in both.
type Step struct {
	A, B int // its index in the flow's steps, -1 where it did not happen there
}

// In says in which of the two flows it happened.
func (s Step) In() (a, b bool) { return s.A >= 0, s.B >= 0 }

// Of is the step as one of the flows has it: as A does, where it happened there.
func (s Step) Of(a, b *tracing.Flow) *tracing.Step {
	if s.A >= 0 {
		return &a.Steps[s.A]
	}
	return &b.Steps[s.B]
}

// Later is by how much later it happened in B, counted from the beginning of each flow; 0 where it
// did not happen in both.
func (s Step) Later(a, b *tracing.Flow) time.Duration {
	if s.A < 0 || s.B < 0 {
		return 0
	}
	return b.Steps[s.B].Offset - a.Steps[s.A].Offset
}

// Took is by how much longer it took in B, since the step before it; 0 where it did not happen in
// both.
func (s Step) Took(a, b *tracing.Flow) time.Duration {
	if s.A < 0 || s.B < 0 {
		return 0
	}
	return b.Steps[s.B].Hop - a.Steps[s.A].Hop
}

// happening is what happened, by which steps of two flows are paired.
type happening struct{ service, kind, destination string }

func happeningOf(s *tracing.Step) happening {
	return happening{s.Service, s.Type, s.Position.Destination}
}

// Steps pairs the steps of two flows: what happened for the n-th time in one is what happened for
// the n-th time in the other. Each step of either is there once. They come in the order of A, and
// those of B alone before the next of B that happened in both.
func Steps(a, b *tracing.Flow) []Step {
	of := make(map[happening][]int, len(b.Steps))
	for i := range b.Steps {
		h := happeningOf(&b.Steps[i])
		of[h] = append(of[h], i)
	}
	partner := make([]int, len(a.Steps))
	paired := make([]bool, len(b.Steps))
	for i := range a.Steps {
		h := happeningOf(&a.Steps[i])
		partner[i] = -1
		if same := of[h]; len(same) > 0 {
			partner[i], of[h] = same[0], same[1:]
			paired[same[0]] = true
		}
	}
	steps := make([]Step, 0, len(a.Steps)+len(b.Steps))
	next := 0 // of B
	alone := func(before int) {
		for ; next < before; next++ {
			if !paired[next] {
				steps = append(steps, Step{-1, next})
			}
		}
	}
	for i := range a.Steps {
		if partner[i] >= 0 {
			alone(partner[i])
		}
		steps = append(steps, Step{i, partner[i]})
	}
	alone(len(b.Steps))
	return steps
}

// Messages reads the messages of events again, in their order; see [tracing.Querier].
type Messages func(ctx context.Context, events []tracing.Event) iter.Seq2[adapters.Message, error]

// Pairs reads the messages of the steps that happened in both flows, and yields what differs
// between them, by the index of the step. It holds two messages at a time.
func (c *Comparer) Pairs(ctx context.Context, a, b *tracing.Flow, ofA, ofB Messages, steps []Step) iter.Seq2[int, *Result] {
	return func(yield func(int, *Result) bool) {
		var left, right []tracing.Event
		var at []int
		for i, s := range steps {
			if s.A >= 0 && s.B >= 0 {
				left, right, at = append(left, a.Steps[s.A].Event), append(right, b.Steps[s.B].Event), append(at, i)
			}
		}
		nextA, stopA := iter.Pull2(ofA(ctx, left))
		defer stopA()
		nextB, stopB := iter.Pull2(ofB(ctx, right))
		defer stopB()
		for n, i := range at {
			sides := [2]Side{{Event: &left[n]}, {Event: &right[n]}}
			for k, next := range []func() (adapters.Message, error, bool){nextA, nextB} {
				message, err, more := next()
				switch {
				case !more:
					sides[k].Err = errNoAnswer
				case err != nil:
					sides[k].Err = err
				default:
					sides[k].Message = &message
				}
			}
			if !yield(i, c.Events(&sides[0], &sides[1])) {
				return
			}
		}
	}
}

var errNoAnswer = errors.New("the message was not read")
