package tui

import (
	"context"
	"os"
	"strings"
	"time"

	"eventscope/tui/flowpage"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	// Bubble Tea is the event loop and the renderer that writes only what changed.
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

const (
	// liveTick is the frame clock while things change, idleTick while they do not.
	liveTick = 66 * time.Millisecond
	idleTick = 250 * time.Millisecond
	// livelyFor is how long after a change the clock stays fast.
	livelyFor = time.Second
	// tooNarrow and tooLow are the least size at which anything can be read.
	tooNarrow, tooLow = 40, 8
)

// Model is the screen. It is made by [New] and driven by Bubble Tea.
type Model struct {
	shell  *shell
	flows  *flowpage.List
	rates  rates
	prompt *prompt // nil when closed
	tabs   []tab
	panel  panel // over the page, nil when there is none
	alerts alerts

	session *Session // what was written so far

	width, height int
	bodyTop       int // row of the first line of the page, as last drawn
	bodyHeight    int
	banner        bool
	lastChange    time.Time
	lastAges      time.Time
	gapsUntil     time.Time // when a gap that is spoken of is no longer; zero for none
	version       uint64

	frame     string // the last frame
	title     string
	frames    int           // how many were drawn
	frameTime time.Duration // of drawing the last one
	crash     *page.Crash
}

// New makes the screen.
func New(options Options) *Model {
	options.NoColor = options.NoColor || os.Getenv("NO_COLOR") != ""
	s := &shell{
		ctx: context.Background(), options: &options, start: options.Start, now: time.Now(), dirty: true,
		theme: theme.New(shown(colorprofile.TrueColor, &options), options.Theme != "light", options.ASCII),
	}
	m := &Model{shell: s, banner: options.Banner != "", lastChange: s.now, session: options.Session}
	if m.session == nil {
		m.session = &Session{}
	}
	m.makePages()
	for _, c := range options.Contexts {
		if c.Confirm && c.Name == options.Title && !options.Write && m.session.declined != c.Name {
			m.askToWrite(c)
		}
	}
	m.session.declined = ""
	if len(options.Warnings) > 0 {
		s.Say(theme.Warn, s.theme.String(strings.Join(options.Warnings, "; ")))
	}
	m.rates.sample(s)
	return m
}

// Frames is how many frames were drawn since the start: for tests that nothing is drawn
// when nothing changed.
func (m *Model) Frames() int { return m.frames }

// Next reports whether the screen has ended for one over another context.
func (m *Model) Next() bool { return m.shell.switched }

// Crash is the defect that ended the screen, or nil. It may be asked for after the
// program has ended.
func (m *Model) Crash() *page.Crash { return m.crash }

// Work makes ctx that of all work behind the screen. The function that it returns ends the
// work and waits for it: a run finishes the window in hand, and is paused.
func (m *Model) Work(ctx context.Context) (end func()) {
	working, cancel := context.WithCancel(ctx)
	m.shell.ctx = working
	return func() {
		cancel()
		m.shell.letters.Finish()
	}
}

// tick is the frame clock.
type tick time.Time

// Init starts the frame clock and asks the terminal for its background.
func (m *Model) Init() tea.Cmd {
	commands := []tea.Cmd{m.shell.Top().Refresh(), m.nextTick()}
	if m.shell.options.Theme == "" {
		commands = append(commands, tea.RequestBackgroundColor)
	}
	return tea.Batch(commands...)
}

// Update takes one message. A panic ends the program in order; see [Crash].
func (m *Model) Update(message tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer func() {
		if reason := recover(); reason != nil {
			m.crash, cmd = page.Caught(reason), tea.Quit
		}
		if m.shell.asking != nil {
			m.prompt, m.shell.asking = m.shell.asking, nil
		}
		m.shell.typing = m.prompt != nil
	}()
	m.shell.now = time.Now()
	if m.crash != nil {
		return m, tea.Quit
	}
	switch message := message.(type) {
	case tick:
		return m, tea.Batch(m.onTick(), m.nextTick())
	case page.Answer:
		return m, tea.Batch(message(), m.shell.Top().Refresh())
	case page.Crashed:
		m.crash = message.Crash
		return m, tea.Quit
	case tea.KeyPressMsg:
		m.lastChange, m.shell.dirty = m.shell.now, true
		return m, tea.Batch(m.onKeys(message), m.shell.Top().Refresh())
	case tea.PasteMsg:
		if m.prompt != nil {
			m.shell.dirty = true
			return m, m.prompt.update(m, message)
		}
	case tea.MouseClickMsg:
		m.lastChange, m.shell.dirty = m.shell.now, true
		return m, tea.Batch(m.onClick(message), m.shell.Top().Refresh())
	case tea.MouseWheelMsg:
		m.lastChange, m.shell.dirty = m.shell.now, true
		return m, tea.Batch(m.onWheel(message), m.shell.Top().Refresh())
	case tea.WindowSizeMsg:
		m.width, m.height, m.shell.dirty = message.Width, message.Height, true
		m.lastChange = m.shell.now
	case tea.BackgroundColorMsg:
		m.shell.theme.Set(m.shell.theme.Profile(), message.IsDark())
		m.shell.dirty = true
	case tea.ColorProfileMsg:
		m.shell.theme.Set(shown(message.Profile, m.shell.options), m.shell.theme.Dark())
		m.shell.dirty = true
	}
	return m, nil
}

// shown is what may be used of a terminal's colours.
func shown(profile colorprofile.Profile, options *Options) colorprofile.Profile {
	if options.NoColor {
		return min(profile, colorprofile.ASCII)
	}
	return profile
}

// nextTick is the frame clock's next tick: soon while something changes.
func (m *Model) nextTick() tea.Cmd {
	wait := idleTick
	if m.shell.now.Sub(m.lastChange) < livelyFor || m.shell.Top().WaitsFor().Busy || m.shell.search != nil {
		wait = liveTick
	}
	return tea.Tick(wait, func(t time.Time) tea.Msg { return tick(t) })
}

// onTick looks whether anything changed, and asks for what the page needs.
func (m *Model) onTick() tea.Cmd {
	s := m.shell
	s.counters = s.options.Querier.Counters()
	if s.counters.Version != m.version {
		m.version, m.lastChange = s.counters.Version, s.now
	}
	s.noteEvicted()
	returns := m.rates.returns
	if m.rates.sample(s) {
		s.dirty = true
	}
	if m.rates.returns != returns { // what was missed meanwhile is asked for at once
		s.letters.Again()
		s.lags.Again()
	}
	if !s.notice.Text.Empty() && !s.now.Before(s.noticeUntil) {
		s.notice, s.dirty = page.Piece{}, true
	}
	if !m.gapsUntil.IsZero() && !s.now.Before(m.gapsUntil) {
		m.gapsUntil, s.dirty = time.Time{}, true
	}
	if _, waits := s.Top().WaitsFor().Waiting(s.now); waits || s.search != nil {
		s.dirty = true
	}
	if s.letters.AtWork() {
		m.lastChange, s.dirty = s.now, true
	}
	if s.now.Sub(m.lastAges) >= time.Second && (s.Top().Ages() || s.Top().WaitsFor().Err != nil || s.lags.Ages() || s.letters.Ages()) {
		m.lastAges, s.dirty = s.now, true
	}
	return tea.Batch(s.Top().Refresh(), s.letters.Background(), s.lags.Background(), m.lookForNews())
}

// redraw draws the next frame. After a panic the last one stays, until the next tick ends
// the program.
func (m *Model) redraw() {
	defer func() {
		if reason := recover(); reason != nil {
			m.crash = page.Caught(reason)
		}
	}()
	begun := time.Now()
	m.frame = widget.Content(m.draw())
	m.title = text.Join(text.Own(" - "), text.Own("eventscope"), m.shell.theme.String(m.shell.options.Title)).String()
	m.shell.dirty = false
	m.frames++
	m.frameTime = time.Since(begun)
}

// View is the last frame, unless something changed.
func (m *Model) View() tea.View {
	if m.shell.dirty && m.width > 0 && m.height > 0 && m.crash == nil {
		m.redraw()
	}
	v := tea.NewView(m.frame)
	v.AltScreen = true
	if !m.shell.options.NoMouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.WindowTitle = m.title
	return v
}
