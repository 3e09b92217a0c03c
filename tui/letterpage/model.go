package letterpage

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/deadletter"
	"eventscope/replay"
	"eventscope/tracing/lag"
	"eventscope/tui/eventpage"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// Config is what pages about dead letters work with.
type Config struct {
	Screen
	Service *replay.Service
	Write   bool // what changes a broker is allowed
	Words   page.Words
	Events  *eventpage.Config
	Columns []string // of lists of letters, by their names; empty for all
	Fields  []string // the names of further columns, in the order of [replay.Letter.Fields]
}

// Screen is what such a page asks of the screen.
type Screen interface {
	page.Screen
	page.Trail
	// LookUp opens the flow that an id leads to.
	LookUp(id string) tea.Cmd
}

// Model is what lies in the dead-letter queues, as it was last listed, for all pages about dead
// letters. It belongs to the event loop.
type Model struct {
	*Config
	page.Polled[*contents]
	columns page.Columns
	all     bool             // the pages show letters that were dealt with, too
	peek    map[string]bool  // the queues that the next listing reads, though it is not free
	fresh   bool             // something was done: read again
	then    func()           // what waits for a listing that begins from now on, or nil
	run     *running         // begun from here last, or nil
	runs    []*running       // begun from here, until a listing knows what they took out
	working sync.WaitGroup   // runs that are carried out
	records []*replay.Record // of runs, as the journal was read last
}

// contents are what a listing found. They never change.
type contents struct {
	listing *replay.Listing
	away    []replay.Letter // of queues: discarded, and kept in the archive
	lacking []error         // why some of those are missing; their queues are well
	groups  []replay.Group
	open    int64
	all     bool // letters that were dealt with are among the groups
}

const (
	// listingEvery is how often the dead-letter queues are listed while a page shows them.
	listingEvery = 2 * time.Second
	// listingInBackground is how often otherwise.
	listingInBackground = 15 * time.Second
	// listingLimit is how long that may take.
	listingLimit = time.Minute
)

// NewModel is a model that has listed nothing yet.
func NewModel(c *Config) *Model {
	m := &Model{Config: c, columns: page.ColumnsWithFields(Columns, c.Fields, c.Columns), peek: map[string]bool{}}
	m.Alike = (*contents).like
	return m
}

// update asks for a listing when one is due.
func (m *Model) update() tea.Cmd {
	changed := m.fresh || len(m.peek) > 0 || m.Known() && m.Last.all != m.all
	if m.Busy || !changed && !m.Due(m.Now(), listingEvery) {
		return nil
	}
	options := replay.ListingOptions{Peek: m.peek, Fresh: m.fresh || m.run.atWork()}
	m.peek, m.fresh = map[string]bool{}, false
	before, service, all, runs, then := m.Last, m.Service, m.all, slices.Clone(m.runs), m.then
	m.then = nil
	var begun time.Time
	return m.Poll(m, text.Own("reading the dead letters"), listingLimit, func(ctx context.Context) (*contents, error) {
		begun = time.Now()
		return list(ctx, service, before, options, all, runs), nil
	}, func() {
		if then != nil {
			then()
		}
		m.runs = slices.DeleteFunc(m.runs, func(r *running) bool { return r.endedBefore(begun) })
	})
}

// Again makes the next listing due at once.
func (m *Model) Again() {
	if m != nil {
		m.Polled.Again()
	}
}

// Ages reports whether the header shows how old the number of dead letters is.
func (m *Model) Ages() bool {
	return m != nil && m.open() > 0 && !m.Last.listing.Old().IsZero()
}

// list lists the dead-letter queues. It works outside the event loop.
func list(ctx context.Context, service *replay.Service, before *contents, options replay.ListingOptions, all bool, runs []*running) *contents {
	var was *replay.Listing
	if before != nil {
		was = before.listing
	}
	c := &contents{listing: service.Listing(ctx, was, options), all: all}
	for i := range c.listing.DLQs {
		g := &c.listing.DLQs[i]
		if g.Settling != deadletter.ByRemoval {
			continue
		}
		for _, r := range runs {
			r.withdraw(g)
		}
		if all {
			away, err := service.Discarded(ctx, g.DLQ)
			if err != nil {
				c.lacking = append(c.lacking, err)
			}
			c.away = append(c.away, away...)
		}
	}
	c.open = openIn(c.listing)
	var grouping replay.Grouping
	for i := range c.listing.DLQs {
		c.listing.DLQs[i].GroupInto(&grouping, all)
	}
	for i := range c.away {
		grouping.Add(&c.away[i])
	}
	c.groups = grouping.Groups()
	return c
}

// each calls do for all letters, in the order in which they lie in their dead-letter queues.
func (c *contents) each(do func(*replay.Letter)) {
	for i := range c.listing.DLQs {
		for j := range c.listing.DLQs[i].Letters {
			do(&c.listing.DLQs[i].Letters[j])
		}
	}
	for i := range c.away {
		do(&c.away[i])
	}
}

// like reports whether a listing found what another did.
func (c *contents) like(other *contents) bool {
	return c.all == other.all && len(c.away) == len(other.away) && page.SameError(c.listing.Err, other.listing.Err) &&
		slices.EqualFunc(c.lacking, other.lacking, page.SameError) &&
		slices.EqualFunc(c.listing.DLQs, other.listing.DLQs, func(a, b replay.Listed) bool {
			return a.Key() == b.Key() && a.Messages == b.Messages && a.ReadAt.Equal(b.ReadAt) && len(a.Letters) == len(b.Letters) &&
				a.Unread == b.Unread && a.AsOf.Equal(b.AsOf) && page.SameError(a.Err, b.Err) && page.SameError(a.MarksErr, b.MarksErr) && page.SameError(a.Unsafe, b.Unsafe)
		})
}

// dlq is the one in which a letter lies, or nil.
func (c *contents) dlq(source, name string) *replay.Listed {
	for i := range c.listing.DLQs {
		if g := &c.listing.DLQs[i]; g.Source.Name == source && g.Name == name {
			return g
		}
	}
	return nil
}

// asOf is from when it is what is shown of a place for dead letters: its source does not
// answer, or it cannot be read. It is zero for what is so now.
func (m *Model) asOf(source, name string) time.Time {
	g := m.Last.dlq(source, name)
	switch {
	case g == nil:
		return time.Time{}
	case g.AsOf.IsZero() && g.Err != nil:
		return g.ReadAt
	}
	return g.AsOf
}

// more is how many letters there are beyond those that are listed.
func (c *contents) more() (n int64) {
	for i := range c.listing.DLQs {
		n += int64(c.listing.DLQs[i].More)
	}
	return n
}

// unread is how many messages of logs are not read yet, at most.
func (c *contents) unread() (n int64) {
	for i := range c.listing.DLQs {
		n += c.listing.DLQs[i].Unread
	}
	return n
}

// peekInto asks to read a queue, which is not free.
func (m *Model) peekInto(dlq *replay.Listed) tea.Cmd {
	m.peek[dlq.Key()] = true
	return m.update()
}

// unread are the dead-letter queues that nobody has looked into yet, that have changed since, or that
// cannot be read.
func (m *Model) unread() []*replay.Listed {
	var list []*replay.Listed
	for i := range m.Last.listing.DLQs {
		g := &m.Last.listing.DLQs[i]
		if g.Err != nil || g.ReadAt.IsZero() && g.Messages != 0 || g.Stale() {
			list = append(list, g)
		}
	}
	return list
}

// lettersOf are the letters of a group, in the order in which they lie in their dead-letter queue.
func (m *Model) lettersOf(group *replay.Group) []*replay.Letter {
	var list []*replay.Letter
	m.Last.each(func(l *replay.Letter) {
		if l.In(group) {
			list = append(list, l)
		}
	})
	return list
}

// openIn counts the letters that nothing was done about; of dead-letter queues that were not read,
// what the broker says that they hold.
func openIn(listing *replay.Listing) (count int64) {
	for i := range listing.DLQs {
		g := &listing.DLQs[i]
		if g.ReadAt.IsZero() {
			count += max(0, g.Messages)
			continue
		}
		if count += int64(g.Open()) + g.Unread; g.Stale() {
			count += max(0, g.Messages-int64(len(g.Letters)+g.More)) // which came since
		}
	}
	return count
}

// open is how many letters nothing was done about.
func (m *Model) open() int64 {
	if m == nil || m.Last == nil {
		return 0
	}
	return m.Last.open
}

// Background asks for a listing now and then while other pages are shown, for the number
// in the header; while a run is at work it is asked as if a page showed it.
func (m *Model) Background() tea.Cmd {
	if m == nil || !m.run.atWork() && m.then == nil && !m.Due(m.Now(), listingInBackground) {
		return nil
	}
	return m.update()
}

// deathWords is why a letter died, in few words: the exception without its package, the
// reason, the message.
func deathWords(reason, exception, message string) string {
	short := exception[strings.LastIndexAny(exception, ".$")+1:]
	var words []string
	for _, word := range []string{short, reason, message} {
		if word != "" && !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, word) }) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ": ")
}

// Queues are those that the header counts as dead letters.
func (m *Model) Queues() map[lag.Key]bool {
	if m == nil || m.Last == nil {
		return nil
	}
	names := map[lag.Key]bool{}
	for i := range m.Last.listing.DLQs {
		if g := &m.Last.listing.DLQs[i]; g.Kind == adapters.Queue {
			names[lag.Key{Source: g.Source.Name, Kind: consumer.QueueConsumers, Group: g.Name}] = true
		}
	}
	return names
}

// openFlowOf opens the flow that a letter belongs to.
func (m *Model) openFlowOf(l *replay.Letter) tea.Cmd {
	if l.Flow == "" {
		m.Say(theme.Warn, text.Own("this letter names no flow and no order"))
		return nil
	}
	return m.LookUp(l.Flow)
}

// Total is how many letters are open, for the header; empty where none is. It is as old as the
// source that is away longest, which awaySince tells: at once, and not when the next reading fails.
func (m *Model) Total(awaySince func(source string) time.Time) []page.Piece {
	if m.open() <= 0 {
		return nil
	}
	parts := []page.Piece{{Role: theme.Bad, Text: m.Theme().Glyph.Dead.Add(text.Space, text.Short(float64(m.open())), deadWord(m.open()))}}
	old := m.Last.listing.Old()
	for i := range m.Last.listing.DLQs {
		if away := awaySince(m.Last.listing.DLQs[i].Source.Name); !away.IsZero() && (old.IsZero() || away.Before(old)) {
			old = away
		}
	}
	if !old.IsZero() {
		parts = append(parts, page.Piece{Role: theme.Warn, Text: text.Own(" (").Add(text.Age(max(m.Now().Sub(old), time.Second)), text.Own(" old)"))})
	}
	return parts
}

// OpenLetters is how many letters are open, and whether that is known.
func (m *Model) OpenLetters() (n int64, known bool) {
	if m == nil || m.Last == nil {
		return 0, false
	}
	return m.open(), true
}

// deadWord is what follows their number.
func deadWord(n int64) text.Safe {
	if n == 1 {
		return text.Own(" dead letter")
	}
	return text.Own(" dead letters")
}

// AtWork reports whether a run that was begun from here is at work.
func (m *Model) AtWork() bool { return m != nil && m.run.atWork() }

// Progress is how far the run that was begun last is, for the header.
func (m *Model) Progress() page.Piece {
	t, r := m.Theme(), m.run
	now := r.state()
	return page.Piece{Role: theme.Accent, Text: t.Glyph.Running.Add(text.Space, t.String(string(r.run.Plan.Action)), text.Space, text.Count(int64(now.Done)), text.Own(" of "), text.Count(int64(now.Total)))}
}

// Finish waits until no run is carried out any more.
func (m *Model) Finish() {
	if m != nil {
		m.working.Wait()
	}
}
