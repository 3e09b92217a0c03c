package alert

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"eventscope/adapters/consumer"
	"eventscope/tracing"
	"eventscope/tracing/lag"
)

// Kind is what happened.
type Kind string

// The kinds of news.
const (
	Failed      Kind = "failed"
	Stuck       Kind = "stuck"
	DeadLetters Kind = "dead letters"
	Lag         Kind = "lag"
)

var kinds = []Kind{Failed, Stuck, DeadLetters, Lag}

// News is what a person is told.
type News struct {
	Kind  Kind
	Count int64  // of flows, letters or consumers
	Name  string // of the last flow or consumer
	Lag   int64  // of that consumer in messages
}

// Sentence is the news in words. Its names are those that strangers gave.
func (n News) Sentence() string {
	several := func(one, many string) string {
		if n.Count == 1 {
			return one
		}
		return fmt.Sprintf("%d %s", n.Count, many)
	}
	switch n.Kind {
	case DeadLetters:
		return several("1 new dead letter", "new dead letters")
	case Lag:
		return fmt.Sprintf("%s: %s is behind by %d", several("1 consumer fell behind", "consumers fell behind"), n.Name, n.Lag)
	}
	return fmt.Sprintf("%s %s: %s", several("1 flow is", "flows are"), n.Kind, n.Name)
}

const (
	// apart is how long there is at least between two news of one kind.
	apart = 30 * time.Second
	// mostKnown is how many flows are remembered as told.
	mostKnown = 8192
)

// Watch finds what is new. The zero value has seen nothing yet.
type Watch struct {
	flows   map[tracing.FlowKey]tracing.Status // in trouble, as they were seen last
	ill     map[lag.Key]bool                   // consumers; nil before the first look
	open    int64                              // dead letters, with one added; 0 before the first look
	pending map[Kind]News
	told    map[Kind]time.Time
}

// Reset forgets the flows, when they are read again from elsewhere.
func (w *Watch) Reset() { w.flows = nil }

// Flows takes the flows in trouble. While they are read from the past they are no news.
func (w *Watch) Flows(rows []tracing.FlowSummary, past bool) {
	if w.flows == nil || len(w.flows) > mostKnown {
		w.flows, past = map[tracing.FlowKey]tracing.Status{}, true
	}
	for i := range rows {
		f := &rows[i]
		before := w.flows[f.Key]
		w.flows[f.Key] = f.Status
		if past || before == f.Status {
			continue
		}
		kind := Stuck
		if f.Status == tracing.Failed {
			kind = Failed
		}
		w.add(News{Kind: kind, Count: 1, Name: cmp.Or(f.Entity, f.ID)})
	}
}

// Letters takes how many dead letters are open.
func (w *Watch) Letters(open int64) {
	if more := open + 1 - w.open; w.open > 0 && more > 0 {
		w.add(News{Kind: DeadLetters, Count: more})
	}
	w.open = open + 1
}

// Consumers takes all consumers as they are.
func (w *Watch) Consumers(all []*lag.Consumer) {
	if len(all) == 0 {
		return
	}
	ill := map[lag.Key]bool{}
	for _, c := range all {
		if lag.Gravity(c.Standing.State) < lag.Gravity(consumer.LagWarn) {
			continue
		}
		ill[c.Key()] = true
		if w.ill != nil && !w.ill[c.Key()] {
			w.add(News{Kind: Lag, Count: 1, Name: c.Key().Group, Lag: c.Total.Lag})
		}
	}
	w.ill = ill
}

func (w *Watch) add(n News) {
	if w.pending == nil {
		w.pending, w.told = map[Kind]News{}, map[Kind]time.Time{}
	}
	n.Count += w.pending[n.Kind].Count
	w.pending[n.Kind] = n
}

// Due takes out what is to be told now.
func (w *Watch) Due(now time.Time) (due []News) {
	for _, kind := range kinds {
		n, ok := w.pending[kind]
		if last, before := w.told[kind]; !ok || before && now.Sub(last) < apart {
			continue
		}
		delete(w.pending, kind)
		w.told[kind] = now
		due = append(due, n)
	}
	return slices.Clip(due)
}
