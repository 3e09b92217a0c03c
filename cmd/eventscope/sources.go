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
	s, err := p.loadWithoutSources()
	if err != nil {
		return nil, err
	}
	if len(urls) > 0 {
		err = s.fromURLs(urls, p.getenv)
	} else {
		err = s.fromContext(p.flags.context, p.flags.write, p.getenv)
	}
	source.Number(s.sources)
	s.limitFetches()
	return s, err
}

func (p *program) loadWithoutSources() (*settings, error) {
	file, err := config.Load(p.flags.config, p.getenv)
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

func (s *settings) fromURLs(urls []string, getenv func(string) string) error {
	var wrong []error
	for _, text := range urls {
		parsed, err := source.Parse(text)
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

func (s *settings) fromContext(name string, write bool, getenv func(string) string) error {
	if name == "" {
		name = s.file.Current.Value
	}
	if name == "" {
		return usage("no source is named: give a URL such as kafka://host:9092/orders, or a current context in the config; eventscope demo needs neither")
	}
	used, err := s.file.Context(name)
	if err != nil {
		return err
	}
	if used.ReadOnly && write {
		return &adapters.Problem{
			Doing: "write to the context " + name, Cause: "the config marks it read_only, which no flag overrides",
			Remedy: "leave out --write", Kind: adapters.ErrReadOnly,
		}
	}
	s.context = name
	s.sources, err = used.Open(s.file.Path, getenv)
	if err == nil && len(s.sources) == 0 {
		return usage("the context %s of %s has no sources", name, s.file.Path)
	}
	return err
}

// checkURLs refuses arguments that are no URLs before anything else is looked at.
func checkURLs(args []string, commands []string) error {
	for _, argument := range args {
		if !strings.Contains(argument, "://") {
			return notAURL(argument, commands)
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

// opened are sources that could be opened; failed counts the others.
type opened struct {
	adapters []adapters.Adapter
	all      int // sources there are
	failed   int
	first    error // what the first of the failed said
}

// open opens sources at the same time. Those that fail are said on standard error, and
// only when all do is that an error.
func (p *program) open(ctx context.Context, sources []source.Source) (*opened, error) {
	found := make([]adapters.Adapter, len(sources))
	problems := make([]error, len(sources))
	var opening sync.WaitGroup
	for i, s := range sources {
		if warning := s.Warning(); warning != "" {
			p.note("warning: %s", warning)
		}
		opening.Go(func() { found[i], problems[i] = s.Open(ctx) })
	}
	opening.Wait()
	o := &opened{all: len(sources)}
	for i := range sources {
		if problems[i] == nil {
			o.adapters = append(o.adapters, found[i])
			p.log.Info("opened", "source", sources[i].Name, "url", sources[i].String())
		} else if ctx.Err() == nil {
			o.fail(p, problems[i])
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

// fail says that a source failed, and counts it.
func (o *opened) fail(p *program, problem error) {
	p.note("%w", problem)
	o.failed++
	if o.first == nil || errors.Is(o.first, adapters.ErrUsage) {
		o.first = problem // a mistake of usage is the exit code only when nothing else failed
	}
}

// outcome is the end of a command that worked with what could be opened, and of that
// with what could be read.
func (o *opened) outcome() error {
	partly := 0
	for _, adapter := range o.adapters {
		if len(adapter.Status().Problems) > 0 {
			partly++
		}
	}
	if o.failed == 0 && partly == 0 {
		return nil
	}
	return &partlyDone{o.failed, partly, o.all}
}

func (o *opened) close() {
	for _, adapter := range slices.Backward(o.adapters) {
		_ = adapter.Close() // nothing was written that could be lost
	}
}

// loadFor is load for a command that takes nothing but URLs.
func (p *program) loadFor(args []string) (*settings, error) {
	if err := checkURLs(args, nil); err != nil {
		return nil, err
	}
	return p.load(args)
}
