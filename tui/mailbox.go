package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// mailbox is what lies in the graves, as it was last surveyed, for all pages about dead
// letters. It belongs to the event loop.
type mailbox struct {
	*desk
	question
	contents *contents // nil until the first came
	all      bool      // the pages show letters that were dealt with, too
	look     map[string]bool
	fresh    bool // something was done: read again
	asked    time.Time
	took     time.Duration // the last survey
	seen     int           // surveys that brought something new
	then     func()        // what waits for the next survey, or nil
	runs     []*running    // begun from here
	open     int64         // letters that nothing was done about
}

// contents are what a survey found. They never change.
type contents struct {
	survey *replay.Survey
	away   []replay.Letter // of queues: discarded, and kept in the archive
	groups []replay.Group
	open   int64
	all    bool // letters that were dealt with are among the groups
}

const (
	// surveyEvery is how often the graves are surveyed while a page shows them.
	surveyEvery = 2 * time.Second
	// surveyInBackground is how often otherwise.
	surveyInBackground = 15 * time.Second
	// surveyLimit is how long that may take.
	surveyLimit = time.Minute
	// surveyShare is the least time between two surveys, in times of what one takes.
	surveyShare = 10
)

func newMailbox(d *desk) *mailbox { return &mailbox{desk: d, look: map[string]bool{}} }

// due says that a survey is.
func (b *mailbox) due() bool {
	if b.contents == nil || b.fresh || len(b.look) > 0 || b.contents.all != b.all {
		return true
	}
	return b.now.Sub(b.asked) >= max(surveyEvery, surveyShare*b.took)
}

// update asks for a survey when one is due.
func (b *mailbox) update() tea.Cmd {
	if b.busy || !b.due() {
		return nil
	}
	b.asked = b.now
	options := replay.SurveyOptions{Look: b.look, Fresh: b.fresh || b.run.atWork()}
	b.look, b.fresh = map[string]bool{}, false
	before, office, all, runs := b.contents, b.options.Office, b.all, slices.Clone(b.runs)
	return b.ask(b.desk, text.Own("reading the dead letters"), surveyLimit, func(ctx context.Context) (func(), error) {
		begun := time.Now()
		now := take(ctx, office, before, options, all, runs)
		took := time.Since(begun)
		return func() { b.settle(now, took) }, nil
	})
}

// settle puts what a survey found where the pages see it.
func (b *mailbox) settle(now *contents, took time.Duration) {
	if b.contents == nil || !now.like(b.contents) {
		b.seen++
	}
	b.contents, b.open, b.took = now, now.open, took
	if then := b.then; then != nil {
		b.then = nil
		then()
	}
}

// take surveys the graves. It works outside the event loop.
func take(ctx context.Context, office *replay.Office, before *contents, options replay.SurveyOptions, all bool, runs []*running) *contents {
	var was *replay.Survey
	if before != nil {
		was = before.survey
	}
	c := &contents{survey: office.Survey(ctx, was, options), all: all}
	for i := range c.survey.Graves {
		g := &c.survey.Graves[i]
		if g.Kind != adapters.Queue {
			continue
		}
		for _, r := range runs {
			r.withdraw(g)
		}
		if all {
			away, err := office.Discarded(ctx, g.Grave)
			if err != nil {
				g.Err = err
			}
			c.away = append(c.away, away...)
		}
	}
	c.open = openIn(c.survey)
	var letters []replay.Letter
	c.each(func(l *replay.Letter) {
		if all || !l.State.Settled() {
			letters = append(letters, *l)
		}
	})
	c.groups = replay.Groups(letters)
	return c
}

// each calls do for all letters, in the order in which they lie in their graves.
func (c *contents) each(do func(*replay.Letter)) {
	for i := range c.survey.Graves {
		for j := range c.survey.Graves[i].Letters {
			do(&c.survey.Graves[i].Letters[j])
		}
	}
	for i := range c.away {
		do(&c.away[i])
	}
}

// like says that a survey found what another did.
func (c *contents) like(other *contents) bool {
	return c.all == other.all && len(c.away) == len(other.away) && sameError(c.survey.Err, other.survey.Err) &&
		slices.EqualFunc(c.survey.Graves, other.survey.Graves, func(a, b replay.Surveyed) bool {
			return a.Key() == b.Key() && a.Messages == b.Messages && a.ReadAt.Equal(b.ReadAt) && len(a.Letters) == len(b.Letters) &&
				sameError(a.Err, b.Err) && sameError(a.Unsafe, b.Unsafe)
		})
}

func sameError(a, b error) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Error() == b.Error()
}

// grave is the one in which a letter lies, or nil.
func (c *contents) grave(source, name string) *replay.Surveyed {
	for i := range c.survey.Graves {
		if g := &c.survey.Graves[i]; g.Source.Name == source && g.Name == name {
			return g
		}
	}
	return nil
}

// more is how many letters there are beyond those that are listed.
func (c *contents) more() (n int64) {
	for i := range c.survey.Graves {
		n += int64(c.survey.Graves[i].More)
	}
	return n
}

// lookInto asks to read a queue, which is not free.
func (b *mailbox) lookInto(grave *replay.Surveyed) tea.Cmd {
	b.look[grave.Key()] = true
	return b.update()
}

// unread are the graves that nobody has looked into yet, that have changed since, or that
// cannot be read.
func (b *mailbox) unread() []*replay.Surveyed {
	var list []*replay.Surveyed
	for i := range b.contents.survey.Graves {
		g := &b.contents.survey.Graves[i]
		if g.Err != nil || g.ReadAt.IsZero() && g.Messages != 0 || g.Stale() {
			list = append(list, g)
		}
	}
	return list
}

// lettersOf are the letters of a group, in the order in which they lie in their grave.
func (b *mailbox) lettersOf(group *replay.Group) []*replay.Letter {
	var list []*replay.Letter
	b.contents.each(func(l *replay.Letter) {
		if l.In(group) {
			list = append(list, l)
		}
	})
	return list
}

// openIn counts the letters that nothing was done about; of graves that were not read,
// what the broker says that they hold.
func openIn(survey *replay.Survey) (count int64) {
	for i := range survey.Graves {
		g := &survey.Graves[i]
		if g.ReadAt.IsZero() {
			count += max(0, g.Messages)
			continue
		}
		if count += int64(g.More); g.Stale() {
			count += max(0, g.Messages-int64(len(g.Letters)+g.More)) // which came since
		}
		for j := range g.Letters {
			if !g.Letters[j].State.Settled() {
				count++
			}
		}
	}
	return count
}

// background asks for a survey now and then while other pages are shown, for the number
// in the header; while a run is at work it is asked as if a page showed it.
func (b *mailbox) background() tea.Cmd {
	if b == nil || !b.run.atWork() && b.then == nil && b.now.Sub(b.asked) < surveyInBackground {
		return nil
	}
	return b.update()
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
