package tuitest

import (
	"context"
	"testing"

	"eventscope/tracing"
	"eventscope/tui"

	tea "charm.land/bubbletea/v2"
)

// Driver drives a model without a program or virtual time: for benchmarks.
type Driver struct{ model *tui.Model }

// Drive makes a driver at a size. The model has had the answers to its first questions.
func Drive(model *tui.Model, width, height int) *Driver {
	d := &Driver{model: model}
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	d.Frame()
	d.Press("G")
	return d
}

// Press sends keys and the answers to what they ask for.
func (d *Driver) Press(keys ...string) {
	for _, key := range keys {
		d.send(press(key))
	}
}

func (d *Driver) send(message tea.Msg) {
	_, cmd := d.model.Update(message)
	d.run(cmd)
}

// run runs a command and what comes of it, as the program would.
func (d *Driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch message := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, each := range message {
			d.run(each)
		}
	default:
		d.send(message)
	}
}

// Frame is the present frame.
func (d *Driver) Frame() string { return d.model.View().Content }

// Bench is a system that ends with the benchmark.
func Bench(b *testing.B) *System {
	ctx, cancel := context.WithCancel(context.Background())
	s, stopped := NewSystem(ctx, tracing.Config{KeepRecent: true})
	b.Cleanup(func() { cancel(); <-stopped })
	return s
}
