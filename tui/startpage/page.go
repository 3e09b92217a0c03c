package startpage

import (
	"context"

	"eventscope/tui/stage"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// Choice is one thing to look at.
type Choice struct {
	Group string // what kind of choice it is; choices of one group stand together
	Name  string // what it is called, as it was found; it is made safe for the terminal here
	About string // what it is, in a few words
}

// Options is everything the page is given.
type Options struct {
	// Choices are there at once, in their order.
	Choices []Choice
	// Find looks for more, which stands before the group Before; nil if there is nothing to find.
	Find   func(ctx context.Context) []Choice
	Before string

	NoColor, ASCII, Light bool
}

// Run shows the page until something is chosen; false says that nothing was.
func Run(ctx context.Context, on *stage.Stage, options Options) (Choice, bool, error) {
	m := New(ctx, options)
	err := on.Show(ctx, m)
	return m.chosen, m.done && err == nil, err
}

// Model is the page, driven by Bubble Tea.
type Model struct {
	ctx     context.Context
	options Options
	theme   *theme.Theme
	choices []Choice
	cursor  int
	top     int // first line drawn
	looking bool
	chosen  Choice
	done    bool

	width, height int
}

// New makes the page.
func New(ctx context.Context, options Options) *Model {
	profile := colorprofile.TrueColor
	if options.NoColor {
		profile = colorprofile.ASCII
	}
	return &Model{ctx: ctx, options: options, theme: theme.New(profile, !options.Light, options.ASCII), choices: options.Choices, looking: options.Find != nil}
}

type found []Choice

// Next reports whether something was chosen, which is shown then.
func (m *Model) Next() bool { return m.done }

// Init begins to look for brokers.
func (m *Model) Init() tea.Cmd {
	if m.options.Find == nil {
		return nil
	}
	return func() tea.Msg { return found(m.options.Find(m.ctx)) }
}

// Update takes one message.
func (m *Model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = message.Width, message.Height
	case tea.ColorProfileMsg:
		if !m.options.NoColor {
			m.theme.Set(message.Profile, m.theme.Dark())
		}
	case tea.BackgroundColorMsg:
		m.theme.Set(m.theme.Profile(), message.IsDark())
	case found:
		m.add(message)
	case tea.KeyPressMsg:
		return m, m.press(message.String())
	}
	return m, nil
}

// add puts what was found in its place. The cursor stays on its choice.
func (m *Model) add(more []Choice) {
	m.looking = false
	at := len(m.choices)
	for i, c := range m.choices {
		if c.Group == m.options.Before {
			at = i
			break
		}
	}
	if at <= m.cursor && len(m.choices) > 0 {
		m.cursor += len(more)
	}
	m.choices = append(append(append([]Choice{}, m.choices[:at]...), more...), m.choices[at:]...)
}

func (m *Model) press(key string) tea.Cmd {
	switch key {
	case "j", "down", "tab":
		m.cursor = min(m.cursor+1, len(m.choices)-1)
	case "k", "up", "shift+tab":
		m.cursor = max(m.cursor-1, 0)
	case "g", "home":
		m.cursor = 0
	case "G", "end":
		m.cursor = max(0, len(m.choices)-1)
	case "enter":
		if m.cursor < len(m.choices) && m.width > 0 {
			m.chosen, m.done = m.choices[m.cursor], true
			return tea.Quit
		}
	case "q", "esc", "ctrl+c":
		return tea.Quit
	}
	return nil
}

// View is the page: always exactly as large as the terminal.
func (m *Model) View() tea.View {
	v := tea.NewView(widget.Content(m.draw()))
	v.AltScreen = true
	v.WindowTitle = "eventscope"
	return v
}

func (m *Model) draw() []widget.Line {
	t, width := m.theme, m.width
	if width == 0 || m.height == 0 {
		return nil
	}
	head := []widget.Line{
		widget.NewRow(t, width).Gap(1).Put(theme.Title, text.Own("eventscope")).Gap(2).Put(theme.Dim, text.Own("what do you want to look at?")).Line(),
		widget.Rule(t, width),
	}
	foot := []widget.Line{widget.Rule(t, width), m.foot(width)}
	room := max(1, m.height-len(head)-len(foot))
	lines, at := m.list(width)
	m.top = max(min(m.top, at-1), at-room+1, 0)
	m.top = min(m.top, max(0, len(lines)-room))
	lines = widget.Fit(t, lines[m.top:], width, room)
	return widget.Fit(t, append(append(head, lines...), foot...), width, m.height)
}

// list is a line for each choice and each group, and which of them has the cursor.
func (m *Model) list(width int) (lines []widget.Line, at int) {
	t, group := m.theme, ""
	for i, c := range m.choices {
		if c.Group != group {
			if group = c.Group; len(lines) > 0 {
				lines = append(lines, widget.Blank(t, width))
			}
			lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Dim, t.String(group)).Line())
		}
		if i == m.cursor {
			at = len(lines)
		}
		row := widget.ListRow(t, width, i == m.cursor, false)
		row.Put(theme.Plain, t.CutMiddle(t.String(c.Name), row.Left())).Gap(2).Put(theme.Dim, t.String(c.About))
		lines = append(lines, row.Line())
	}
	return lines, at
}

func (m *Model) foot(width int) widget.Line {
	row := widget.NewRow(m.theme, width).Gap(1)
	row.Put(theme.Accent, m.theme.Glyph.Enter).Put(theme.Dim, text.Own(" open  ")).Put(theme.Accent, text.Own("j k")).Put(theme.Dim, text.Own(" move  ")).
		Put(theme.Accent, text.Own("q")).Put(theme.Dim, text.Own(" quit"))
	if m.looking {
		row.End(theme.Dim, text.Own("looking for brokers on this machine "))
	}
	return row.Line()
}
