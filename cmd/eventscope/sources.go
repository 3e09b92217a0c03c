package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/cmd/internal/budget"
	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/reading"
	"eventscope/cmd/internal/source"
	"eventscope/replay"
	"eventscope/tracing"
)

// settings are what flags, environment and config say together.
type settings struct {
	file       *config.File
	context    string // name of the config's context in use, or ""
	sources    []source.Source
	memory     budget.Bytes
	memoryFrom string
	readOnly   bool
	rules      *envelope.Rules
	paths      []tracing.Path
	settle     time.Duration // see tracing.Config; 0 is its own choice
}

// load reads the config and completes it by flags; urls, if there are any, take the
// place of the context's sources. It refuses to write where that has to be confirmed first.
func (p *program) load(urls []string) (*settings, error) {
	s, err := p.loadUnconfirmed(urls)
	if err == nil {
		err = s.unconfirmed(&p.flags.write)
	}
	return s, err
}

// loadUnconfirmed is load for the screen, which is read-only until a person has confirmed.
func (p *program) loadUnconfirmed(urls []string) (*settings, error) {
	if len(urls) > 0 && p.flags.context != "" {
		return nil, exit.Usage("--context %s and a URL name two things to look at; leave out one of them", p.flags.context)
	}
	s, err := p.loadWithoutSources()
	if err != nil {
		return nil, err
	}
	switch {
	case len(urls) > 0 && p.flags.write.Context != "":
		err = exit.Usage("--write=%s names a context, and a URL is none; write --write", p.flags.write.Context)
	case len(urls) > 0:
		if err = s.fromURLs(urls, p.brokers, p.getenv); err == nil {
			err = p.flags.write.Guard(s.file, s.sources, p.getenv)
		}
	default:
		err = s.fromContext(p)
	}
	if err == nil {
		err = source.CheckPasswords(s.sources)
	}
	if err != nil {
		return nil, err
	}
	source.Number(s.sources)
	masks, err := s.file.MaskRules()
	if err != nil {
		return nil, err
	}
	for i := range s.sources {
		s.sources[i].Masks = masks
		s.sources[i].Files = append(slices.Clip(s.sources[i].Files), s.file.SchemaFiles()...)
	}
	s.share()
	return s, nil
}

// source is the source of a name that was given out here.
func (s *settings) source(name string) *source.Source {
	return &s.sources[slices.IndexFunc(s.sources, func(s source.Source) bool { return s.Name == name })]
}

func (p *program) loadWithoutSources() (*settings, error) {
	file, err := config.Load(p.flags.config, p.getenv, p.brokers)
	if err != nil {
		return nil, err
	}
	s := &settings{file: file, memory: budget.Default, memoryFrom: "default", readOnly: !p.flags.write.Given, paths: file.TracingPaths()}
	if s.rules, err = envelope.Compile(file.EnvelopeMappings()); err != nil {
		return nil, exit.Usage("%s: mappings: %w", file.Path, err)
	}
	return s, s.setMemory(p.flags.memory)
}

func (s *settings) setMemory(flag string) error {
	for _, candidate := range []struct{ text, from string }{{flag, "--memory"}, {s.file.Memory.Value, "config"}} {
		if candidate.text == "" {
			continue
		}
		amount, err := config.ParseMemory(candidate.text)
		if err != nil {
			return exit.Usage("%s: %w", candidate.from, err)
		}
		s.memory, s.memoryFrom = budget.Bytes(amount), candidate.from
		return nil
	}
	return nil
}

func (s *settings) fromURLs(urls []string, drivers source.Drivers, getenv func(string) string) error {
	var wrong []error
	for _, text := range urls {
		parsed, err := drivers.Parse(text)
		if err == nil {
			err = parsed.FindPassword(getenv)
		}
		if err != nil {
			wrong = append(wrong, err)
		}
		s.sources = append(s.sources, parsed)
	}
	return errors.Join(wrong...)
}

func (s *settings) fromContext(p *program) error {
	name := p.flags.context
	if name == "" {
		name = s.file.Current.Value
	}
	if name == "" {
		return exit.Usage("no broker given: add a URL such as %s, or set a current context in the config; eventscope demo needs neither", p.brokers[0].Example)
	}
	used, err := s.file.Context(name)
	if err != nil {
		return err
	}
	if s.readOnly, err = p.flags.write.Grant(name, used); err != nil {
		return err
	}
	s.context = name
	s.sources, err = s.file.Open(used, p.getenv)
	if err == nil && len(s.sources) == 0 {
		return exit.Usage("the context %s of %s has no sources", name, s.file.Path)
	}
	return err
}

// checkURLs refuses arguments that are no URLs before anything else is looked at.
func (p *program) checkURLs(args []string, commands []string) error {
	for _, argument := range args {
		if !p.isURL(argument) {
			return p.notAURL(argument, commands)
		}
	}
	return nil
}

// isURL reports whether an argument is a URL, or what people copy in place of one.
func (p *program) isURL(argument string) bool {
	_, pasted := p.brokers.Pasted(argument)
	return pasted || strings.Contains(argument, "://")
}

// names lists the commands of root that one may have meant.
func names(root *cobra.Command) []string {
	var names []string
	for _, command := range root.Commands() {
		if command.IsAvailableCommand() {
			names = append(names, command.Name())
		}
	}
	return names
}

// loadFor is load for a command that takes nothing but URLs.
func (p *program) loadFor(args []string) (*settings, error) {
	if err := p.checkURLs(args, nil); err != nil {
		return nil, err
	}
	return p.load(args)
}

// open opens the sources of a command; see [reading.Open].
func (p *program) open(ctx context.Context, sources []source.Source) (*reading.Sources, error) {
	return reading.Open(ctx, p.Console, sources)
}

// share tells every source what it shares with the others, so that a small budget fetches
// little at once.
func (s *settings) share() {
	for i := range s.sources {
		s.sources[i].Memory, s.sources[i].Sources = int64(s.memory), len(s.sources)
	}
}

// tracing is the configuration of an index that has the command to itself.
func (s *settings) tracing() tracing.Config {
	return tracing.Config{Memory: s.memory.Index(), Rules: s.rules, Paths: s.paths, Settle: s.settle}
}

// besideScreen is that of an index that shares the budget with the lists of a screen.
func (s *settings) besideScreen() tracing.Config {
	config := s.tracing()
	config.Memory = s.memory.BesideScreen()
	return config
}

// unconfirmed is the refusal of a command that was to write where the name of the context has to
// be typed first; nil where nothing is missing.
func (s *settings) unconfirmed(c *config.Consent) error {
	if !c.Given || !s.readOnly || s.context == "" {
		return nil
	}
	return &adapters.Problem{
		Doing: "write to the context " + s.context, Cause: "the config marks it as production",
		Remedy: "write its name too: --write=" + s.context, Kind: replay.ErrRefused,
	}
}
