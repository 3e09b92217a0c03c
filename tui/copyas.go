package tui

import (
	"context"
	"slices"
	"strconv"
	"time"

	"eventscope/adapters/driver"
	"eventscope/tracing"
	"eventscope/tracing/report"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// copyAs asks in which form the flow or the event under the cursor is wanted.
func (m *Model) copyAs() {
	s := m.shell
	about := s.subject()
	choices := append(s.flowForms(about), s.eventForms(about.Event)...)
	if len(choices) == 0 {
		s.Say(theme.Warn, text.Own("there is nothing under the cursor to copy"))
		return
	}
	s.Prompt(&page.Prompt{Sign: text.Own("copy "), Explain: text.Own("a key chooses, any other closes"), Choices: choices})
}

// flowForms are the forms of a flow.
func (s *shell) flowForms(about page.Subject) (choices []page.Choice) {
	if about.Flow == 0 {
		return nil
	}
	form := func(key string, what text.Safe, extension string, write func(context.Context, *tracing.Flow) ([]byte, error)) {
		choices = append(choices, page.Choice{Key: key, Says: what, Do: func() tea.Cmd { return s.copyFlow(about.Flow, what, extension, write) }})
	}
	form("m", text.Own("flow as Markdown, for a ticket"), ".md", func(_ context.Context, f *tracing.Flow) ([]byte, error) {
		return []byte(report.Markdown(f, time.Local)), nil
	})
	form("s", text.Own("flow as a Mermaid sequence diagram"), ".mmd", func(_ context.Context, f *tracing.Flow) ([]byte, error) {
		return []byte(report.Mermaid(f)), nil
	})
	if write := s.options.WriteFlow; write != nil {
		form("j", text.Own("flow as JSON, with its messages"), ".json", write)
	}
	if command := s.options.TraceCommand; command != nil {
		form("t", text.Own("eventscope trace, the command"), ".sh", func(_ context.Context, f *tracing.Flow) ([]byte, error) {
			return []byte(command(f.ID)), nil
		})
	}
	return choices
}

// copyFlow copies what write makes of a flow, or saves what is too long for a clipboard.
func (s *shell) copyFlow(key tracing.FlowKey, what text.Safe, extension string, write func(context.Context, *tracing.Flow) ([]byte, error)) tea.Cmd {
	ctx, querier := s.ctx, s.options.Querier
	over := s.Wait(text.Own("reading the flow"))
	return page.Work(func() page.Answer {
		ctx, cancel := context.WithTimeout(ctx, page.FetchLimit)
		defer cancel()
		flow, err := querier.Flow(ctx, key)
		var made []byte
		if err == nil {
			made, err = write(ctx, flow)
		}
		return func() tea.Cmd {
			over()
			if err != nil {
				s.Say(theme.Bad, text.Own("the flow: ").Add(page.Sentence(s.theme, err)))
				return nil
			}
			return page.CopyOrSave(s, &s.events.Files, string(made), what, "flow-"+flow.ID, extension)
		}
	})
}

// eventForms are the forms of an event: its position, and commands that look at it.
func (s *shell) eventForms(e *tracing.Event) (choices []page.Choice) {
	if e == nil {
		return nil
	}
	copies := func(key string, what text.Safe, content string) {
		choices = append(choices, page.Choice{Key: key, Says: what, Do: func() tea.Cmd { return page.Copy(s, content, what) }})
	}
	copies("p", text.Own("position of the event"), e.Position.String())
	if address := s.address(e.Source, e.Position).String(); address != "" {
		copies("u", text.Own("address of the event, for a browser"), address)
	}
	for i, c := range s.commandsFor(e) {
		copies(strconv.Itoa(i+1), s.theme.String(c.Tool).Add(text.Own(", the command for the event")), c.Line)
	}
	return choices
}

// mostCommands is how many keys there are for them.
const mostCommands = 9

// commandsFor are the commands of other tools that look at an event.
func (s *shell) commandsFor(e *tracing.Event) []driver.Command {
	i := slices.IndexFunc(s.options.Sources, func(source Source) bool { return source.Name == e.Source })
	if i < 0 || s.options.Sources[i].Commands == nil {
		return nil
	}
	all := s.options.Sources[i].Commands(e.Position)
	return all[:min(len(all), mostCommands)]
}
