package tuitest

import (
	"bytes"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/tui"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	// The cell grid of the renderer itself, so that what a test sees is what it writes.
	uv "github.com/charmbracelet/ultraviolet"
)

// Screen is a running program and what it shows.
type Screen struct {
	t             *testing.T
	program       *tea.Program
	output        *output
	model         *tui.Model
	probe         *probe
	width, height int
	done          chan struct{}
	err           error
}

// probe is the model, and keeps what it was drawn as.
type probe struct {
	*tui.Model
	mutex sync.Mutex
	view  tea.View
	// frames is how many were drawn by then.
	frames int
}

// Update implements tea.Model.
func (p *probe) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	keys, ok := message.(rush)
	if !ok {
		_, cmd := p.Model.Update(message)
		return p, cmd
	}
	var all []tea.Cmd
	for _, key := range keys {
		_, cmd := p.Model.Update(key)
		all = append(all, cmd)
	}
	return p, tea.Batch(all...)
}

// View implements tea.Model.
func (p *probe) View() tea.View {
	view := p.Model.View()
	frames := p.Model.Frames() // of the program's own goroutine
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.view, p.frames = view, frames
	return view
}

// output is what the program writes to the terminal.
type output struct {
	mutex sync.Mutex
	bytes bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.bytes.Write(b)
}

// Written is everything that was written to the terminal so far.
func (s *Screen) Written() string {
	s.output.mutex.Lock()
	defer s.output.mutex.Unlock()
	return s.output.bytes.String()
}

// Copied reports whether text was put into the clipboard (OSC 52).
func (s *Screen) Copied(text string) bool {
	return strings.Contains(s.Written(), ";"+base64.StdEncoding.EncodeToString([]byte(text)))
}

// Clipboard is what was put into the clipboard last, empty for nothing.
func (s *Screen) Clipboard() string {
	written := s.Written()
	at := strings.LastIndex(written, "\x1b]52;c;")
	if at < 0 {
		return ""
	}
	encoded, _, _ := strings.Cut(written[at+len("\x1b]52;c;"):], "\x07")
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		s.t.Fatalf("the clipboard has %q: %v", encoded, err)
	}
	return string(text)
}

// Open runs the program at a size, within a synctest bubble.
func Open(t *testing.T, options tui.Options, width, height int) *Screen {
	t.Helper()
	model := tui.New(options)
	s := &Screen{t: t, model: model, probe: &probe{Model: model}, output: &output{}, width: width, height: height, done: make(chan struct{})}
	s.program = tea.NewProgram(s.probe, tea.WithInput(nil), tea.WithOutput(s.output), tea.WithoutSignalHandler(), tea.WithFPS(30),
		tea.WithWindowSize(width, height), tea.WithColorProfile(colorprofile.TrueColor), tea.WithEnvironment([]string{"TERM=xterm-256color"}), tea.WithContext(context.Background()))
	endWork := model.Work(context.Background())
	go func() {
		defer close(s.done)
		_, s.err = s.program.Run()
		endWork()
	}()
	t.Cleanup(s.Quit)
	return s.Wait(time.Second)
}

// Quit ends the program, if it has not ended, and waits for its clocks to run out.
func (s *Screen) Quit() {
	s.program.Quit()
	<-s.done
	<-time.After(time.Minute)
}

// Wait lets virtual time pass.
func (s *Screen) Wait(d time.Duration) *Screen {
	<-time.After(d)
	synctest.Wait()
	return s
}

// Press sends keys by their names, one after the other: "j", "enter", "ctrl+d". What is
// asked for by a key has its answer when Press returns.
func (s *Screen) Press(keys ...string) *Screen {
	for _, key := range keys {
		s.program.Send(press(key))
		synctest.Wait()
	}
	return s
}

// mostPresses is more often than any list of a story has rows.
const mostPresses = 200

// PressUntil presses a key again and again until something is so.
func (s *Screen) PressUntil(key string, is func() bool) *Screen {
	s.t.Helper()
	for range mostPresses {
		if is() {
			return s
		}
		s.Press(key)
	}
	s.t.Fatalf("%q was pressed %d times in vain:\n%s", key, mostPresses, s.Text())
	return s
}

// GoTo presses a key until the cursor is on a row with some words.
func (s *Screen) GoTo(key, wanted string) *Screen {
	s.t.Helper()
	return s.PressUntil(key, func() bool { return strings.Contains(s.Selected(), wanted) })
}

// Type writes text as single keys.
func (s *Screen) Type(text string) *Screen {
	for _, r := range text {
		s.program.Send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	synctest.Wait()
	return s
}

// Click clicks the left button.
func (s *Screen) Click(x, y int) *Screen {
	return s.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
}

// Wheel turns the wheel by one notch.
func (s *Screen) Wheel(up bool) *Screen {
	button := tea.MouseWheelDown
	if up {
		button = tea.MouseWheelUp
	}
	return s.Send(tea.MouseWheelMsg{Button: button})
}

// Resize changes the size of the terminal.
func (s *Screen) Resize(width, height int) *Screen {
	s.width, s.height = width, height
	return s.Send(tea.WindowSizeMsg{Width: width, Height: height})
}

// Size is the present size of the terminal.
func (s *Screen) Size() (width, height int) { return s.width, s.height }

// Context is the context of the test.
func (s *Screen) Context() context.Context { return s.t.Context() }

// Send sends any message.
func (s *Screen) Send(message tea.Msg) *Screen {
	s.program.Send(message)
	synctest.Wait()
	return s
}

// Rush presses keys so fast that nothing that the first ones ask for is answered before the
// last is there.
func (s *Screen) Rush(keys ...string) *Screen {
	rush := make(rush, 0, len(keys))
	for _, key := range keys {
		rush = append(rush, press(key))
	}
	return s.Send(rush)
}

// rush are keys that come all at once.
type rush []tea.KeyPressMsg

// Command writes a command line, and waits for what it brings.
func (s *Screen) Command(line string) *Screen {
	return s.Press(":").Type(line).Press("enter").Wait(time.Second)
}

// Filter writes a filter, or what to find, and waits for what it brings.
func (s *Screen) Filter(line string) *Screen {
	return s.Press("/").Type(line).Press("enter").Wait(time.Second)
}

// Paste pastes a text.
func (s *Screen) Paste(text string) *Screen { return s.Send(tea.PasteMsg{Content: text}) }

// SelectsNot fails if the line under the cursor has the text.
func (s *Screen) SelectsNot(unwanted string) *Screen {
	s.t.Helper()
	if line := s.Selected(); strings.Contains(line, unwanted) {
		s.t.Fatalf("the cursor is on %q:\n%s", line, s.Text())
	}
	return s
}

// Selects fails unless the line under the cursor has all these.
func (s *Screen) Selects(wanted ...string) *Screen {
	s.t.Helper()
	line := s.Selected()
	for _, w := range wanted {
		if !strings.Contains(line, w) {
			s.t.Fatalf("the cursor is not on %q but on %q:\n%s", w, line, s.Text())
		}
	}
	return s
}

// press is a key by its name.
func press(key string) tea.KeyPressMsg {
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "backspace": tea.KeyBackspace, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	}
	if key == "shift+tab" {
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}
	}
	if rest, ok := strings.CutPrefix(key, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}
	}
	if rest, ok := strings.CutPrefix(key, "alt+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModAlt}
	}
	if key == "space" {
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	}
	if code, ok := named[key]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	return tea.KeyPressMsg{Code: []rune(key)[0], Text: key}
}

// Text is what is on the screen, as text without trailing blanks.
func (s *Screen) Text() string {
	s.probe.mutex.Lock()
	content := s.probe.view.Content
	s.probe.mutex.Unlock()
	return Grid(content, s.width, s.height)
}

// Raw is the last frame with its styles.
func (s *Screen) Raw() string {
	s.probe.mutex.Lock()
	defer s.probe.mutex.Unlock()
	return s.probe.view.Content
}

// Grid draws a frame as the renderer does, and gives the cells as text.
func Grid(content string, width, height int) string {
	grid := uv.NewScreenBuffer(width, height)
	uv.NewStyledString(content).Draw(grid, grid.Bounds())
	lines := strings.Split(grid.Buffer.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(strings.TrimSuffix(lines[i], "\r"), " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// Frames is how many frames were drawn so far.
func (s *Screen) Frames() int {
	s.probe.mutex.Lock()
	defer s.probe.mutex.Unlock()
	return s.probe.frames
}

// Sees fails unless all these are on the screen.
func (s *Screen) Sees(wanted ...string) *Screen {
	s.t.Helper()
	sees(s.t, s.Text(), wanted)
	return s
}

func sees(t *testing.T, screen string, wanted []string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(screen, w) {
			t.Fatalf("%q is not on the screen:\n%s", w, screen)
		}
	}
}

// Misses fails if one of these is on the screen.
func (s *Screen) Misses(unwanted ...string) *Screen {
	s.t.Helper()
	misses(s.t, s.Text(), unwanted)
	return s
}

func misses(t *testing.T, screen string, unwanted []string) {
	t.Helper()
	for _, u := range unwanted {
		if strings.Contains(screen, u) {
			t.Fatalf("%q is on the screen:\n%s", u, screen)
		}
	}
}

// Line is the first line of the screen that has the text, or a failure.
func (s *Screen) Line(with string) string {
	s.t.Helper()
	for line := range strings.SplitSeq(s.Text(), "\n") {
		if strings.Contains(line, with) {
			return line
		}
	}
	s.t.Fatalf("no line has %q:\n%s", with, s.Text())
	return ""
}

// Selected is the line under the cursor.
func (s *Screen) Selected() string {
	s.t.Helper()
	lines := strings.Split(s.Text(), "\n")
	for _, line := range lines[2 : len(lines)-3] { // the header and the footer have the sign too
		if strings.Contains(line, "▸") {
			return line
		}
	}
	s.t.Fatalf("no line is under the cursor:\n%s", s.Text())
	return ""
}

// Looks fails unless each of these is drawn somewhere in the colours of a role.
func (s *Screen) Looks(role theme.Role, words ...string) *Screen {
	s.t.Helper()
	looks(s.t, s.Raw(), s.Text(), role, words)
	return s
}

func looks(t *testing.T, raw, screen string, role theme.Role, words []string) {
	t.Helper()
	dark := theme.New(colorprofile.TrueColor, true, false)
	styles := []string{"0"}
	for _, base := range []theme.Style{"", ";" + dark.Style(theme.Selected)} {
		if style := dark.Style(role); style != "" {
			styles = append(styles, "0"+string(base+";"+style))
		} else {
			styles = append(styles, "0"+string(base))
		}
	}
	if role != theme.Plain {
		styles = styles[1:]
	}
	pieces := strings.Split(raw, "\x1b[")
	for _, word := range words {
		if !slices.ContainsFunc(pieces, func(piece string) bool {
			style, drawn, _ := strings.Cut(piece, "m")
			return slices.Contains(styles, style) && strings.Contains(drawn, word)
		}) {
			t.Fatalf("%q is not drawn in role %d:\n%s", word, role, screen)
		}
	}
}

// Ended reports whether the program has quit, and fails if it ended with an error.
func (s *Screen) Ended() bool {
	synctest.Wait()
	select {
	case <-s.done:
		if s.err != nil {
			s.t.Fatalf("the program ended with %v", s.err)
		}
		return true
	default:
		return false
	}
}

// Crash is the defect that ended the screen, or nil.
func (s *Screen) Crash() error {
	if crash := s.model.Crash(); crash != nil {
		return crash
	}
	return nil
}
