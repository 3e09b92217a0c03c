package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tracing/query"
	"eventscope/tui/lagpage"
	"eventscope/tui/letterpage"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// verb is one command of the command line.
type verb struct {
	name, arguments, help string
	run                   func(m *Model, rest string) tea.Cmd
	offer                 func(m *Model) []offer // completions of the argument
}

// verbs are the commands that this screen has.
func (m *Model) verbs() []verb {
	list := []verb{
		{name: "stream", help: "all events as they arrive", run: func(m *Model, _ string) tea.Cmd { return m.goTab(1) }},
		{name: "flows", help: "a row per flow", run: func(m *Model, _ string) tea.Cmd { return m.goTab(2) }},
		{name: "trace", arguments: "ID [since]", help: "find a flow by any id, in the brokers too", run: runTrace},
		{name: "flow", arguments: "ID", help: "only what is in memory", run: func(m *Model, id string) tea.Cmd { return m.shell.lookUp(id, 0) }},
		{name: "filter", arguments: "EXPRESSION", help: "filter the lists; empty clears", run: runFilter},
		{name: "save", arguments: "NAME", help: "save the filter of the page, for /@NAME; without one, forget it", run: runSave, offer: func(m *Model) []offer { return words(m.savedNames()...)(m) }},
		{name: "from", arguments: "WHEN", help: "read again from -2h, 14:03, newest …", run: runFrom, offer: words(whens...)},
		{name: "at", arguments: "WHEN", help: "the same, and hold where that begins", run: runAt, offer: words(whens...)},
		{name: "compare", arguments: "[ID] ID", help: "two flows side by side; one ID: with that of the page", run: runCompare},
		{name: "goto", arguments: "POSITION", help: "the event at a place such as orders/2@881", run: runGoto},
		{name: "sources", help: "source health and errors", run: func(m *Model, _ string) tea.Cmd { m.panel = &sourcesPanel{model: m}; return nil }},
		{name: "sort", arguments: "ORDER", help: "sort the rows; reversed behind it turns them round", run: runSort, offer: func(m *Model) []offer { return words(m.sorted().SortNames()...)(m) }},
		{name: "ctx", arguments: "[CONTEXT]", help: "look at another context of the config", run: runContext, offer: contextOffers},
		{name: "theme", arguments: "dark|light", help: "colours for a dark or light background", run: runTheme, offer: words("dark", "light")},
		{name: "help", help: "the keys of this page", run: func(m *Model, _ string) tea.Cmd { m.panel = &helpPanel{}; return nil }},
		{name: "q", help: "quit", run: func(*Model, string) tea.Cmd { return tea.Quit }},
	}
	if m.shell.lags != nil {
		list = slices.Insert(list, 2, verb{name: "lag", help: "how far consumers are behind", run: func(m *Model, _ string) tea.Cmd { return m.goTab(3) }})
	}
	if m.shell.letters != nil {
		list = slices.Insert(list, 2, m.letterVerbs()...)
	}
	list = slices.Insert(list, 2, verb{name: "schemas", help: "versions of events, and for whom they broke", run: func(m *Model, _ string) tea.Cmd { return m.goTab(7) }})
	list = slices.Insert(list, 2, verb{name: "topology", help: "services, destinations and consumers", run: func(m *Model, _ string) tea.Cmd { return m.goTab(5) }})
	if m.shell.options.Fault != nil {
		fault := verb{name: "fault", arguments: "WHAT", help: "make the demonstration fail in this way", run: runFault, offer: words(m.shell.options.Faults...)}
		list = slices.Insert(list, len(list)-2, fault)
	}
	return list
}

// words offers these.
func words(all ...string) func(*Model) []offer {
	return func(*Model) (offers []offer) {
		for _, word := range all {
			offers = append(offers, offer{word: word})
		}
		return offers
	}
}

// letterVerbs are the commands about dead letters.
func (m *Model) letterVerbs() []verb {
	letters := m.shell.letters
	unfinished := func(m *Model) []offer { return words(letters.Unfinished()...)(m) }
	return []verb{
		{name: "dead", help: "dead letters, by cause", run: func(m *Model, _ string) tea.Cmd { return m.goTab(4) }},
		{name: "journal", help: "actions on dead letters from this machine", run: func(m *Model, _ string) tea.Cmd { return m.goTab(6) }},
		{name: "run", help: "last run of this session", run: func(*Model, string) tea.Cmd { return letters.ShowRun() }},
		{name: "resume", arguments: "[RUN]", help: "resume a run that was interrupted, paused or failed", run: func(_ *Model, run string) tea.Cmd { return letters.Resume(run) }, offer: unfinished},
		{name: "abort", arguments: "[RUN]", help: "end a run; what it has not sent stays open", run: func(_ *Model, run string) tea.Cmd { return letters.Abort(run) }, offer: unfinished},
	}
}

// aliases are names by which people look for a command elsewhere.
var aliases = map[string]string{
	"dlq": "dead", "dlqs": "dead", "letters": "dead", "groups": "lag", "group": "lag", "consumers": "lag", "queues": "lag",
	"topics": "topology", "exchanges": "topology", "map": "topology", "services": "topology", "events": "stream", "tail": "stream",
	"diff": "compare", "versions": "schemas", "schema": "schemas", "find": "trace", "seek": "from", "since": "from", "keys": "help", "runs": "journal", "quit": "q", "exit": "q", "x": "q", "context": "ctx", "contexts": "ctx",
}

// verb is the command of a name or of an alias.
func (m *Model) verb(name string) (verb, bool) {
	verbs := m.verbs()
	for _, wanted := range []string{name, aliases[name]} {
		if i := slices.IndexFunc(verbs, func(v verb) bool { return v.name == wanted }); i >= 0 {
			return verbs[i], true
		}
	}
	return verb{}, false
}

// openCommandLine opens the command line, with what is written there already.
func (m *Model) openCommandLine(begun string) {
	m.prompt = newPrompt(&page.Prompt{Sign: text.Own(":"), Value: begun, Accept: m.command})
	m.prompt.offer = m.offers
	m.prompt.explain = m.explain
	m.prompt.past = m.session.commands
	m.prompt.at = len(m.prompt.past)
	m.prompt.changed()
}

// offers are completions of the command in value, or of its argument.
func (m *Model) offers(value string) []offer {
	name, rest, hasRest := strings.Cut(value, " ")
	var all []offer
	for _, v := range m.verbs() {
		switch {
		case !hasRest:
			all = append(all, offer{v.name, v.arguments, v.help})
		case v.name == name && v.offer != nil:
			all = append(all, v.offer(m)...)
		}
	}
	if !hasRest {
		rest = name
	}
	return slices.DeleteFunc(all, func(o offer) bool { return !strings.HasPrefix(o.word, rest) })
}

// explain is the help of the command that is being written.
func (m *Model) explain(value string) text.Safe {
	name, _, _ := strings.Cut(value, " ")
	if v, ok := m.verb(name); ok {
		t := m.shell.theme
		return text.Join(text.Space, t.String(v.name), t.String(v.arguments), t.Glyph.Separator, t.String(v.help))
	}
	return text.Safe{}
}

// pastCommands is how many commands are remembered.
const pastCommands = 50

// command runs what was written in the command line.
func (m *Model) command(value string) tea.Cmd {
	value = strings.TrimSpace(value)
	if value == "" {
		return nil
	}
	if m.session.commands = append(m.session.commands, value); len(m.session.commands) > pastCommands {
		m.session.commands = m.session.commands[1:]
	}
	return m.give(value)
}

// CheckCommand reports whether the command line knows the command that a line begins with.
func CheckCommand(line string) bool {
	m := &Model{shell: &shell{options: &Options{Fault: func(context.Context, []string) (string, error) { return "", nil }}, lags: &lagpage.Model{}, letters: &letterpage.Model{}}}
	name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	_, known := m.verb(name)
	return known
}

// give runs a command.
func (m *Model) give(value string) tea.Cmd {
	name, rest, _ := strings.Cut(value, " ")
	if v, ok := m.verb(name); ok {
		return v.run(m, strings.TrimSpace(rest))
	}
	s := m.shell
	said := text.Own("unknown command ").Add(s.theme.Cut(s.theme.String(name), 30))
	s.Say(theme.Bad, s.didYouMean(said, ":", name, m.names()).Add(text.Own("; : and tab lists all")))
	return nil
}

// names are those of all commands, and the aliases of those that there are.
func (m *Model) names() (all []string) {
	for _, v := range m.verbs() {
		all = append(all, v.name)
	}
	for alias := range aliases {
		if _, ok := m.verb(alias); ok {
			all = append(all, alias)
		}
	}
	slices.Sort(all)
	return all
}

// didYouMean adds to a sentence what was probably meant by a word that is none of names, as it is
// written behind what begins the line.
func (s *shell) didYouMean(said text.Safe, begins, word string, names []string) text.Safe {
	if s.options.Nearest == nil || word == "" {
		return said
	}
	if guess := s.options.Nearest(word, names); guess != "" && guess != word {
		return said.Add(text.Own("; did you mean "), s.theme.String(begins+guess), text.Own("?"))
	}
	return said
}

func runTrace(m *Model, rest string) tea.Cmd {
	id, age, hasAge := strings.Cut(rest, " ")
	since := page.SearchBack
	if hasAge {
		parsed, err := time.ParseDuration(strings.TrimPrefix(age, "-"))
		if err != nil || parsed <= 0 {
			m.shell.Say(theme.Bad, text.Own("that is not an age; write :trace ID 6h"))
			return nil
		}
		since = parsed
	}
	return m.shell.lookUp(id, since)
}

func runFilter(m *Model, rest string) tea.Cmd {
	of := query.Events
	if m.shell.Top() == m.flows {
		of = query.Flows
	}
	return m.shell.filter.Apply(m.saved(rest), of)
}

// runSort sorts the rows of the page, or the flows where it has none that can be sorted.
func runSort(m *Model, rest string) tea.Cmd {
	name, reversed := strings.CutSuffix(rest, " reversed")
	sorted := m.sorted()
	if !sorted.SortBy(name, reversed) {
		said := text.Own("orders are ")
		if name != "" {
			said = m.shell.didYouMean(text.Own("there is no order ").Add(m.shell.theme.Cut(m.shell.theme.String(name), 30)), ":sort ", name, sorted.SortNames()).Add(text.Own("; "), said)
		}
		m.shell.Say(theme.Bad, said.Add(m.shell.theme.String(strings.Join(sorted.SortNames(), ", ")), text.Own("; reversed may stand behind")))
		return nil
	}
	if m.shell.Top() != sorted.(page.Page) {
		return m.goTab(2)
	}
	return nil
}

// sorted is what the command to sort is about.
func (m *Model) sorted() page.Sorted {
	if shown, ok := m.shell.Top().(page.Sorted); ok {
		return shown
	}
	return m.flows
}

func runTheme(m *Model, rest string) tea.Cmd {
	if rest != "dark" && rest != "light" {
		m.shell.Say(theme.Bad, m.shell.didYouMean(text.Own("themes are dark and light"), ":theme ", rest, []string{"dark", "light"}))
		return nil
	}
	m.shell.theme.Set(m.shell.theme.Profile(), rest == "dark")
	return nil
}

func runFault(m *Model, rest string) tea.Cmd {
	s, words := m.shell, strings.Fields(rest)
	ctx, fault := s.ctx, s.options.Fault
	return page.Work(func() page.Answer {
		ctx, cancel := context.WithTimeout(ctx, page.QueryLimit)
		defer cancel()
		said, err := fault(ctx, words)
		return func() tea.Cmd {
			if err != nil {
				s.Say(theme.Bad, s.didYouMean(page.Sentence(s.theme, err), ":fault ", rest, s.options.Faults))
			} else {
				s.Say(theme.Warn, s.theme.String(said))
			}
			return nil
		}
	})
}

func runGoto(m *Model, rest string) tea.Cmd {
	s := m.shell
	position, err := adapters.ParsePosition(rest)
	if err != nil {
		s.Say(theme.Bad, s.theme.String(err.Error()))
		return nil
	}
	ctx, querier, on := s.ctx, s.options.Querier, s.Top()
	over := s.Wait(text.Own("looking for ").Add(s.theme.String(rest)))
	return page.Work(func() page.Answer {
		ctx, cancel := context.WithTimeout(ctx, page.QueryLimit)
		defer cancel()
		var event tracing.Event
		sequence, err := querier.Locate(ctx, position)
		if err == nil {
			event, err = querier.Event(ctx, sequence)
		}
		return func() tea.Cmd {
			over()
			if err != nil {
				s.Say(theme.Bad, s.theme.String(rest).Add(text.Own(": "), page.Sentence(s.theme, err)))
				return nil
			}
			if s.Elsewhere(on) {
				s.Say(theme.Good, s.theme.String(rest).Add(text.Own(" was found: :goto "), s.theme.String(rest), text.Own(" opens it")))
				return nil
			}
			return s.Open(s.events.New(event))
		}
	})
}
