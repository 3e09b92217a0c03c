package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
)

var kerrLeaderNotAvailable error = kerr.LeaderNotAvailable

// discover returns the logs that have no cursor yet. A topic under its old name with
// a new id was deleted and made again: its old cursors count for nothing.
func (s *supervisor) discover(topics []*cluster.Topic, c *cluster.Catalog, now time.Time) (fresh []adapters.Log) {
	if s.catalog == nil {
		for name, t := range c.Topics {
			s.forbidden[name] = t.Err != nil && !t.Unknown()
		}
	}
	for _, t := range topics {
		if old, ok := s.ids[t.Name]; ok && old != t.ID {
			s.forget(t.Name)
			s.progress.gap(adapters.Gap{
				From: now, To: now, Missed: -1,
				Reason: fmt.Sprintf("topic %q was deleted and made again; the new one is read from its beginning, and what the old one had that was not read by then is gone", t.Name),
			})
		}
		for partition := range t.Leaders {
			log := adapters.Log{Destination: t.Name, Partition: partition}
			if s.catalog == nil || s.forbidden[t.Name] {
				s.initial[log] = true
			}
			if !s.known[log] {
				fresh = append(fresh, log)
			}
		}
		s.forbidden[t.Name] = false
	}
	return fresh
}

func (s *supervisor) forget(topic string) {
	for log := range s.known {
		if log.Destination == topic {
			delete(s.known, log)
			delete(s.initial, log)
		}
	}
	delete(s.ids, topic)
	s.progress.forget(topic)
}

// makeCursors makes cursors for logs: at the tail's start if they were there when it began,
// at their beginning if they came later, for then all they hold is new. Logs whose
// offset nobody tells now stay unknown and are tried again. A log is known from when its
// cursor is among the unassigned, so that none can get lost between the two.
func (s *supervisor) makeCursors(ctx context.Context, fresh []adapters.Log, c *cluster.Catalog, now time.Time) error {
	times := make(map[adapters.Log]int64, len(fresh))
	for _, log := range fresh {
		times[log] = cluster.Earliest
		if s.initial[log] {
			times[log] = s.startNow(now)
		}
	}
	offsets, err := cluster.ListOffsets(ctx, s.client, times, s.config.Committed)
	if err != nil {
		return err
	}
	back, err := s.stepsBack(ctx, fresh, offsets)
	if err != nil {
		return err
	}
	s.unresolved = 0
	for _, log := range fresh {
		l := offsets[log]
		if l.Err != nil {
			s.unresolved++
			s.progress.lose(log, s.trouble(log, l.Err, now))
			continue
		}
		id := c.Topics[log.Destination].ID
		s.known[log], s.ids[log.Destination] = true, id
		from := l.Offset - back[log]
		s.progress.follow(log, from, !s.initial[log] || s.start == cluster.Latest && back[log] == 0)
		s.lose(&cursor{log: log, id: id, next: from, end: unending}, kerrLeaderNotAvailable, now)
	}
	return nil
}

// stepsBack is how far before their ends the logs begin when the tail starts with the newest
// messages. Ends is where they end. One whose beginning nobody tells now begins at its end: that
// it is waited for would keep back what the others have.
func (s *supervisor) stepsBack(ctx context.Context, fresh []adapters.Log, ends map[adapters.Log]cluster.Listed) (map[adapters.Log]int64, error) {
	if s.newest == 0 || s.catalog != nil {
		return nil, nil
	}
	starts, err := cluster.ListOffsets(ctx, s.client, cluster.At(cluster.Earliest, fresh), false)
	if err != nil {
		return nil, err
	}
	held := make(map[adapters.Log]int64, len(fresh))
	for _, log := range fresh {
		if start, end := starts[log], ends[log]; start.Err == nil && end.Err == nil {
			held[log] = max(0, end.Offset-start.Offset)
		}
	}
	return adapters.Shares(s.newest, held), nil
}

// startNow is where a log begins whose offset is only learned now: the end it has now is
// not the one that it had when the tail began.
func (s *supervisor) startNow(now time.Time) int64 {
	if s.start == cluster.Latest && now.Sub(s.began) > discovery {
		return s.began.UnixMilli()
	}
	return s.start
}

// trouble says why a log is not read.
func (s *supervisor) trouble(log adapters.Log, why error, since time.Time) trouble {
	if errors.Is(why, kerr.TopicAuthorizationFailed) {
		return trouble{since: since, forbidden: s.config.access().NotAllowed(log.Destination).Error()}
	}
	return trouble{since: since, why: cluster.InWords(why)}
}

// place goes through the unassigned cursors and returns those that have a place to go.
func (s *supervisor) place(ctx context.Context, c *cluster.Catalog, now time.Time) (placed []*cursor, problems []string, err error) {
	var waiting []returnedCursor
	var lost []*cursor
	for _, returned := range s.unplaced {
		t := c.Topics[returned.log.Destination]
		switch {
		case s.tail && s.ids[returned.log.Destination] != returned.id:
			// of a topic that was made again
		case !s.tail && t != nil && t.Err == nil && t.ID != returned.id:
			placed = append(placed, s.giveUp(returned.cursor, errMadeAgain))
		case !s.tail && (t != nil && t.Forbidden() || errors.Is(returned.err, kerr.TopicAuthorizationFailed)):
			placed = append(placed, s.giveUp(returned.cursor, kerr.TopicAuthorizationFailed))
		case !s.tail && now.Sub(returned.unserved) >= s.config.patience:
			placed = append(placed, s.giveUp(returned.cursor, returned.err))
		case t == nil || t.Err != nil && !t.Forbidden():
			waiting = append(waiting, returned)
		case t.Forbidden() || errors.Is(returned.err, kerr.TopicAuthorizationFailed):
			problems = append(problems, s.config.access().NotAllowed(returned.log.Destination).Error())
			if now.Sub(returned.at) < discovery {
				waiting = append(waiting, returned)
			} else {
				placed = append(placed, returned.cursor)
			}
		case errors.Is(returned.err, kerr.OffsetOutOfRange):
			lost = append(lost, returned.cursor)
		default:
			placed = append(placed, returned.cursor)
		}
	}
	found, err := s.relocate(ctx, lost, now)
	if err != nil {
		return nil, nil, err
	}
	s.unplaced = waiting
	return append(placed, found...), unique(problems), nil
}

// errMadeAgain is why the rest of a log is no more.
var errMadeAgain = errors.New("its topic was deleted and made again")

// giveUp moves a scan's cursor to its end, with a word about what is not read. Any fetcher
// can then say that it is done.
func (s *supervisor) giveUp(c *cursor, why error) *cursor {
	s.unread(c, why)
	c.next = c.end
	return c
}

// relocate moves cursors that point outside of their logs: to the beginning where
// retention was faster, to the end where the log was cut off.
func (s *supervisor) relocate(ctx context.Context, lost []*cursor, now time.Time) ([]*cursor, error) {
	logs := make([]adapters.Log, len(lost))
	for i, cur := range lost {
		logs[i] = cur.log
	}
	found, _, err := cluster.ListBounds(ctx, s.client, logs, false)
	if err != nil {
		return nil, err
	}
	for _, cur := range lost {
		b, ok := found[cur.log]
		if !ok {
			continue // it is asked for again and comes back
		}
		s.move(cur, b, now)
	}
	return lost, nil
}

func (s *supervisor) move(cur *cursor, b cluster.Bounds, now time.Time) {
	name := fmt.Sprintf("%s/%d", cur.log.Destination, cur.log.Partition)
	gap := adapters.Gap{From: s.refreshed, To: now}
	was := cur.next
	switch {
	case was < b.Start:
		cur.next, gap.Missed = b.Start, b.Start-was
		gap.Reason = fmt.Sprintf("retention removed %s from offset %d to %d before it was read", name, was, b.Start)
	case was > b.End:
		cur.next, gap.Missed, gap.From = b.End, -1, now
		gap.Reason = fmt.Sprintf("the broker lost the end of %s: it was read up to offset %d and now ends at %d", name, was, b.End)
	default:
		return
	}
	if !s.tail {
		s.progress.move(gap.Reason)
		if cur.next = min(cur.next, cur.end); was > b.End {
			cur.next = cur.end
		}
		return
	}
	s.progress.gap(gap)
	s.progress.reached(cur.log, cur.next)
}

func unique(list []string) (out []string) {
	seen := make(map[string]bool)
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
