package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// opened are the sources of a command: those that could be opened, and how it went with all.
type opened struct {
	adapters []*driver.Source
	all      int   // sources there are
	first    error // what the first of the failed said

	mu     sync.Mutex
	failed map[string]bool // by name: sources of which there is nothing, or nothing more
	partly map[string]bool // sources of which there is a part
	told   map[string]bool // what was said of parts that cannot be read
}

func newOpened(all int) *opened {
	return &opened{all: all, failed: map[string]bool{}, partly: map[string]bool{}, told: map[string]bool{}}
}

// fail says that a source failed, and counts it.
func (o *opened) fail(p *program, source string, problem error) {
	p.note("%w", problem)
	o.lost(source, problem)
}

// lost counts a source that failed, about which all was said.
func (o *opened) lost(source string, problem error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed[source] = true
	if o.first == nil || errors.Is(o.first, adapters.ErrUsage) {
		o.first = problem // a mistake of usage is the exit code only when nothing else failed
	}
}

// lack says that a part of a source is missing, and counts the source.
func (o *opened) lack(p *program, source string, problem error) {
	p.note("%w", problem)
	o.partial(source)
}

// partial counts a source of which a part is missing, about which all was said.
func (o *opened) partial(source string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.partly[source] = true
}

// lackAll is lack for an error that joins those of several sources.
func (o *opened) lackAll(p *program, err error) {
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
		o.lack(p, name, problem)
	}
}

// news are the problems of a source that were not said yet, which are taken to be said now.
func (o *opened) news(source string, problems []string) (news []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, problem := range problems {
		if text := source + ": " + problem; !o.told[text] {
			o.told[text] = true
			news = append(news, problem)
		}
	}
	return news
}

// outcome is the end of a command that worked with what could be opened, and of that
// with what could be read. The reasons that were not said yet are said.
func (o *opened) outcome(p *program) error {
	for _, adapter := range o.adapters {
		status := adapter.Status()
		for _, problem := range o.news(adapter.Name, status.Problems) {
			p.note("%s: %s", adapter.Name, problem)
		}
		if len(status.Problems) > 0 || status.Dropped > 0 || status.DroppedUnknown || slices.ContainsFunc(status.Gaps, missing) {
			o.partial(adapter.Name)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	partly := 0
	for name := range o.partly {
		if !o.failed[name] {
			partly++
		}
	}
	if len(o.failed) == 0 && partly == 0 {
		return nil
	}
	return &partlyDone{len(o.failed), partly, o.all}
}

// missing says that there were messages in a gap, or may have been.
func missing(gap adapters.Gap) bool { return gap.Missed != 0 }

// answer is the end of a command that looked for something: nothing found is no answer when
// not everything could be read.
func (o *opened) answer(p *program, err error) error {
	nothing := (*nothingFound)(nil)
	if err != nil && !errors.As(err, &nothing) {
		return err
	}
	partly := o.outcome(p)
	switch {
	case partly == nil:
		return err
	case err != nil:
		p.note("%w", err)
	}
	return partly
}

func (o *opened) close() {
	for _, adapter := range slices.Backward(o.adapters) {
		_ = adapter.Close() // nothing was written that could be lost
	}
}

// partlyDone says that some sources failed, or could be read in part only, while others
// gave their results. Each failure was printed when it happened.
type partlyDone struct{ failed, partly, of int }

func (p *partlyDone) Error() string {
	failed, partly := fmt.Sprintf("%d of %d sources failed", p.failed, p.of), fmt.Sprintf("%d of %d sources could be read in part only", p.partly, p.of)
	switch {
	case p.failed == 0:
		failed = partly
	case p.partly > 0:
		failed += " and " + partly
	}
	return failed + ", so the result is not whole"
}
