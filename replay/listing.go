package replay

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope"
)

// Listing is what is in all dead-letter destinations, as somebody who looks at a screen has
// it. It never changes; a later one takes over what is still true, and costs what changed.
type Listing struct {
	DLQs []Listed
	At   time.Time
	Err  error // of sources whose destinations could not be listed

	ledgers map[string]deadletter.LedgerPoint // how far each source's was read, by its name
}

// Listed is one destination of a listing. Its letters are those that it held when it was
// read, at ReadAt: never of a queue into which nobody asked to peek, since that is not free.
type Listed struct {
	DLQ
	Newest
	ReadAt time.Time
	// AsOf is when the source last answered, if it does not now: then nobody knows how much
	// of this is still so. Zero while it answers.
	AsOf time.Time
	// Unread is how many messages of a log are not read yet, at most.
	Unread int64
	Err    error // why it could not be read
	// MarksErr is why nobody knows what was done about its letters; those that were dealt
	// with may then be among the open ones.
	MarksErr error

	next   map[adapters.Log]int64      // where reading a log goes on; nil is not at all
	early  map[adapters.Position]*Mark // what the ledger says of letters that are not read yet
	behind bool                        // what is not listed has changed
	whole  struct {                    // the last time all of it was read
		at   time.Time
		took time.Duration
	}
}

// Key names a destination within a service.
func (g *DLQ) Key() string { return g.Source.Name + " " + g.Name }

// Stale says that the queue holds more or fewer letters now than when it was read.
func (s *Listed) Stale() bool {
	return !s.ReadAt.IsZero() && s.Messages >= 0 && !s.Cost.IsFree() && int(s.Messages) != len(s.Letters)+s.More
}

// ListingOptions say what to read again.
type ListingOptions struct {
	// Peek are keys of destinations to read whatever it costs: somebody asked for it.
	Peek map[string]bool
	// Fresh reads all streams again, since something was done and no broker tells what.
	Fresh bool
	// Most bounds the letters of all destinations together; 0 is [Config].Listed.
	Most int
}

const (
	// MostListed is how many letters are listed where nothing else is said.
	MostListed = 200_000
	// recheck is how often a stream is read again though nothing has come: somebody else
	// may have dealt with letters.
	recheck = 15 * time.Second
	// rereadShare is the least time between two readings of a whole log, in times of what
	// one takes: that is only needed for letters that are not listed.
	rereadShare = 50
	// leastTurn is how long a destination that is slow to read keeps the others waiting
	// before it is their turn. What was read by then of a log is kept.
	leastTurn = 5 * time.Second
)

// Listing lists what is in the destinations. Before is the listing before, or nil. Of a log
// that is read what has come since, and one into which a peek costs something only when it is
// asked for.
func (o *Service) Listing(ctx context.Context, before *Listing, options ListingOptions) *Listing {
	s := &Listing{At: time.Now(), ledgers: map[string]deadletter.LedgerPoint{}}
	s.list(ctx, o, before)
	needs := make([]int64, len(s.DLQs))
	for i := range s.DLQs {
		needs[i] = s.DLQs[i].needs(&options)
	}
	most := shares(cmp.Or(options.Most, o.config.Listed, MostListed), needs)
	marks := o.followLedgers(ctx, s, before, &options)
	for i := range s.DLQs {
		now := &s.DLQs[i]
		if now.due(&options) {
			turn, cancel := context.WithTimeout(ctx, turn(ctx, len(s.DLQs)-i))
			o.read(turn, now, marks[now.Key()], most[i])
			cancel()
		}
		if len(now.Letters) > most[i] { // the listing before keeps what it has
			now.Newest = now.on()
			now.trim(most[i])
		}
	}
	return s
}

// needs is how many letters of a destination there may be to list, or -1 if nobody knows.
func (s *Listed) needs(options *ListingOptions) int64 {
	switch {
	case !s.Cost.IsFree() && !options.Peek[s.Key()]:
		return int64(len(s.Letters)) // no more are read
	case s.Messages < 0:
		return -1
	}
	return max(s.Messages, int64(len(s.Letters)))
}

// turn is how long one of so many destinations may take.
func turn(ctx context.Context, left int) time.Duration {
	deadline, limited := ctx.Deadline()
	if !limited {
		return time.Hour
	}
	return max(leastTurn, time.Until(deadline)/time.Duration(left))
}

// list lists the destinations, with what is known of them from before. Those of a source
// that does not answer stay as they were.
func (s *Listing) list(ctx context.Context, o *Service, before *Listing) {
	sources, lists, problems := o.lists(ctx)
	s.Err = errors.Join(problems...)
	for i, source := range sources {
		if problems[i] != nil {
			s.DLQs = append(s.DLQs, before.of(source.Name)...)
			continue
		}
		for _, dlq := range lists[i] {
			now := Listed{DLQ: DLQ{source, dlq}}
			if was := before.find(now.Key()); was != nil && was.Incarnation == dlq.Incarnation {
				now = *was
				now.DLQ, now.AsOf = DLQ{source, dlq}, time.Time{}
				now.forget(dlq.Partitions)
			}
			now.Unread = now.unread()
			s.DLQs = append(s.DLQs, now)
		}
	}
}

// of are the destinations of a source that does not answer now.
func (s *Listing) of(source string) (list []Listed) {
	if s == nil {
		return nil
	}
	for _, was := range s.DLQs {
		if was.Source.Name == source {
			if was.AsOf.IsZero() {
				was.AsOf = s.At
			}
			list = append(list, was)
		}
	}
	return list
}

func (s *Listing) find(key string) *Listed {
	if s == nil {
		return nil
	}
	for i := range s.DLQs {
		if s.DLQs[i].Key() == key {
			return &s.DLQs[i]
		}
	}
	return nil
}

// unread is how many messages of a log that was read are not read yet, at most.
func (s *Listed) unread() (messages int64) {
	if s.next == nil {
		return 0
	}
	for log, offsets := range s.Partitions {
		messages += max(0, offsets.End-max(s.next[log], offsets.Start))
	}
	return messages
}

// due says that a destination is to be read.
func (s *Listed) due(options *ListingOptions) bool {
	switch {
	case !s.AsOf.IsZero():
		return false
	case options.Peek[s.Key()]:
		return true
	case !s.Cost.IsFree():
		return false
	case s.Partitions != nil:
		return s.next == nil || s.Unread > 0 || s.reread()
	}
	return s.ReadAt.IsZero() || options.Fresh || time.Since(s.ReadAt) > recheck
}

// reread says that all of a log is to be read again: what is not listed has changed, and
// the last time is long enough ago.
func (s *Listed) reread() bool {
	return s.behind && time.Since(s.whole.at) > max(recheck, rereadShare*s.whole.took)
}

// afresh says that a destination that is due is read from its beginning.
func (s *Listed) afresh(options *ListingOptions) bool {
	return s.Partitions == nil || s.next == nil || s.reread() || options.Peek[s.Key()]
}

// read reads a destination: all of it with the marks that are given for that, or else what
// came since. Of its letters, most are listed.
func (o *Service) read(ctx context.Context, s *Listed, marks *markSet, most int) {
	begun, letters, next := time.Now(), s.on(), maps.Clone(s.next)
	if marks != nil || s.next == nil {
		letters, next = Newest{}, map[adapters.Log]int64{}
	}
	known := s.early
	if marks != nil {
		known, s.MarksErr = marks.marks, marks.err
	}
	if s.MarksErr != nil && s.Settling != deadletter.ByLedger { // its journal is ours to read
		s.Err, s.MarksErr = s.MarksErr, nil
		return
	}
	recalled := &past{ledger: known}
	if marks != nil && marks.past != nil {
		recalled = marks.past
	}
	from := maps.Clone(next)
	said, err := o.readFrom(ctx, s.DLQ, recalled, s.MarksErr, from, func(l *Letter, _ *adapters.Message, _ *envelope.Identity) error {
		log := adapters.Log{Destination: l.Position.Destination, Partition: l.Position.Partition}
		next[log] = max(next[log], l.Position.Offset+1)
		letters.add(l, most)
		return nil
	})
	part := err != nil && ctx.Err() != nil && s.Partitions != nil // what was read is kept
	if s.Err = err; err != nil && !part {
		return
	}
	o.said.keep(s.key(), said, len(from) > 0)
	if s.Err = nil; !part {
		for log, offsets := range s.Partitions {
			next[log] = max(next[log], offsets.End)
		}
	}
	s.Newest, s.next, s.ReadAt = letters, next, time.Now()
	s.Unread = s.unread()
	s.early = later(known, next)
	if marks != nil {
		s.behind, s.whole.at, s.whole.took = false, s.ReadAt, s.ReadAt.Sub(begun)
	}
}

// later are the marks of letters that are not read yet.
func later(marks map[adapters.Position]*Mark, next map[adapters.Log]int64) map[adapters.Position]*Mark {
	var left map[adapters.Position]*Mark
	for position, mark := range marks {
		if position.Offset >= next[adapters.Log{Destination: position.Destination, Partition: position.Partition}] {
			if left == nil {
				left = map[adapters.Position]*Mark{}
			}
			left[position] = mark
		}
	}
	return left
}

// Letters are all letters of a listing, dead-letter queue by dead-letter queue.
func (s *Listing) Letters() []Letter {
	var all []Letter
	for i := range s.DLQs {
		all = append(all, s.DLQs[i].Letters...)
	}
	return all
}

// Message reads a letter whole: from its log, or from the archive where a peek has put it.
func (o *Service) Message(ctx context.Context, l *Letter) (adapters.Message, error) {
	for _, source := range o.config.Sources {
		if source.Name != l.Source {
			continue
		}
		if _, byDigest := l.Position.Digest(); byDigest {
			return o.Archived(ctx, source, l.Position, l.Content)
		}
		if source.Fetch == nil {
			return adapters.Message{}, errors.ErrUnsupported
		}
		for m, err := range source.Fetch.Fetch(ctx, []adapters.Position{l.Position}) {
			return m, err
		}
	}
	return adapters.Message{}, adapters.ErrGone
}

// Messages calls each for letters of one dead-letter queue with their messages: those that are
// removed when they are settled are in the archive, where a peek has put them, and others are
// read again. A letter that is not
// there any more is passed over. What each gets is only valid within the call.
func (o *Service) Messages(ctx context.Context, dlq DLQ, positions []adapters.Position, each func(*adapters.Message, *envelope.Identity) error) error {
	if dlq.Settling != deadletter.ByRemoval {
		wanted := make(map[adapters.Position]bool, len(positions))
		for _, position := range positions {
			wanted[position] = true
		}
		err := o.Read(ctx, dlq, func(l *Letter, m *adapters.Message, id *envelope.Identity) error {
			if !wanted[l.Position] {
				return nil
			}
			return each(m, id)
		})
		if unknown := (*UnknownStates)(nil); errors.As(err, &unknown) { // nobody asked for states
			return nil
		}
		return err
	}
	reader := envelope.NewReader(o.config.Rules)
	var id envelope.Identity
	for _, position := range positions {
		m, err := o.Archived(ctx, dlq.Source, position, adapters.Fingerprint{})
		if errors.Is(err, adapters.ErrGone) {
			continue
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		reader.Read(&m, &id)
		if err := each(&m, &id); err != nil {
			return err
		}
	}
	return nil
}
