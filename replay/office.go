package replay

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

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

// Plan freezes letters into a plan. They are what Read gave of one grave or several, all
// of it, or chosen by what they contain; see [PlanOptions.Only]. Only open ones are taken
// for a replay or a discard, and only discarded ones for a restore.
func (o *Office) Plan(ctx context.Context, action Action, letters []Letter, options PlanOptions) (*Plan, error) {
	graves, err := o.gravesOf(ctx, letters)
	if err != nil {
		return nil, err
	}
	unfinished, err := o.unfinished()
	if err != nil {
		return nil, err
	}
	plan := &Plan{Action: action, Reason: options.Reason, By: o.config.By, At: time.Now().UTC(), Headers: o.config.Headers}
	planners := map[graveKey]*planner{}
	var order []*planner
	for i := range letters {
		l := &letters[i]
		if options.Only != nil && !options.Only[l.Position] || l.State != action.Wants() {
			continue
		}
		key := graveKey{l.Source, l.Grave}
		p := planners[key]
		if p == nil {
			p = newPlanner(action, &options, graves[key])
			p.part.Unfinished = unfinished[graveKey{p.part.Source, p.part.Grave}]
			planners[key] = p
			order = append(order, p)
		}
		p.add(l)
	}
	for _, p := range order {
		if err := p.finish(ctx, graves[graveKey{sourceName(o, p.part.Source), p.part.Grave}]); err != nil {
			return nil, err
		}
		plan.Parts = append(plan.Parts, p.part)
	}
	return plan, plan.seal()
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

// gravesOf finds the graves that letters lie in.
func (o *Office) gravesOf(ctx context.Context, letters []Letter) (map[graveKey]Grave, error) {
	all, problem := o.Graves(ctx)
	found := map[graveKey]Grave{}
	for _, g := range all {
		found[graveKey{g.Source.Name, g.Name}] = g
	}
	for i := range letters {
		if _, ok := found[graveKey{letters[i].Source, letters[i].Grave}]; !ok {
			return nil, errors.Join(problem, adapters.UnknownDestination(letters[i].Broker, letters[i].Source, "dead-letter destination", letters[i].Grave))
		}
	}
	return found, nil
}

func newPlanner(action Action, options *PlanOptions, grave Grave) *planner {
	p := &planner{
		action: action, options: options, targets: map[adapters.Target]*Destined{}, strip: map[string]bool{},
		part: Part{
			Source: grave.Source.Cluster, URL: grave.Source.URL, Broker: grave.Source.Broker, Grave: grave.Name, Kind: grave.Kind,
			Incarnation: grave.Incarnation, Guarantee: grave.Guarantee,
		},
	}
	if options.Through != nil && action == Replay {
		p.part.Through, p.part.ThroughURL, p.part.Guarantee = options.Through.Cluster, options.Through.URL, adapters.AtLeastOnce
	}
	return p
}

// finish asks who receives what is sent to each target.
func (p *planner) finish(ctx context.Context, grave Grave) error {
	p.part.Stripped = slices.Sorted(maps.Keys(p.strip))
	letters := grave.Source.DeadLetters
	if p.options.Through != nil {
		letters = p.options.Through.DeadLetters
	}
	for _, destined := range p.targets {
		reach, err := letters.Reach(ctx, destined.Target)
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		destined.Missing = err == nil && !reach.Exists
		destined.AlsoReaches, destined.Unknown = reach.Readers, reach.Unknown
		p.part.Targets = append(p.part.Targets, *destined)
	}
	slices.SortFunc(p.part.Targets, func(a, b Destined) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Target.String(), b.Target.String()))
	})
	return nil
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
