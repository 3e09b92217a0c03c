package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope"
	"eventscope/adapters/payload"
	"eventscope/replay/files"
)

// Source is a broker whose dead letters are dealt with.
type Source struct {
	// Name is what the screen and the lines call it.
	Name string
	// Address is where it is: a URL without user, secrets and parameters.
	Address string
	// Cluster says which broker it is, in the broker's own words, whatever it was reached by:
	// a service asks it. The journal remembers it. Where a broker says nothing, and in
	// journals of the version before, it is the address.
	Cluster string
	// URL is how it was opened, without secrets, so that a run can be resumed.
	URL         string
	Broker      adapters.Broker
	DeadLetters deadletter.Queues
	// TargetOf is that of the broker's driver.
	TargetOf deadletter.TargetOf
	// Fetch reads letters of logs again. Nil where there is none.
	Fetch adapters.Fetcher
}

// Config is what a service works with.
type Config struct {
	Folder  string // for journal, plans and archive; made when needed, for this user only
	Sources []Source
	Targets []Source // clusters that are only sent to
	Rules   *envelope.Rules
	Headers Headers
	Fields  []payload.Field // of letters, for lists
	Listed  int             // how many letters a listing lists in all; 0 is [MostListed]
	By      string          // user@host, for journal, ledger and copies
	// Nearest is which of several names is meant by one that is misspelt, or ""; nil where nobody guesses.
	Nearest func(name string, names []string) string
	// Told, if not nil, hears of runs that begin, stop and end, for a log.
	Told func(Line)

	disk    *files.Disk   // nil is the real one
	runName func() string // draws the name of a run; nil is by the clock and by chance
}

// Service is where dead letters are dealt with: it lists them, plans, runs, and knows what
// was done before. Its methods may be called from several goroutines at once.
type Service struct {
	config  Config
	disk    *files.Disk
	journal *Journal

	said tallies

	mu       sync.Mutex
	archives map[string]*files.Archive
}

// NewService opens a service. Nothing is written before something is done.
func NewService(config Config) (*Service, error) {
	if config.disk == nil {
		config.disk = files.RealDisk
	}
	if config.runName == nil {
		config.runName = drawName
	}
	var err error
	if config.Folder, err = config.disk.Home(config.Folder); err != nil {
		return nil, files.ProblemOf("use the state folder "+config.Folder, err)
	}
	journal := openJournal(config.disk, config.Folder)
	journal.told = config.Told
	return &Service{config: config, disk: config.disk, journal: journal, archives: map[string]*files.Archive{}}, nil
}

// DLQ is a dead-letter queue and the source it is in.
type DLQ struct {
	Source Source
	deadletter.Queue
}

// DLQs lists the dead-letter queues of all sources. The error joins a [adapters.SourceError] each; the
// dead-letter queues of the others are listed all the same.
func (s *Service) DLQs(ctx context.Context) ([]DLQ, error) {
	sources, lists, problems := s.lists(ctx)
	var all []DLQ
	for i, list := range lists {
		for _, dlq := range list {
			all = append(all, DLQ{sources[i], dlq})
		}
	}
	return all, errors.Join(problems...)
}

// lists lists the dead-letter queues of each source, or why they could not be listed.
func (s *Service) lists(ctx context.Context) ([]Source, [][]deadletter.Queue, []error) {
	sources := slices.Clone(s.config.Sources)
	lists := make([][]deadletter.Queue, len(sources))
	problems := make([]error, len(sources))
	var asking sync.WaitGroup
	for i := range sources {
		asking.Go(func() {
			if lists[i], problems[i] = sources[i].DeadLetters.DLQs(ctx); len(lists[i]) == 0 {
				return
			}
			if err := sources[i].identify(ctx); err != nil {
				lists[i], problems[i] = nil, errors.Join(problems[i], err)
			}
		})
	}
	asking.Wait()
	for i, problem := range problems {
		if problem != nil {
			problems[i] = &adapters.SourceError{Source: sources[i].Name, Err: problem}
		}
	}
	return sources, lists, problems
}

// Read reads the letters of a dead-letter queue in order. Letters of a queue are in the archive
// before each is called. The message and its identity are only valid within the call.
//
// Looking takes no right to the ledger. Where that cannot be read, the state of every letter
// is Unknown, and the error at the end is an [UnknownStates].
func (s *Service) Read(ctx context.Context, dlq DLQ, each func(*Letter, *adapters.Message, *envelope.Identity) error) error {
	past, unknown := s.recall(ctx, dlq)
	if ctx.Err() != nil || unknown != nil && dlq.Settling != deadletter.ByLedger {
		return errors.Join(unknown, ctx.Err())
	}
	said, err := s.readFrom(ctx, dlq, past, unknown, nil, each)
	if err != nil {
		return err
	}
	s.said.keep(dlq.key(), said, false)
	if unknown != nil {
		return &UnknownStates{dlq.Name, unknown}
	}
	return nil
}

// readFrom is Read with what was done before, which is known, or unknown for a reason, from
// offsets of a log on. It counts what the letters say, also of those before an error.
func (s *Service) readFrom(ctx context.Context, dlq DLQ, past *past, unknown error, from map[adapters.Log]int64, each func(*Letter, *adapters.Message, *envelope.Identity) error) (*tally, error) {
	r := s.reader(&dlq, past, unknown)
	var id envelope.Identity
	said := &tally{}
	return said, dlq.Source.DeadLetters.Peek(ctx, deadletter.Peek{DLQ: dlq.Name, FromOffsets: from}, func(part []deadletter.Delivery) error {
		var foreign []bool
		if dlq.Settling == deadletter.ByRemoval {
			var err error
			if foreign, err = s.keep(&dlq, part, false); err != nil {
				return err
			}
		}
		for i := range part {
			letter := r.letter(&part[i].Message, &id)
			letter.Maybe = letter.Maybe || foreign != nil && foreign[i]
			said.add(&letter)
			if err := each(&letter, &part[i].Message, &id); err != nil {
				return err
			}
		}
		return nil
	})
}

// UnknownStates says that letters were read, and that what was done about them is not known.
type UnknownStates struct {
	DLQ string
	Why error
}

// Error is a sentence.
func (u *UnknownStates) Error() string {
	return fmt.Sprintf("which letters of %s were dealt with is not known, so all are shown: %v", u.DLQ, u.Why)
}

// Unwrap gives the reason.
func (u *UnknownStates) Unwrap() error { return u.Why }

// recall is what was done about the letters of a dead-letter queue: by the ledger where there is one,
// else by the journal.
func (s *Service) recall(ctx context.Context, dlq DLQ) (*past, error) {
	if dlq.Settling == deadletter.ByLedger {
		ledger := newLedger(dlq.Source.DeadLetters, dlq.Name)
		if err := ledger.update(ctx, false); err != nil {
			return nil, err
		}
		return &past{ledger: ledger.marks}, nil
	}
	return s.past(dlq)
}

// dlqKey names a dead-letter queue: by source and its own name.
type dlqKey struct{ source, dlq string }

func (d *DLQ) key() dlqKey { return dlqKey{d.Source.Name, d.Name} }

// identify asks the broker which one it is.
func (s *Source) identify(ctx context.Context) error {
	cluster, err := s.DeadLetters.Cluster(ctx)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		err = nil
	case err == nil && cluster != "":
		s.Cluster = cluster
	}
	s.Cluster = cmp.Or(s.Cluster, s.Address)
	return err
}

// is reports whether a source is the one that the journal names.
func (s *Source) is(name string) bool { return name != "" && (name == s.Cluster || name == s.Address) }

// About reports whether a plan takes letters from a dead-letter queue.
func (p *Plan) About(dlq *DLQ) bool {
	return slices.ContainsFunc(p.Parts, func(part Part) bool { return part.DLQ == dlq.Name && dlq.Source.is(part.Source) })
}

// source is the source on a cluster.
func (s *Service) source(ctx context.Context, broker adapters.Broker, cluster string) (Source, error) {
	var others []string
	var problems error
	for _, source := range slices.Concat(s.config.Sources, s.config.Targets) {
		err := source.identify(ctx)
		if err == nil && source.is(cluster) {
			return source, nil
		}
		if problems = errors.Join(problems, err); err == nil && source.Broker == broker {
			others = append(others, source.Name+" is "+source.Cluster)
		}
	}
	if problems != nil { // it may be one of those that do not say which they are
		return Source{}, problems
	}
	problem := &adapters.Problem{
		Doing: "send or settle letters on " + cluster, Cause: "it is not among the sources",
		Remedy: "name it by its URL", Kind: adapters.ErrUsage,
	}
	if len(others) > 0 {
		problem.Cause, problem.Kind = "that is another cluster than the sources are: "+strings.Join(others, ", "), ErrRefused
	}
	return Source{}, problem
}
