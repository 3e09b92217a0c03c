package tui

import (
	"slices"

	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// Context is one of the systems that the config names.
type Context struct {
	Name  string
	About string // such as "production, read only"
	// Confirm says that writes are wanted, and that its name has to be typed before they are allowed.
	Confirm bool
}

// Session is what outlasts one screen: what was written on it. The zero value is good.
type Session struct {
	commands []string                  // given so far, newest last
	filters  map[keymap.Scope][]string // the same, of each kind of page
	declined string                    // the context of production that somebody only wants to look at
}

// contextNames are what may be written after :ctx.
func contextOffers(m *Model) (all []offer) {
	for _, c := range m.shell.options.Contexts {
		about := c.About
		if c.Name == m.shell.options.Title {
			about = joined("in use", about)
		}
		all = append(all, offer{word: c.Name, help: about})
	}
	return all
}

func joined(a, b string) string {
	if b == "" {
		return a
	}
	return a + ", " + b
}

// runContext looks at another context; without a name it offers them all.
func runContext(m *Model, name string) tea.Cmd {
	s := m.shell
	if len(s.options.Contexts) == 0 {
		s.Say(theme.Warn, text.Own("the config has no contexts"))
		return nil
	}
	if name == "" {
		m.openCommandLine("ctx ")
		return nil
	}
	i := slices.IndexFunc(s.options.Contexts, func(c Context) bool { return c.Name == name })
	if i < 0 {
		s.sayUnknownContext(name)
		return nil
	}
	c := s.options.Contexts[i]
	switch {
	case s.letters.AtWork():
		s.Say(theme.Warn, text.Own("a run is at work: pause it first (:run, then p), or wait for its end"))
	case c.Confirm:
		m.askToWrite(c)
	case name == s.options.Title:
		s.Say(theme.Dim, text.Own("this is the context ").Add(s.theme.String(name), text.Own(" already")))
	default:
		return s.switchTo(c, false)
	}
	return nil
}

func (s *shell) sayUnknownContext(name string) {
	said := text.Own("the config has no context ").Add(s.theme.Cut(s.theme.String(name), 30))
	var names []string
	for _, c := range s.options.Contexts {
		names = append(names, c.Name)
	}
	said = s.didYouMean(said, ":ctx ", name, names)
	s.Say(theme.Bad, said.Add(text.Own("; :ctx lists all")))
}

// askToWrite asks for the name of a context of production, in which one may write then. Without an
// answer it is read only.
func (m *Model) askToWrite(c Context) {
	s := m.shell
	name := s.theme.Cut(s.theme.String(c.Name), 24)
	explain := text.Own("this is production: type its name to allow writes, or enter alone to look only")
	s.Prompt(&page.Prompt{Sign: text.Own("write to ").Add(name, text.Own("? ")), Explain: explain, Accept: func(typed string) tea.Cmd {
		switch {
		case typed == c.Name:
			return s.switchTo(c, true)
		case typed != "":
			s.Say(theme.Bad, text.Own("that is not the name of the context ").Add(name, text.Own("; nothing was changed")))
		case c.Name != s.options.Title:
			m.session.declined = c.Name
			return s.switchTo(c, false)
		}
		return nil
	}})
}

// switchTo ends this screen when all is ready for one over the other context; what is waited for
// stays in its last frame. Typed says that the name was typed to allow writes.
func (s *shell) switchTo(c Context, typed bool) tea.Cmd {
	ready := s.options.SwitchTo
	over := s.Wait(text.Own("opening the context ").Add(s.theme.String(c.Name)))
	return page.Work(func() page.Answer {
		accept, err := ready(c.Name, typed)
		return func() tea.Cmd {
			if err != nil {
				over()
				s.Say(theme.Bad, s.theme.String(err.Error()))
				return nil
			}
			accept()
			s.switched = true
			return tea.Quit
		}
	})
}
