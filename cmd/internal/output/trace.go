package output

import (
	"iter"

	"eventscope/adapters"
	"eventscope/tracing"
)

// traceStep is one step of a flow with its message.
type traceStep struct {
	*tracing.Step
	number     int
	message    *adapters.Message // nil if it is unreadable
	unreadable error
}

// eachStep calls write for the steps in their order, which takes what it is given until it returns.
func (t *Trace) eachStep(write func(*traceStep) error) error {
	next, stop := iter.Pull2(t.Messages)
	defer stop()
	var s traceStep
	for i := range t.Flow.Steps {
		s = traceStep{Step: &t.Flow.Steps[i], number: i}
		m, err, more := next()
		switch {
		case !more:
			s.unreadable = tracing.ErrUnknown
		case err != nil:
			s.unreadable = err
		default:
			s.message = &m
		}
		if err := write(&s); err != nil {
			return err
		}
	}
	return nil
}
