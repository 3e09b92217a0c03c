package stage

import (
	"reflect"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// director has the present screen act.
type director struct {
	screen     Screen // nil between two
	turn       int    // counts the screens
	last       tea.View
	over       chan struct{} // gets one when a screen has quit that another one follows
	size       tea.Msg       // what the terminal said of itself last
	profile    tea.Msg
	background tea.Msg
}

// enter puts a screen on the stage.
type enter struct{ screen Screen }

// left says that the present screen has quit and another one follows.
type left struct{}

// result is what came of a command of a screen.
type result struct {
	turn    int
	message tea.Msg
}

// filter keeps a screen from ending the program when another one follows.
func (d *director) filter(_ tea.Model, message tea.Msg) tea.Msg {
	if _, quits := message.(tea.QuitMsg); quits && d.screen != nil && d.screen.Next() {
		return left{}
	}
	return message
}

// Init implements tea.Model.
func (d *director) Init() tea.Cmd { return d.own(d.screen.Init()) }

// Update implements tea.Model.
func (d *director) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	if of, ok := message.(result); ok {
		if of.turn != d.turn {
			return d, nil
		}
		message = of.message
	}
	switch m := message.(type) {
	case enter:
		return d, d.begin(m.screen)
	case left:
		d.last, d.screen = d.screen.View(), nil
		d.turn++
		d.over <- struct{}{}
		return d, nil
	case tea.WindowSizeMsg:
		d.size = m
	case tea.ColorProfileMsg:
		d.profile = m
	case tea.BackgroundColorMsg:
		d.background = m
	case tea.KeyPressMsg:
		if d.screen == nil && m.String() == "ctrl+c" {
			return d, tea.Quit
		}
	}
	return d, d.tell(message)
}

// begin puts a screen on the stage and tells it what the terminal has said.
func (d *director) begin(screen Screen) tea.Cmd {
	d.screen = screen
	all := []tea.Cmd{d.own(screen.Init())}
	for _, known := range []tea.Msg{d.profile, d.background, d.size} {
		if known != nil {
			all = append(all, d.tell(known))
		}
	}
	return tea.Batch(all...)
}

// tell has the screen take a message.
func (d *director) tell(message tea.Msg) tea.Cmd {
	if d.screen == nil {
		return nil
	}
	_, cmd := d.screen.Update(message)
	return d.own(cmd)
}

// own is a command of the present screen, whose result is for it alone.
func (d *director) own(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	turn := d.turn
	var mark func(cmd tea.Cmd) tea.Cmd
	mark = func(cmd tea.Cmd) tea.Cmd {
		return func() tea.Msg {
			message := cmd()
			if batch, ok := message.(tea.BatchMsg); ok {
				for i := range batch {
					batch[i] = mark(batch[i])
				}
				return batch
			}
			if isOfTheLibrary(message) {
				return message
			}
			return result{turn, message}
		}
	}
	return mark(cmd)
}

// isOfTheLibrary reports whether a message is one that Bubble Tea itself may act on.
func isOfTheLibrary(message tea.Msg) bool {
	return message == nil || strings.HasPrefix(reflect.TypeOf(message).PkgPath(), "charm.land/bubbletea/")
}

// View implements tea.Model.
func (d *director) View() tea.View {
	if d.screen == nil {
		return d.last
	}
	return d.screen.View()
}
