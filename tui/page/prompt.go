package page

import (
	"strings"

	"eventscope/tracing/query"
	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// Prompt is what a person is asked to write, or to answer with one key.
type Prompt struct {
	Sign    text.Safe // before what is written
	Value   string    // what stands there first
	Explain text.Safe // the line above
	// Check is what is wrong with a text, asked while it is written; nil for nothing ever.
	Check func(value string) *query.Error
	// Accept takes what was written.
	Accept func(value string) tea.Cmd
	// Yes is not nil for a question that one key answers: y, and anything else is no.
	Yes func() tea.Cmd
	// Choices, if there are any, are what one key each chooses from; any other key closes the line.
	Choices []Choice
}

// Choice is one of several, and what it does.
type Choice struct {
	Key  string
	Says text.Safe
	Do   func() tea.Cmd
}

// Choose is the choice of a key, or nil.
func (p *Prompt) Choose(key string) *Choice {
	for i := range p.Choices {
		if p.Choices[i].Key == key {
			return &p.Choices[i]
		}
	}
	return nil
}

// Filtered is a page that has something to write after the key for filters.
type Filtered interface {
	// FilterPrompt is what to ask for.
	FilterPrompt() *Prompt
}

// AskFor opens a line in which a person answers a question of a page; an empty answer is
// none.
func AskFor(s Screen, sign, explain text.Safe, accept func(value string) tea.Cmd) {
	s.Prompt(&Prompt{Sign: sign, Explain: explain, Accept: func(value string) tea.Cmd {
		if strings.TrimSpace(value) == "" {
			return nil
		}
		return accept(value)
	}})
}

// AskYes opens a question that y answers; any other key closes it, and nothing happens.
func AskYes(s Screen, question, explain text.Safe, yes func() tea.Cmd) {
	s.Prompt(&Prompt{Sign: question.Add(text.Own(" y/N ")), Explain: explain, Yes: yes})
}
