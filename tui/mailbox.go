package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"eventscope/replay"
	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// mailbox is what lies in the graves, as it was last surveyed, for all pages about dead
// letters. It belongs to the event loop.
type mailbox struct {
	*desk
	question
	survey *replay.Survey // nil until the first came
	look   map[string]bool
	fresh  bool // something was done: read again
	asked  time.Time
	seen   int   // surveys that came
	open   int64 // letters of the survey that nothing was done about
}

const (
	// surveyEvery is how often the graves are surveyed while a page shows them.
	surveyEvery = 2 * time.Second
	// surveyInBackground is how often otherwise.
	surveyInBackground = 15 * time.Second
	// surveyLimit is how long that may take.
	surveyLimit = time.Minute
)

func newMailbox(d *desk) *mailbox { return &mailbox{desk: d, look: map[string]bool{}} }

// update asks for a survey when one is due.
func (b *mailbox) update() tea.Cmd {
	if b.busy || !b.fresh && len(b.look) == 0 && b.survey != nil && b.now.Sub(b.asked) < surveyEvery {
		return nil
	}
	b.asked = b.now
	options := replay.SurveyOptions{Look: b.look, Fresh: b.fresh}
	b.look, b.fresh = map[string]bool{}, false
	before, office := b.survey, b.options.Office
	return b.ask(b.desk, text.Own("reading the dead letters"), surveyLimit, func(ctx context.Context) (func(), error) {
		survey := office.Survey(ctx, before, options)
		open := openIn(survey)
		return func() {
			b.survey, b.open = survey, open
			b.seen++
		}, nil
	})
}

// lookInto asks to read a queue, which is not free.
func (b *mailbox) lookInto(grave *replay.Surveyed) tea.Cmd {
	b.look[grave.Key()] = true
	return b.update()
}

// unread are the graves that nobody has looked into yet, or that cannot be read.
func (b *mailbox) unread() []*replay.Surveyed {
	if b.survey == nil {
		return nil
	}
	var list []*replay.Surveyed
	for i := range b.survey.Graves {
		g := &b.survey.Graves[i]
		if g.Err != nil || g.ReadAt.IsZero() && g.Messages != 0 || g.Stale() {
			list = append(list, g)
		}
	}
	return list
}

// letters are those that are chosen, in their order.
func (b *mailbox) letters(chosen func(*replay.Letter) bool) []replay.Letter {
	if b.survey == nil {
		return nil
	}
	var list []replay.Letter
	for i := range b.survey.Graves {
		for j := range b.survey.Graves[i].Letters {
			if l := &b.survey.Graves[i].Letters[j]; chosen(l) {
				list = append(list, *l)
			}
		}
	}
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
		for j := range g.Letters {
			if !g.Letters[j].State.Settled() {
				count++
			}
		}
	}
	return count
}

// background asks for a survey now and then while other pages are shown, for the number
// in the header.
func (b *mailbox) background() tea.Cmd {
	if b == nil || b.now.Sub(b.asked) < surveyInBackground {
		return nil
	}
	return b.update()
}

// hasWords says that a letter has all words somewhere in what the lists show of it.
func hasWords(l *replay.Letter, words []string) bool {
	if len(words) == 0 {
		return true
	}
	all := strings.ToLower(strings.Join([]string{
		l.Position.String(), l.Type, l.Service, l.ID, l.Flow, l.Entity, l.To.String(), l.State.String(),
		l.Death.Origin, l.Death.Reason, l.Death.Exception, l.Death.Message, l.Death.Writer,
	}, "\n"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(all, word) })
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
