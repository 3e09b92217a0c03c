package main

import (
	"errors"
	"maps"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/cmd/internal/output"
	"eventscope/tracing/lag"
	"eventscope/tui/text"
)

// lagRound is what one round leaves to the next one.
type lagRound struct {
	told   map[string]bool // sentences about what could not be told
	failed map[string]time.Time
	found  map[lag.Key]*output.Lag
}

// begin starts a round.
func (l *lagPrinter) begin() {
	l.round++
	l.partly, l.told, l.failed = make(map[string]bool), make(map[string]bool), nil
	if l.before.failed == nil {
		l.before.failed = make(map[string]time.Time)
	}
}

// tell says what could not be told, unless the round before has said so: each outage is said
// when it begins.
func (l *lagPrinter) tell(troubles []lag.Trouble) {
	for _, trouble := range troubles {
		l.partly[trouble.Source] = true
		if errors.Is(trouble.Err, adapters.ErrNotConnected) && l.failed == nil {
			l.failed = trouble.Err
		}
		said := trouble.Err.Error()
		if !l.told[said] && !l.before.told[said] {
			l.Note("%w", trouble.Err)
		}
		l.told[said] = true
	}
}

// failing notes whether a source could be asked, and says when it can be again.
func (l *lagPrinter) failing(source string, failing bool) {
	since, failed := l.before.failed[source]
	switch {
	case failing && !failed:
		l.before.failed[source] = time.Now()
	case !failing && failed:
		delete(l.before.failed, source)
		l.Note("%s answers again after %s", source, text.Span(time.Since(since)))
	}
}

// end completes a round by what only the round before has found: unknown where the source
// could not be asked for it, and said to be gone where it has it no more.
func (l *lagPrinter) end(found []*output.Lag) []*output.Lag {
	now := make(map[lag.Key]*output.Lag, len(found))
	for _, c := range found {
		now[c.Key()] = c
	}
	for _, key := range slices.SortedFunc(maps.Keys(l.before.found), lag.Key.Compare) {
		_, failed := l.before.failed[key.Source]
		switch {
		case now[key] != nil:
		case failed:
			unheard := l.before.found[key].Unheard()
			now[key] = &output.Lag{Consumer: &unheard, Round: l.round, At: time.Now()}
			found = append(found, now[key])
		default:
			l.Note("%s: %s is not there any more", key.Source, key.Group)
		}
	}
	l.before.told, l.before.found = l.told, now
	slices.SortFunc(found, func(a, b *output.Lag) int { return lag.Worse(a.Consumer, b.Consumer) })
	return found
}
