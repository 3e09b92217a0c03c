package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"eventscope/adapters"
)

var kerrLeaderNotAvailable error = kerr.LeaderNotAvailable

// discover returns the logs that have no cursor yet. A topic under its old name with
// a new id was deleted and made again: its old cursors count for nothing.
func (k *coordinator) discover(topics []*topic, c *catalog, now time.Time) (fresh []adapters.Log) {
	if k.catalog == nil {
		for name, t := range c.topics {
			k.forbidden[name] = t.err != nil && !t.unknown()
		}
	}
	for _, t := range topics {
		if old, ok := k.ids[t.name]; ok && old != t.id {
			k.forget(t.name)
			k.progress.gap(adapters.Gap{
				From: now, To: now, Missed: -1,
				Reason: fmt.Sprintf("topic %q was deleted and made again; the new one is read from its beginning, and what the old one had that was not read by then is gone", t.name),
			})
		}
		for partition := range t.leaders {
			log := adapters.Log{Destination: t.name, Partition: partition}
			if k.catalog == nil || k.forbidden[t.name] {
				k.initial[log] = true
			}
			if !k.known[log] {
				fresh = append(fresh, log)
			}
		}
		k.forbidden[t.name] = false
	}
	return fresh
}

func (k *coordinator) forget(topic string) {
	for log := range k.known {
		if log.Destination == topic {
			delete(k.known, log)
			delete(k.initial, log)
		}
	}
	delete(k.ids, topic)
	k.progress.forget(topic)
}

// begin makes cursors for logs: at the tail's start if they were there when it began,
// at their beginning if they came later, for then all they hold is new. Logs whose
// offset nobody tells now stay unknown and are tried again. A log is known from when its
// cursor is among the homeless, so that none can get lost between the two.
func (k *coordinator) begin(ctx context.Context, fresh []adapters.Log, c *catalog, now time.Time) error {
	times := make(map[adapters.Log]int64, len(fresh))
	for _, log := range fresh {
		times[log] = earliest
		if k.initial[log] {
			times[log] = k.startNow(now)
		}
	}
	offsets, err := listOffsets(ctx, k.client, times, k.config.Committed)
	if err != nil {
		return err
	}
	k.unresolved = 0
	for _, log := range fresh {
		l := offsets[log]
		if l.err != nil {
			k.unresolved++
			k.progress.lose(log, k.trouble(log, l.err, now))
			continue
		}
		id := c.topics[log.Destination].id
		k.known[log], k.ids[log.Destination] = true, id
		k.progress.begin(log, l.offset, !k.initial[log] || k.start == latest)
		k.lose(&cursor{log: log, id: id, next: l.offset, end: unending}, kerrLeaderNotAvailable, now)
	}
	return nil
}

// startNow is where a log begins whose offset is only learned now: the end it has now is
// not the one that it had when the tail began.
func (k *coordinator) startNow(now time.Time) int64 {
	if k.start == latest && now.Sub(k.began) > discovery {
		return k.began.UnixMilli()
	}
	return k.start
}

// trouble says why a log is not read.
func (k *coordinator) trouble(log adapters.Log, why error, since time.Time) trouble {
	if errors.Is(why, kerr.TopicAuthorizationFailed) {
		return trouble{since: since, forbidden: k.config.notAllowed(log.Destination).Error()}
	}
	return trouble{since: since, why: inWords(why)}
}

// settle goes through the homeless cursors and returns those that have a place to go.
func (k *coordinator) settle(ctx context.Context, c *catalog, now time.Time) (placed []*cursor, problems []string, err error) {
	var waiting []returnedCursor
	var lost []*cursor
	for _, s := range k.unplaced {
		t := c.topics[s.log.Destination]
		switch {
		case k.tail && k.ids[s.log.Destination] != s.id:
			// of a topic that was made again
		case !k.tail && t != nil && t.err == nil && t.id != s.id:
			placed = append(placed, k.giveUp(s.cursor, errMadeAgain))
		case !k.tail && (t != nil && t.forbidden() || errors.Is(s.err, kerr.TopicAuthorizationFailed)):
			placed = append(placed, k.giveUp(s.cursor, kerr.TopicAuthorizationFailed))
		case !k.tail && now.Sub(s.unserved) >= k.config.patience:
			placed = append(placed, k.giveUp(s.cursor, s.err))
		case t == nil || t.err != nil && !t.forbidden():
			waiting = append(waiting, s)
		case t.forbidden() || errors.Is(s.err, kerr.TopicAuthorizationFailed):
			problems = append(problems, k.config.notAllowed(s.log.Destination).Error())
			if now.Sub(s.at) < discovery {
				waiting = append(waiting, s)
			} else {
				placed = append(placed, s.cursor)
			}
		case errors.Is(s.err, kerr.OffsetOutOfRange):
			lost = append(lost, s.cursor)
		default:
			placed = append(placed, s.cursor)
		}
	}
	found, err := k.relocate(ctx, lost, now)
	if err != nil {
		return nil, nil, err
	}
	k.unplaced = waiting
	return append(placed, found...), unique(problems), nil
}

// errMadeAgain is why the rest of a log is no more.
var errMadeAgain = errors.New("its topic was deleted and made again")

// giveUp moves a scan's cursor to its end, with a word about what is not read. Any fetcher
// can then say that it is done.
func (k *coordinator) giveUp(c *cursor, why error) *cursor {
	k.unread(c, why)
	c.next = c.end
	return c
}

// relocate moves cursors that point outside of their logs: to the beginning where
// retention was faster, to the end where the log was cut off.
func (k *coordinator) relocate(ctx context.Context, lost []*cursor, now time.Time) ([]*cursor, error) {
	logs := make([]adapters.Log, len(lost))
	for i, cur := range lost {
		logs[i] = cur.log
	}
	found, _, err := listBounds(ctx, k.client, logs, false)
	if err != nil {
		return nil, err
	}
	for _, cur := range lost {
		b, ok := found[cur.log]
		if !ok {
			continue // it is asked for again and comes back
		}
		k.move(cur, b, now)
	}
	return lost, nil
}

func (k *coordinator) move(cur *cursor, b bounds, now time.Time) {
	name := fmt.Sprintf("%s/%d", cur.log.Destination, cur.log.Partition)
	gap := adapters.Gap{From: k.refreshed, To: now}
	was := cur.next
	switch {
	case was < b.start:
		cur.next, gap.Missed = b.start, b.start-was
		gap.Reason = fmt.Sprintf("retention removed %s from offset %d to %d before it was read", name, was, b.start)
	case was > b.end:
		cur.next, gap.Missed, gap.From = b.end, -1, now
		gap.Reason = fmt.Sprintf("the broker lost the end of %s: it was read up to offset %d and now ends at %d", name, was, b.end)
	default:
		return
	}
	if !k.tail {
		k.progress.move(gap.Reason)
		if cur.next = min(cur.next, cur.end); was > b.end {
			cur.next = cur.end
		}
		return
	}
	k.progress.gap(gap)
	k.progress.reached(cur.log, cur.next)
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
