package lag

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// Key names a consumer: of two kinds there may be one of each name.
type Key struct {
	Source string
	Kind   consumer.Kind
	Group  string
}

// Compare orders consumers by name.
func (k Key) Compare(other Key) int {
	return cmp.Or(strings.Compare(k.Group, other.Group), strings.Compare(k.Source, other.Source), cmp.Compare(k.Kind, other.Kind))
}

// Consumer is a group or queue, how far it is behind and how it stands, as it was last read. It
// never changes.
type Consumer struct {
	Source   string
	Broker   adapters.Broker
	Lag      consumer.Lag
	Total    consumer.Total // of Lag
	Standing Standing       // in all
	Logs     []Standing     // one for each of Lag.Logs
	Err      error          // why it, or a part of it, cannot be told
}

// Key is its name.
func (c *Consumer) Key() Key { return Key{c.Source, c.Lag.Kind, c.Lag.Group} }

// Rank is its place in the order of what is worse.
func (c *Consumer) Rank() Rank { return Rank{c.Standing.State, c.Total.Lag} }

// Worse puts the worse of two consumers first: the graver state, then the larger lag.
func Worse(a, b *Consumer) int {
	return cmp.Or(a.Rank().Compare(b.Rank()), a.Key().Compare(b.Key()))
}

// WorstFirst is the consumer with its logs in the order of Worse.
func (c *Consumer) WorstFirst() *Consumer {
	order := make([]int, len(c.Logs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &c.Lag.Logs[i], &c.Lag.Logs[j]
		return cmp.Or(Rank{c.Logs[i].State, a.Lag}.Compare(Rank{c.Logs[j].State, b.Lag}),
			strings.Compare(a.Destination, b.Destination), cmp.Compare(a.Partition, b.Partition))
	})
	sorted := *c
	sorted.Lag.Logs, sorted.Logs = make([]consumer.LogLag, len(order)), make([]Standing, len(order))
	for to, from := range order {
		sorted.Lag.Logs[to], sorted.Logs[to] = c.Lag.Logs[from], c.Logs[from]
	}
	return &sorted
}

// Unheard is the consumer when nothing was heard of it for too long.
func (c *Consumer) Unheard() Consumer {
	return Consumer{
		Source: c.Source, Broker: c.Broker, Lag: consumer.Lag{Kind: c.Lag.Kind, Group: c.Lag.Group, At: c.Lag.At},
		Standing: Standing{State: consumer.LagUnknown, Why: "nothing was heard of it since " + c.Lag.At.Local().Format("15:04:05.000"), Unsure: true},
	}
}

// judge says how a consumer stands that the series has observed.
func (s *Series) judge(c *Consumer, now time.Time) *Consumer {
	judged := *c
	judged.Standing, judged.Logs = s.Stand(c.Source, &c.Lag, c.Err, now)
	return &judged
}
