package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/reading"
	"eventscope/cmd/internal/source"
	"eventscope/tui"
)

// contexts are those of the config, for the screen.
func (p *program) contexts(file *config.File) (all []tui.Context) {
	for _, name := range slices.Sorted(maps.Keys(file.Contexts)) {
		c := file.Contexts[name]
		all = append(all, tui.Context{Name: name, About: about(c), Confirm: c.Production && !c.ReadOnly && p.flags.write.Given && p.flags.write.Context != name})
	}
	return all
}

// about is what is particular to a context.
func about(c config.Context) string {
	var words []string
	if c.Production {
		words = append(words, "production")
	}
	if c.ReadOnly {
		words = append(words, "read only, whatever the flags say")
	}
	return strings.Join(words, ", ")
}

// color is the colour of the context's name: red for production, unless the config says otherwise.
func (s *settings) color() string {
	c := s.file.Contexts[s.context]
	if c.Production && c.Color.Value == "" {
		return "red"
	}
	return c.Color.Value
}

// switchTo makes ready to look at another context; accept has it shown after this view. Typed says
// that a person has typed its name to allow writes there. Whether they are, the config decides as it
// is now, which may not be what this view has read.
func (v *view) switchTo(p *program, name string, typed bool) (accept func(), err error) {
	there := *p
	there.flags.context = name
	there.flags.write = p.flags.write.In(name, typed)
	settings, err := there.loadUnconfirmed(nil)
	if errors.Is(err, adapters.ErrReadOnly) { // one may look all the same
		there.flags.write = config.Consent{}
		settings, err = there.loadUnconfirmed(nil)
	}
	if err != nil {
		return nil, err
	}
	next := &view{settings: settings, start: v.start, title: name, session: v.session, stays: true}
	return func() { v.next = next }, nil
}

// showAll shows a view, and the ones that a person switches to. What there is to be warned of is
// printed before there is a screen, and stands on the screen after that.
func (p *program) showAll(ctx context.Context, v *view) error {
	for {
		if !p.stage.Taken() {
			reading.Warn(p.Console, v.settings.sources)
		} else {
			v.warnings = source.Warnings(v.settings.sources)
		}
		if err := p.show(ctx, v); err != nil || v.next == nil {
			return err
		}
		v = v.next
	}
}
