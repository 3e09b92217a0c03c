package kafka

import (
	"context"
	"fmt"
	"time"

	"eventscope/adapters"
)

const (
	discovery  = 5 * time.Second         // between looks for new topics and partitions
	heartbeat  = 1500 * time.Millisecond // between signs of life from the cluster
	pingLimit  = 3 * time.Second         // for one; together below 5 s
	retryPause = 250 * time.Millisecond  // between tries at first, while something is wrong
	scanMercy  = 30 * time.Second        // how long a scan waits for a lost cluster or log
)

// keeper looks after a stream: it finds topics and partitions, decides where each
// begins, hands cursors to the fetchers of their leaders, takes back those that
// cannot be served, and says whether the cluster answers. It never waits for the
// intake, so the state is true while the screen is paused.
type keeper struct {
	*stream
	selection *selection
	began     time.Time
	start     int64 // as a time of listOffsets; of what was there when the tail began

	catalog    *catalog
	initial    map[adapters.Log]bool // was there when the tail began
	barred     map[string]bool       // was there, but could not be looked into
	known      map[adapters.Log]bool // has a cursor
	ids        map[string][16]byte   // of the topics that have cursors
	unresolved int                   // partitions whose offsets could not be learned yet

	homeless  []stray   // without a fetcher
	troubled  time.Time // since when there are some, or the cluster does not answer; or zero
	refreshed time.Time // the last look at the whole that succeeded
	pause     time.Duration
}

func newKeeper(s *stream, selection *selection) *keeper {
	return &keeper{
		stream: s, selection: selection, pause: heartbeat,
		initial: make(map[adapters.Log]bool), barred: make(map[string]bool),
		known: make(map[adapters.Log]bool), ids: make(map[string][16]byte),
	}
}

// run keeps until ctx ends, or until something is wrong that waiting cannot mend.
func (k *keeper) run(ctx context.Context) {
	for ctx.Err() == nil {
		looked := time.Now()
		if err := k.look(ctx, looked); err != nil {
			if ctx.Err() == nil {
				k.failed <- err
			}
			return
		}
		k.wait(ctx, looked)
	}
}

// wait collects strays until it is time to look again: soon when there are some.
func (k *keeper) wait(ctx context.Context, looked time.Time) {
	due := time.NewTimer(time.Until(looked.Add(k.pause)))
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
			return
		case strays := <-k.returned:
			for _, s := range strays {
				s.at = time.Now()
				k.homeless = append(k.homeless, s)
			}
			k.pause = min(k.pause, retryPause)
			due.Reset(time.Until(looked.Add(k.pause)))
		}
	}
}

// look asks for a sign of life and, when it is time or there are strays, looks at the
// whole. The error is one that waiting cannot mend.
func (k *keeper) look(ctx context.Context, now time.Time) error {
	err := k.ping(ctx)
	if err == nil && (k.catalog == nil || len(k.homeless)+k.unresolved > 0 || now.Sub(k.refreshed) >= discovery) {
		err = k.refresh(ctx, now)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && len(k.homeless)+k.unresolved == 0 {
		k.pause, k.troubled = heartbeat, time.Time{}
		return k.report(nil, now)
	}
	k.pause = min(max(2*k.pause, retryPause), heartbeat)
	if k.troubled.IsZero() {
		k.pause, k.troubled = retryPause, now
	}
	return k.report(err, now)
}

func (k *keeper) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	return k.client.Ping(ctx)
}

// report passes the state of the connection on. A scan, which nobody watches, ends
// when trouble has lasted too long.
func (k *keeper) report(err error, now time.Time) error {
	var problem error
	if err != nil {
		problem = k.config.problem(err)
	}
	if k.tail {
		k.progress.connected(problem, now)
		if problem == nil && (k.unresolved == 0 || now.Sub(k.began) > discovery) {
			k.progress.enter(reading, nil, now)
		}
		return nil
	}
	if k.troubled.IsZero() || now.Sub(k.troubled) < scanMercy && !adapters.IsPermanent(problem) {
		return nil
	}
	if problem == nil {
		s := k.homeless[0]
		return &adapters.Problem{
			Doing: fmt.Sprintf("read %s/%d to its end", s.log.Destination, s.log.Partition), Cause: inWords(s.err),
			Remedy: "try again when the cluster is whole", Kind: adapters.ErrNotConnected,
		}
	}
	return problem
}

// refresh reads the catalog and brings everything in line with it.
func (k *keeper) refresh(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := readCatalog(ctx, k.client, k.selection.ask())
	if err != nil {
		return err
	}
	topics, problems := k.selection.chosen(k.config, c)
	var fresh []*cursor
	if k.tail {
		if fresh, err = k.begin(ctx, k.discover(topics, c, now), c); err != nil {
			return err
		}
	}
	placed, more, err := k.settle(ctx, c, now)
	if err != nil {
		return err
	}
	problems = append(problems, more...)
	for _, cur := range k.assign(append(fresh, placed...), c) {
		k.homeless = append(k.homeless, stray{cursor: cur, err: kerrLeaderNotAvailable, at: now})
	}
	k.catalog, k.refreshed = c, now
	if k.tail {
		k.progress.see(len(topics), k.leaderless(problems))
	}
	return nil
}

// leaderless adds a sentence about partitions that nobody serves.
func (k *keeper) leaderless(problems []string) []string {
	n, example := k.unresolved, ""
	for _, s := range k.homeless {
		if s.err == kerrLeaderNotAvailable {
			n, example = n+1, fmt.Sprintf(", such as %s/%d", s.log.Destination, s.log.Partition)
		}
	}
	if n == 0 {
		return problems
	}
	return append(problems, fmt.Sprintf("no broker leads %d partitions now%s; they are read when one does", n, example))
}
