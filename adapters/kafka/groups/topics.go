package groups

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
)

const (
	// noTopic is a name that no topic has. A broker says of it that it is unknown only to
	// those who may describe topics whatever they are called.
	noTopic = "__eventscope_is_there_more"
	// hidesFresh is how long an answer about that is good: brokers log each refusal.
	hidesFresh = time.Minute
)

// errNoPartition is about a partition of a topic that has fewer.
var errNoPartition = errors.New("the topic has no such partition now")

// hidesTopics reports whether there may be topics that the user may not describe, among those that
// are looked at. What groups have committed on these is left out of all answers, without a
// sign.
func (s *sweep) hidesTopics(ctx context.Context) (bool, error) {
	r := s.reader
	if chosen := r.selection; len(chosen.Names) > 0 && len(chosen.Patterns) == 0 {
		return false, nil // Open and Status tell of the named ones
	}
	r.mu.Lock()
	hides, fresh := r.hides, time.Since(r.hidesAt) < hidesFresh
	r.mu.Unlock()
	if fresh {
		return hides, nil
	}
	c, err := cluster.ReadCatalog(ctx, r.client, []string{noTopic})
	if err != nil {
		return false, err
	}
	t := c.Topics[noTopic]
	hides = t != nil && t.Forbidden()
	r.mu.Lock()
	r.hides, r.hidesAt = hides, time.Now()
	r.mu.Unlock()
	return hides, nil
}

// topic is one that groups read, or nil.
func (s *sweep) topic(name string) *cluster.Topic {
	if t := s.catalog.Topics[name]; t != nil {
		return t
	}
	return s.late[name]
}

// findLate asks about topics of logs that the catalog has not: they were made since, are
// gone, or may not be described, which the broker says only of topics that are named.
func (s *sweep) findLate(ctx context.Context, logs map[adapters.Log]bool) {
	var names []string
	for log := range logs {
		if name := log.Destination; s.topic(name) == nil {
			s.late[name] = &cluster.Topic{Name: name, Err: kerr.UnknownTopicOrPartition}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	c, err := cluster.ReadCatalog(ctx, s.reader.client, names)
	for _, name := range names {
		switch {
		case err != nil:
			s.late[name].Err = err
		case c.Topics[name] != nil:
			s.late[name] = c.Topics[name]
		}
	}
}

// cannotLead is why the ends of a log cannot be asked for, or nil. The right to read is
// not needed for it.
func (s *sweep) cannotLead(log adapters.Log) error {
	t := s.topic(log.Destination)
	leader, ok := t.Leaders[log.Partition]
	switch {
	case ok && leader >= 0:
		return nil
	case ok:
		return kerr.LeaderNotAvailable
	case len(t.Leaders) > 0:
		return errNoPartition
	case t.Forbidden():
		return fmt.Errorf("user %s may not describe the topic", s.reader.access.User())
	case t.Err != nil:
		return t.Err
	}
	return errNoPartition
}
