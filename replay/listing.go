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
func (d *DLQ) Key() string { return d.Source.Name + " " + d.Name }

// Stale reports whether the queue holds more or fewer letters now than when it was read.
func (l *Listed) Stale() bool {
	return !l.ReadAt.IsZero() && l.Messages >= 0 && !l.Cost.IsFree() && int(l.Messages) != len(l.Letters)+l.More
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
func (s *Service) Listing(ctx context.Context, before *Listing, options ListingOptions) *Listing {
	l := &Listing{At: time.Now(), ledgers: map[string]deadletter.LedgerPoint{}}
	l.list(ctx, s, before)
	needs := make([]int64, len(l.DLQs))
	for i := range l.DLQs {
		needs[i] = l.DLQs[i].needs(&options)
	}
	most := shares(cmp.Or(options.Most, s.config.Listed, MostListed), needs)
	marks := s.followLedgers(ctx, l, before, &options)
	for i := range l.DLQs {
		now := &l.DLQs[i]
		if now.due(&options) {
			turn, cancel := context.WithTimeout(ctx, turn(ctx, len(l.DLQs)-i))
			s.readListed(turn, now, marks[now.Key()], most[i])
			cancel()
		}
		if len(now.Letters) > most[i] { // the listing before keeps what it has
			now.Newest = now.on()
			now.trim(most[i])
		}
	}
	return l
}

// needs is how many letters of a destination there may be to list, or -1 if nobody knows.
func (l *Listed) needs(options *ListingOptions) int64 {
	switch {
	case !l.Cost.IsFree() && !options.Peek[l.Key()]:
		return int64(len(l.Letters)) // no more are read
	case l.Messages < 0:
		return -1
	}
	return max(l.Messages, int64(len(l.Letters)))
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
func (l *Listing) list(ctx context.Context, o *Service, before *Listing) {
	sources, lists, problems := o.lists(ctx)
	l.Err = errors.Join(problems...)
	for i, source := range sources {
		if problems[i] != nil {
			l.DLQs = append(l.DLQs, before.of(source.Name)...)
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
			l.DLQs = append(l.DLQs, now)
		}
	}
}

// of are the destinations of a source that does not answer now.
func (l *Listing) of(source string) (list []Listed) {
	if l == nil {
		return nil
	}
	for _, was := range l.DLQs {
		if was.Source.Name == source {
			if was.AsOf.IsZero() {
				was.AsOf = l.At
			}
			list = append(list, was)
		}
	}
	return list
}

func (l *Listing) find(key string) *Listed {
	if l == nil {
		return nil
	}
	for i := range l.DLQs {
		if l.DLQs[i].Key() == key {
			return &l.DLQs[i]
		}
	}
	return nil
}

// unread is how many messages of a log that was read are not read yet, at most.
func (l *Listed) unread() (messages int64) {
	if l.next == nil {
		return 0
	}
	for log, offsets := range l.Partitions {
		messages += max(0, offsets.End-max(l.next[log], offsets.Start))
	}
	return messages
}

// due reports whether a destination is to be read.
func (l *Listed) due(options *ListingOptions) bool {
	switch {
	case !l.AsOf.IsZero():
		return false
	case options.Peek[l.Key()]:
		return true
	case !l.Cost.IsFree():
		return false
	case l.Partitions != nil:
		return l.next == nil || l.Unread > 0 || l.reread()
	}
	return l.ReadAt.IsZero() || options.Fresh || time.Since(l.ReadAt) > recheck
}

// reread reports whether all of a log is to be read again: what is not listed has changed, and
// the last time is long enough ago.
func (l *Listed) reread() bool {
	return l.behind && time.Since(l.whole.at) > max(recheck, rereadShare*l.whole.took)
}

// afresh reports whether a destination that is due is read from its beginning.
func (l *Listed) afresh(options *ListingOptions) bool {
	return l.Partitions == nil || l.next == nil || l.reread() || options.Peek[l.Key()]
}

// readListed reads a destination: all of it with the marks that are given for that, or else what
// came since. Of its letters, most are listed.
func (s *Service) readListed(ctx context.Context, l *Listed, marks *markSet, most int) {
	begun, letters, next := time.Now(), l.on(), maps.Clone(l.next)
	if marks != nil || l.next == nil {
		letters, next = Newest{}, map[adapters.Log]int64{}
	}
	known := l.early
	if marks != nil {
		known, l.MarksErr = marks.marks, marks.err
	}
	if l.MarksErr != nil && l.Settling != deadletter.ByLedger { // its journal is ours to read
		l.Err, l.MarksErr = l.MarksErr, nil
		return
	}
	recalled := &past{ledger: known}
	if marks != nil && marks.past != nil {
		recalled = marks.past
	}
	from := maps.Clone(next)
	said, err := s.readFrom(ctx, l.DLQ, recalled, l.MarksErr, from, func(letter *Letter, _ *adapters.Message, _ *envelope.Identity) error {
		log := adapters.Log{Destination: letter.Position.Destination, Partition: letter.Position.Partition}
		next[log] = max(next[log], letter.Position.Offset+1)
		letters.add(letter, most)
		return nil
	})
	part := err != nil && ctx.Err() != nil && l.Partitions != nil // what was read is kept
	if l.Err = err; err != nil && !part {
		return
	}
	s.said.keep(l.key(), said, len(from) > 0)
	if l.Err = nil; !part {
		for log, offsets := range l.Partitions {
			next[log] = max(next[log], offsets.End)
		}
	}
	l.Newest, l.next, l.ReadAt = letters, next, time.Now()
	l.Unread = l.unread()
	l.early = later(known, next)
	if marks != nil {
		l.behind, l.whole.at, l.whole.took = false, l.ReadAt, l.ReadAt.Sub(begun)
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
func (l *Listing) Letters() []Letter {
	var all []Letter
	for i := range l.DLQs {
		all = append(all, l.DLQs[i].Letters...)
	}
	return all
}

// Message reads a letter whole: from its log, or from the archive where a peek has put it.
func (s *Service) Message(ctx context.Context, l *Letter) (adapters.Message, error) {
	for _, source := range s.config.Sources {
		if source.Name != l.Source {
			continue
		}
		if _, byDigest := l.Position.Digest(); byDigest {
			return s.Archived(ctx, source, l.Position, l.Content)
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
func (s *Service) Messages(ctx context.Context, dlq DLQ, positions []adapters.Position, each func(*adapters.Message, *envelope.Identity) error) error {
	if dlq.Settling != deadletter.ByRemoval {
		wanted := make(map[adapters.Position]bool, len(positions))
		for _, position := range positions {
			wanted[position] = true
		}
		err := s.Read(ctx, dlq, func(l *Letter, m *adapters.Message, id *envelope.Identity) error {
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
	reader := envelope.NewReader(s.config.Rules)
	var id envelope.Identity
	for _, position := range positions {
		m, err := s.Archived(ctx, dlq.Source, position, adapters.Fingerprint{})
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
