package tui

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"eventscope/tracing/query"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// savedSign is what stands before the name of a saved filter.
const savedSign = "@"

// savedName is what one may be called.
var savedName = regexp.MustCompile(`^[\pL\pN][\pL\pN._-]{0,39}$`)

// savedOr is the filter that value names, or value itself.
func (m *Model) savedOr(value string) string {
	if name, named := strings.CutPrefix(strings.TrimSpace(value), savedSign); named {
		if filter, known := m.shell.options.Filters[name]; known {
			return filter
		}
	}
	return value
}

// saved is the same, and says so where a name could have been meant.
func (m *Model) saved(value string) string {
	filter, s := m.savedOr(value), m.shell
	if name, named := strings.CutPrefix(strings.TrimSpace(value), savedSign); named && filter == value && savedName.MatchString(name) {
		s.Say(theme.Warn, s.didYouMean(text.Own("no filter is saved as ").Add(s.theme.Cut(s.theme.String(value), 40), text.Own(", so it is looked for as words")), savedSign, name, m.savedNames()))
	}
	return filter
}

// withSaved lets a line for a filter take the name of a saved one.
func (m *Model) withSaved(line *page.Prompt) {
	accept, check := line.Accept, line.Check
	line.Accept = func(value string) tea.Cmd { return accept(m.saved(value)) }
	if check != nil {
		line.Check = func(value string) *query.Error { return check(m.savedOr(value)) }
	}
}

// savedOffers are the names that could stand in a line for a filter.
func (m *Model) savedOffers(value string) (offers []offer) {
	if !strings.HasPrefix(value, savedSign) {
		return nil
	}
	for _, name := range m.savedNames() {
		if word := savedSign + name; strings.HasPrefix(word, value) {
			offers = append(offers, offer{word: word, help: m.shell.options.Filters[name]})
		}
	}
	return offers
}

func (m *Model) savedNames() []string { return slices.Sorted(maps.Keys(m.shell.options.Filters)) }

// runSave saves the filter of the page under a name; without a filter it removes that name.
func runSave(m *Model, name string) tea.Cmd {
	s := m.shell
	name = strings.TrimPrefix(name, savedSign)
	filter := ""
	if shown, ok := s.Top().(page.Filtered); ok {
		filter = strings.TrimSpace(shown.FilterPrompt().Value)
	}
	_, known := s.options.Filters[name]
	switch {
	case s.options.SaveFilter == nil:
		s.Say(theme.Warn, text.Own("filters cannot be saved here"))
		return nil
	case !savedName.MatchString(name):
		s.Say(theme.Bad, text.Own("a name has letters, digits, dots, hyphens and underscores: :save failed-payments"))
		return nil
	case filter == "" && !known:
		s.Say(theme.Warn, text.Own("this page has no filter to save"))
		return nil
	}
	save := s.options.SaveFilter
	return page.Work(func() page.Answer {
		err := save(name, filter)
		return func() tea.Cmd {
			s.keepFilter(name, filter, err)
			return nil
		}
	})
}

// keepFilter says what became of saving a filter.
func (s *shell) keepFilter(name, filter string, err error) {
	called := s.theme.String(savedSign + name)
	switch {
	case err != nil:
		s.Say(theme.Bad, s.theme.String(err.Error()))
		return
	case filter == "":
		delete(s.options.Filters, name)
		s.Say(theme.Good, called.Add(text.Own(" is saved no longer")))
		return
	case s.options.Filters == nil:
		s.options.Filters = map[string]string{}
	}
	s.options.Filters[name] = filter
	s.Say(theme.Good, s.theme.Glyph.Done.Add(text.Own(" saved: /"), called, text.Own(" is "), s.theme.Cut(s.theme.String(filter), 60)))
}
