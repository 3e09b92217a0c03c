package publish

import (
	"errors"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
)

// TestDoubt: a copy that came back and is none of those that were sent makes all uncertain.
func TestDoubt(t *testing.T) {
	s := &ConfirmChannel{Conn: &connection.Conn{Broker: connection.New(connection.Config{Address: "b:1", Timeouts: connection.Timeouts{Answer: time.Minute}})}}
	s.posting = &sending{ConfirmChannel: s, outgoing: make([]Outgoing, 2), outcomes: []error{nil, adapters.ErrTooLarge}, returned: map[uint64]int{7: 1}}
	outcomes := s.posting.outcomes
	if err := s.posted(t.Context()); err != nil || !errors.Is(outcomes[0], deadletter.ErrUnknownOutcome) || outcomes[1] != adapters.ErrTooLarge {
		t.Errorf("%v, %v", outcomes, err)
	}
}
