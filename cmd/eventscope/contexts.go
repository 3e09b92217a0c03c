package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/reading"
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

// switchTo makes ready to look at another context after this view. Write says that writes are
// allowed there as far as the flags and the config allow them anywhere.
func (v *view) switchTo(p *program, name string, write bool) error {
	there := *p
	there.flags.context = name
	allowed := write && p.flags.write.Given && !v.settings.file.Contexts[name].ReadOnly
	there.flags.write = config.Consent{Given: allowed}
	if allowed { // the screen has asked for it, where that is needed
		there.flags.write.Context = name
	}
	settings, err := there.load(nil)
	if err != nil {
		return err
	}
	v.next = &view{settings: settings, start: v.start, title: name, session: v.session, stays: true}
	return nil
}

// showAll shows a view, and the ones that a person switches to.
func (p *program) showAll(ctx context.Context, v *view) error {
	for {
		reading.Warn(p.Console, v.settings.sources)
		if err := p.show(ctx, v); err != nil || v.next == nil {
			return err
		}
		v = v.next
	}
}
