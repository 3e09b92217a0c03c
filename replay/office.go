package replay

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"sync"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// Source is a broker whose dead letters are dealt with.
type Source struct {
	// Name is what the screen and the lines call it.
	Name string
	// Cluster says which broker it is, in the same words each time: a URL without user,
	// secrets and parameters. The journal remembers it.
	Cluster string
	// URL is how it was opened, without secrets, so that a run can be resumed.
	URL         string
	Broker      adapters.Broker
	DeadLetters adapters.DeadLetters
	// Fetch reads letters of logs again. Nil where there is none.
	Fetch adapters.Fetcher
}

// Config is what an office works with.
type Config struct {
	Folder  string // for journal, plans and archive; made when needed, for this user only
	Sources []Source
	Targets []Source // clusters that are only sent to
	Rules   *envelope.Rules
	Headers Headers
	Listed  int    // how many letters a survey lists in all; 0 is [MostListed]
	By      string // user@host, for journal, ledger and copies
}

// Office is where dead letters are dealt with: it lists them, plans, runs, and knows what
// was done before. Its methods may be called from several goroutines at once.
type Office struct {
	config  Config
	journal *Journal

	mu       sync.Mutex
	archives map[string]*archive
}

// NewOffice opens an office. Nothing is written before something is done.
func NewOffice(config Config) (*Office, error) {
	journal, err := OpenJournal(config.Folder)
	if err != nil {
		return nil, err
	}
	return &Office{config: config, journal: journal, archives: map[string]*archive{}}, nil
}

// Grave is a grave and the source it is in.
type Grave struct {
	Source Source
	adapters.Grave
}

// Graves lists the graves of all sources. The error joins what single sources said; the
// graves of the others are listed all the same.
func (o *Office) Graves(ctx context.Context) ([]Grave, error) {
	lists := make([][]adapters.Grave, len(o.config.Sources))
	problems := make([]error, len(o.config.Sources))
	var asking sync.WaitGroup
	for i, source := range o.config.Sources {
		asking.Go(func() { lists[i], problems[i] = source.DeadLetters.Graves(ctx) })
	}
	asking.Wait()
	var all []Grave
	for i, list := range lists {
		for _, grave := range list {
			all = append(all, Grave{o.config.Sources[i], grave})
		}
	}
	return all, errors.Join(problems...)
}

// Read reads the letters of a grave in order. Letters of a queue are in the archive
// before each is called. The message and its identity are only valid within the call.
func (o *Office) Read(ctx context.Context, grave Grave, each func(*Letter, *adapters.Message, *envelope.Identity) error) error {
	marks, err := o.marks(ctx, grave)
	if err != nil {
		return err
	}
	r := &reader{
		envelope: envelope.NewReader(o.config.Rules), source: grave.Source.Name, broker: grave.Source.Broker,
		grave: &grave.Grave, marks: marks, headers: &o.config.Headers,
	}
	var id envelope.Identity
	return grave.Source.DeadLetters.Look(ctx, adapters.Look{Grave: grave.Name}, func(part []adapters.Held) error {
		if grave.Kind == adapters.Queue {
			if err := o.keep(&grave, part); err != nil {
				return err
			}
		}
		for i := range part {
			letter := r.read(&part[i].Message, &id)
			if err := each(&letter, &part[i].Message, &id); err != nil {
				return err
			}
		}
		return nil
	})
}

// keep puts letters of a queue into its archive.
func (o *Office) keep(grave *Grave, letters []adapters.Held) error {
	lines := make([]preserved, 0, len(letters))
	for i := range letters {
		line, err := grave.Source.DeadLetters.Preserve(nil, &letters[i])
		if err != nil {
			return err
		}
		lines = append(lines, preserved{letters[i].Position, line})
	}
	return o.archive(grave.Source.Cluster, grave.Name).put(lines)
}

// archive is the one of a queue.
func (o *Office) archive(cluster, queue string) *archive {
	o.mu.Lock()
	defer o.mu.Unlock()
	path := filepath.Join(o.config.Folder, "archive", url.PathEscape(cluster), url.PathEscape(queue)+".jsonl")
	if o.archives[path] == nil {
		o.archives[path] = newArchive(path)
	}
	return o.archives[path]
}

// Archived is a letter of a queue as it was when it was last looked at, or discarded.
func (o *Office) Archived(source Source, position adapters.Position) (adapters.Message, error) {
	line, err := o.archive(source.Cluster, position.Destination).get(position)
	if err != nil {
		return adapters.Message{}, err
	}
	m, err := source.DeadLetters.Preserved(line)
	m.Position = position
	return m, err
}

// marks is what was done about the letters of a grave: by the ledger where there is one,
// else by the journal.
func (o *Office) marks(ctx context.Context, grave Grave) (map[adapters.Position]*Mark, error) {
	if grave.Source.Broker == adapters.Kafka {
		ledger, err := readLedger(ctx, grave.Source.DeadLetters, grave.Name)
		if err != nil {
			return nil, err
		}
		return ledger.marks, nil
	}
	return o.journalMarks(grave)
}

// graveKey names a grave: by source and its own name.
type graveKey struct{ source, grave string }

func sourceName(o *Office, cluster string) string {
	for _, s := range o.config.Sources {
		if s.Cluster == cluster {
			return s.Name
		}
	}
	return cluster
}

// source is the source on a cluster.
func (o *Office) source(cluster string) (Source, error) {
	for _, s := range append(o.config.Sources, o.config.Targets...) {
		if s.Cluster == cluster {
			return s, nil
		}
	}
	return Source{}, &adapters.Problem{
		Doing: "send or settle letters on " + cluster, Cause: "it is not among the sources",
		Remedy: "name it by its URL", Kind: adapters.ErrUsage,
	}
}
