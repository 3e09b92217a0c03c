package kafka

import (
	"context"
	"sync"
	"time"

	"eventscope/adapters"
)

// endsFresh is how old the ends of a log may be that groups of one sweep share. Ends are
// listed after what the first of these groups has committed was read.
const endsFresh = time.Second

// ends are those of one log, or why it cannot be asked. A log that failed once is not
// asked again in the same sweep, for that may take seconds each time.
type ends struct {
	start, end, stable int64 // -1 where not known
	at                 time.Time
	err                error
}

// listEnds makes ends no older than since for all logs, with one request to each broker.
func (s *sweep) listEnds(ctx context.Context, logs map[adapters.Log]bool, since time.Time) {
	now := time.Now()
	times := make(map[adapters.Log]int64)
	for log := range logs {
		if known, ok := s.ends[log]; ok && (known.err != nil || !known.at.Before(since)) {
			continue
		}
		if err := s.cannotLead(log); err != nil {
			s.ends[log] = ends{-1, -1, -1, now, err}
			continue
		}
		times[log] = latest
	}
	if len(times) == 0 {
		return
	}
	client := s.adapter.client
	var start, end, stable map[adapters.Log]listed
	var startErr, endErr error
	var listing sync.WaitGroup
	listing.Go(func() { start, startErr = listOffsets(ctx, client, placed(times, earliest), false) })
	listing.Go(func() { end, endErr = listOffsets(ctx, client, times, false) })
	listing.Go(func() { stable, _ = listOffsets(ctx, client, placed(times, latest), true) }) // it is good to know, no more
	listing.Wait()
	for log := range times {
		e := ends{start[log].offset, end[log].offset, -1, now, firstOf(startErr, endErr, start[log].err, end[log].err)}
		if l, ok := stable[log]; ok && l.err == nil {
			e.stable = min(l.offset, e.end) // it was asked for apart
		}
		s.ends[log] = e
	}
}

// placed is times with another place for each log.
func placed(times map[adapters.Log]int64, place int64) map[adapters.Log]int64 {
	out := make(map[adapters.Log]int64, len(times))
	for log := range times {
		out[log] = place
	}
	return out
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// overtaken are logs of which a group has committed more than there was when their ends
// were listed.
func (s *sweep) overtaken(batch []*group) map[adapters.Log]bool {
	logs := make(map[adapters.Log]bool)
	for _, g := range batch {
		for _, log := range g.logs {
			if e := s.ends[log]; e.err == nil && g.committed[log].offset > e.end {
				logs[log] = true
			}
		}
	}
	return logs
}
