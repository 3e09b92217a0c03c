package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/envelope"
	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/source"
	"eventscope/tracing"
)

const defaultMemory = 512 << 20

// settings are what flags, environment and config say together.
type settings struct {
	file       *config.File
	context    string // name of the config's context in use, or ""
	sources    []source.Source
	memory     int64 // bytes
	memoryFrom string
	readOnly   bool
	rules      *envelope.Rules
	paths      []tracing.Path
	settle     time.Duration // see tracing.Config; 0 is its own choice
}

// load reads the config and completes it by flags; urls, if there are any, take the
// place of the context's sources.
func (p *program) load(urls []string) (*settings, error) {
	if len(urls) > 0 && p.flags.context != "" {
		return nil, usage("--context %s and a URL name two things to look at; leave out one of them", p.flags.context)
	}
	s, err := p.loadWithoutSources()
	if err != nil {
		return nil, err
	}
	if len(urls) > 0 {
		err = s.fromURLs(urls, p.brokers, p.getenv)
	} else {
		err = s.fromContext(p)
	}
	if err == nil {
		err = source.CheckPasswords(s.sources)
	}
	if err != nil {
		return nil, err
	}
	source.Number(s.sources)
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
	s := &settings{file: file, memory: defaultMemory, memoryFrom: "default", readOnly: !p.flags.write, paths: file.TracingPaths()}
	if s.rules, err = envelope.Compile(file.EnvelopeMappings()); err != nil {
		return nil, usage("%s: mappings: %w", file.Path, err)
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
			return usage("%s: %w", candidate.from, err)
		}
		s.memory, s.memoryFrom = amount, candidate.from
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
		return usage("no source is named: give a URL such as %s, or a current context in the config; eventscope demo needs neither", p.brokers[0].Example)
	}
	used, err := s.file.Context(name)
	if err != nil {
		return err
	}
	if used.ReadOnly && p.flags.write {
		return &adapters.Problem{
			Doing: "write to the context " + name, Cause: "the config marks it read_only, which no flag overrides",
			Remedy: "leave out --write", Kind: adapters.ErrReadOnly,
		}
	}
	s.context = name
	s.sources, err = s.file.Open(used, p.getenv)
	if err == nil && len(s.sources) == 0 {
		return usage("the context %s of %s has no sources", name, s.file.Path)
	}
	return err
}

// checkURLs refuses arguments that are no URLs before anything else is looked at.
func (p *program) checkURLs(args []string, commands []string) error {
	for _, argument := range args {
		if !strings.Contains(argument, "://") {
			return p.notAURL(argument, commands)
		}
	}
	return nil
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

// open opens sources at the same time. Those that fail are said on standard error, and
// only when all do is that an error.
func (p *program) open(ctx context.Context, sources []source.Source) (*opened, error) {
	found := make([]*driver.Source, len(sources))
	problems := make([]error, len(sources))
	var opening sync.WaitGroup
	p.warn(sources)
	for i, s := range sources {
		opening.Go(func() { found[i], problems[i] = s.Open(ctx) })
	}
	opening.Wait()
	o := newOpened(len(sources))
	for i := range sources {
		if problems[i] == nil {
			o.adapters = append(o.adapters, found[i])
			p.log.Info("opened", "source", sources[i].Name, "url", sources[i].String())
		} else if ctx.Err() == nil {
			o.fail(p, sources[i].Name, problems[i])
		}
	}
	if ctx.Err() != nil {
		o.close()
		return nil, context.Cause(ctx)
	}
	if len(o.adapters) == 0 {
		return nil, printed{o.first}
	}
	return o, nil
}

// warn says what an operator should know of where passwords come from and go to.
func (p *program) warn(sources []source.Source) {
	for _, warning := range source.Warnings(sources) {
		p.note("warning: %s", warning)
	}
}

// loadFor is load for a command that takes nothing but URLs.
func (p *program) loadFor(args []string) (*settings, error) {
	if err := p.checkURLs(args, nil); err != nil {
		return nil, err
	}
	return p.load(args)
}
