package reading

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/source"
	"eventscope/tui/text"
)

// Sources are those of a command: the ones that could be opened, and how it went with all.
type Sources struct {
	Open []*driver.Source

	console *console.Console
	all     int // sources there are

	mu     sync.Mutex
	first  error           // what the first of the failed said
	failed map[string]bool // by name: sources of which there is nothing, or nothing more
	partly map[string]bool // sources of which there is a part
	told   map[string]bool // what was said of parts that cannot be read
}

func newSources(c *console.Console, all int) *Sources {
	return &Sources{console: c, all: all, failed: map[string]bool{}, partly: map[string]bool{}, told: map[string]bool{}}
}

// Open opens sources at the same time. Those that fail are said on standard error, and
// only when all do is that an error. The caller must close the result.
func Open(ctx context.Context, c *console.Console, sources []source.Source) (*Sources, error) {
	found := make([]*driver.Source, len(sources))
	problems := make([]error, len(sources))
	var opening sync.WaitGroup
	Warn(c, sources)
	for i, s := range sources {
		opening.Go(func() { found[i], problems[i] = s.Open(ctx) })
	}
	opening.Wait()
	o := newSources(c, len(sources))
	for i := range sources {
		if problems[i] == nil {
			o.Open = append(o.Open, found[i])
			c.Log.Info("opened", "source", sources[i].Name, "url", sources[i].String())
		} else if ctx.Err() == nil {
			o.Fail(sources[i].Name, problems[i])
		}
	}
	if ctx.Err() != nil {
		o.Close()
		return nil, context.Cause(ctx)
	}
	if len(o.Open) == 0 {
		return nil, exit.Printed(o.first)
	}
	return o, nil
}

// Warn says what an operator should know of where passwords come from and go to.
func Warn(c *console.Console, sources []source.Source) {
	for _, warning := range source.Warnings(sources) {
		c.Note("warning: %s", warning)
	}
}

// Fail says that a source failed, and counts it.
func (s *Sources) Fail(source string, problem error) {
	s.console.Note("%w", problem)
	s.lost(source, problem)
}

// lost counts a source that failed, about which all was said.
func (s *Sources) lost(source string, problem error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed[source] = true
	if s.first == nil || errors.Is(s.first, adapters.ErrUsage) {
		s.first = problem // a mistake of usage is the exit code only when nothing else failed
	}
}

// Lack says that a part of a source is missing, and counts the source.
func (s *Sources) Lack(source string, problem error) {
	s.console.Note("%w", problem)
	s.Partial(source)
}

// Partial counts a source of which a part is missing, about which all was said.
func (s *Sources) Partial(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partly[source] = true
}

// LackAll is Lack for an error that joins those of several sources.
func (s *Sources) LackAll(err error) {
	if err == nil {
		return
	}
	problems := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		problems = joined.Unwrap()
	}
	for _, problem := range problems {
		name := ""
		if of := (*adapters.SourceError)(nil); errors.As(problem, &of) {
			name = of.Source
		}
		s.Lack(name, problem)
	}
}

// news are the problems of a source that were not said yet, which are taken to be said now.
func (s *Sources) news(source string, problems []string) (news []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, problem := range problems {
		if text := source + ": " + problem; !s.told[text] {
			s.told[text] = true
			news = append(news, problem)
		}
	}
	return news
}

// Outcome is the end of a command that worked with what could be opened, and of that
// with what could be read. The reasons that were not said yet are said.
func (s *Sources) Outcome() error {
	for _, adapter := range s.Open {
		status := adapter.Status()
		for _, problem := range s.news(adapter.Name, status.Problems) {
			s.console.Note("%s: %s", adapter.Name, problem)
		}
		for _, what := range slices.Sorted(maps.Keys(status.Unread)) {
			s.console.Note("%s: %s %s", adapter.Name, text.Count(status.Unread[what]), what)
		}
		if len(status.Problems) > 0 || status.Dropped > 0 || status.DroppedUnknown || slices.ContainsFunc(status.Gaps, missing) {
			s.Partial(adapter.Name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	partly := 0
	for name := range s.partly {
		if !s.failed[name] {
			partly++
		}
	}
	if len(s.failed) == 0 && partly == 0 {
		return nil
	}
	return &PartlyDone{Failed: len(s.failed), Partly: partly, Of: s.all}
}

// missing reports whether there were messages in a gap, or may have been.
func missing(gap adapters.Gap) bool { return gap.Missed != 0 }

// Answer is the end of a command that looked for something: nothing found is no answer when
// not everything could be read.
func (s *Sources) Answer(err error) error {
	nothing := (*exit.NothingFound)(nil)
	if err != nil && !errors.As(err, &nothing) {
		return err
	}
	partly := s.Outcome()
	switch {
	case partly == nil:
		return err
	case err != nil:
		s.console.Note("%w", err)
	}
	return partly
}

// Close closes those that are open.
func (s *Sources) Close() {
	for _, adapter := range slices.Backward(s.Open) {
		_ = adapter.Close() // nothing was written that could be lost
	}
}

// PartlyDone says that of so many sources some failed, or could be read in part only, while
// others gave their results. Each failure was printed when it happened.
type PartlyDone struct{ Failed, Partly, Of int }

// ExitCode is [exit.Partly].
func (p *PartlyDone) ExitCode() int { return exit.Partly }

func (p *PartlyDone) Error() string {
	var parts []string
	if p.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d sources failed", p.Failed, p.Of))
	}
	if p.Partly > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d sources incomplete", p.Partly, p.Of))
	}
	return "partial result: " + strings.Join(parts, ", ")
}

// All is how many sources there are, open or not.
func (s *Sources) All() int { return s.all }

// First is what the first source that failed said, mistakes of usage last.
func (s *Sources) First() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}
