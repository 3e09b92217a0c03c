package consumer

import (
	"fmt"
	"time"
)

// Member is one member of a group, or one consumer of a queue.
type Member struct {
	// ID is the broker's name for it, Instance the operator's (group.instance.id), Client
	// what it calls itself. Any may be empty.
	ID, Instance, Client string
	// Host is where it connects from.
	Host string
	// Logs is how many logs it was given.
	Logs int
}

// String is the member as instance, client or id, and where it is: "billing@10.0.0.7".
func (m Member) String() string {
	name := m.ID
	for _, better := range []string{m.Client, m.Instance} {
		if better != "" {
			name = better
		}
	}
	if m.Host == "" {
		return name
	}
	return name + "@" + m.Host
}

// Transaction is an open transaction.
type Transaction struct {
	ID         string // transactional id; empty if the user may not see it
	ProducerID int64
	// Since is when it began, or zero if the user may not see it.
	Since time.Time
	// From is its first offset in the log.
	From int64
	// Hangs says that nobody is going to end it: its coordinator takes it for ended.
	Hangs bool
}

// String names the transaction.
func (t *Transaction) String() string {
	if t.ID == "" {
		return fmt.Sprintf("transaction of producer %d", t.ProducerID)
	}
	return "transaction " + t.ID
}
