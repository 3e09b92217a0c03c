package kafka

import (
	"context"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
)

const (
	discovery  = 5 * time.Second         // between looks for new topics and partitions
	heartbeat  = 1500 * time.Millisecond // between signs of life from the cluster
	pingLimit  = 3 * time.Second         // for one; together below 5 s
	retryPause = 250 * time.Millisecond  // between tries at first, while something is wrong
)

// supervisor looks after a stream: it finds topics and partitions, decides where each
// begins, hands cursors to the fetchers of their leaders, takes back those that
// cannot be served, and says whether the cluster answers. It never waits for the
// intake, so the state is true while the screen is paused.
type supervisor struct {
	*stream
	selection *cluster.Selection
	began     time.Time
	start     int64 // as a time of cluster.ListOffsets; of what was there when the tail began
	newest    int   // how many messages of all logs before that to begin with

	catalog    *cluster.Catalog
	initial    map[adapters.Log]bool // was there when the tail began
	forbidden  map[string]bool       // was there, but could not be looked into
	known      map[adapters.Log]bool // has a cursor
	ids        map[string][16]byte   // of the topics that have cursors
	unresolved int                   // partitions whose offsets could not be learned yet

	unplaced  []returnedCursor // without a fetcher
	troubled  time.Time        // since when there are some, or the cluster does not answer; or zero
	refreshed time.Time        // the last look at the whole that succeeded
	pause     time.Duration
}

func newSupervisor(s *stream, selection *cluster.Selection) *supervisor {
	return &supervisor{
		stream: s, selection: selection, pause: heartbeat,
		initial: make(map[adapters.Log]bool), forbidden: make(map[string]bool),
		known: make(map[adapters.Log]bool), ids: make(map[string][16]byte),
	}
}

// run keeps until ctx ends, or until something is wrong that waiting cannot mend.
func (s *supervisor) run(ctx context.Context) {
	for ctx.Err() == nil {
		looked := time.Now()
		if err := s.poll(ctx, looked); err != nil {
			if ctx.Err() == nil {
				s.failed <- err
			}
			return
		}
		s.wait(ctx, looked)
	}
}

// wait collects returned cursors until it is time to look again: soon when there are some.
func (s *supervisor) wait(ctx context.Context, looked time.Time) {
	due := time.NewTimer(time.Until(looked.Add(s.pause)))
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
			return
		case returned := <-s.returned:
			for _, r := range returned {
				s.lose(r.cursor, r.err, time.Now())
			}
			s.pause = min(s.pause, retryPause)
			due.Reset(time.Until(looked.Add(s.pause)))
		}
	}
}

// poll asks for a sign of life and, when it is time or there are returned cursors, looks at the
// whole. The error is one that waiting cannot mend.
func (s *supervisor) poll(ctx context.Context, now time.Time) error {
	err := s.ping(ctx)
	if err == nil && (s.catalog == nil || len(s.unplaced)+s.unresolved > 0 || now.Sub(s.refreshed) >= discovery) {
		err = s.refresh(ctx, now)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && len(s.unplaced)+s.unresolved == 0 {
		s.pause, s.troubled = heartbeat, time.Time{}
		return s.report(nil, now)
	}
	s.pause = min(max(2*s.pause, retryPause), heartbeat)
	if s.troubled.IsZero() {
		s.pause, s.troubled = retryPause, now
	}
	return s.report(err, now)
}

func (s *supervisor) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	return s.client.Ping(ctx)
}

// report passes the state of the connection on. A scan, which nobody watches, ends
// when trouble has lasted too long.
func (s *supervisor) report(err error, now time.Time) error {
	var problem error
	if err != nil {
		problem = s.config.access().Problem(err)
	}
	if s.tail {
		s.progress.connected(problem, now)
		if problem == nil && (s.unresolved == 0 || now.Sub(s.began) > discovery) {
			s.progress.enter(reading, nil, now)
		}
		return nil
	}
	if problem == nil || now.Sub(s.troubled) < s.config.patience && !adapters.IsPermanent(problem) {
		return nil
	}
	return problem
}

// lose takes a cursor that no fetcher serves.
func (s *supervisor) lose(c *cursor, why error, now time.Time) {
	if c.unserved.IsZero() {
		c.unserved = now
	}
	s.unplaced = append(s.unplaced, returnedCursor{cursor: c, err: why, at: now})
	if s.tail {
		s.progress.lose(c.log, s.trouble(c.log, why, c.unserved))
	}
}

// refresh reads the catalog and brings everything in line with it.
func (s *supervisor) refresh(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := cluster.ReadCatalog(ctx, s.client, s.selection.Ask())
	if err != nil {
		return err
	}
	topics, problems := s.selection.Chosen(s.config.access(), c)
	if s.tail {
		if err := s.makeCursors(ctx, s.discover(topics, c, now), c, now); err != nil {
			return err
		}
	}
	placed, more, err := s.place(ctx, c, now)
	if err != nil {
		return err
	}
	problems = append(problems, more...)
	for _, cur := range s.assign(placed, c) {
		s.lose(cur, kerrLeaderNotAvailable, now)
	}
	s.catalog, s.refreshed = c, now
	if s.tail {
		s.progress.see(len(topics), problems)
	}
	return nil
}
