package groups

import (
	"cmp"
	"context"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
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
	var asked []adapters.Log
	for log := range logs {
		if known, ok := s.ends[log]; ok && (known.err != nil || !known.at.Before(since)) {
			continue
		}
		if err := s.cannotLead(log); err != nil {
			s.ends[log] = ends{-1, -1, -1, now, err}
			continue
		}
		asked = append(asked, log)
	}
	if len(asked) == 0 {
		return
	}
	client := s.reader.client
	var start, end, stable map[adapters.Log]cluster.Listed
	var startErr, endErr error
	var listing sync.WaitGroup
	listing.Go(func() { start, startErr = cluster.ListOffsets(ctx, client, cluster.At(cluster.Earliest, asked), false) })
	listing.Go(func() { end, endErr = cluster.ListOffsets(ctx, client, cluster.At(cluster.Latest, asked), false) })
	listing.Go(func() { stable, _ = cluster.ListOffsets(ctx, client, cluster.At(cluster.Latest, asked), true) }) // it is good to know, no more
	listing.Wait()
	for _, log := range asked {
		e := ends{start[log].Offset, end[log].Offset, -1, now, cmp.Or(startErr, endErr, start[log].Err, end[log].Err)}
		if l, ok := stable[log]; ok && l.Err == nil {
			e.stable = min(l.Offset, e.end) // it was asked for apart
		}
		s.ends[log] = e
	}
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
