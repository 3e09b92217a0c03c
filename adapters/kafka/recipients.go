package kafka

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/groups"
	"eventscope/adapters/kafka/transactions"
)

const (
	reachTime    = 4 * time.Second // for all groups of a cluster
	mostSurveyed = 100             // topics whose groups are asked for at once
)

// targetOf is the topic at which a letter died.
func targetOf(_ *deadletter.Queue, origin deadletter.Origin) deadletter.Target {
	return deadletter.Target(cmp.Or(origin.Topic, origin.Destination))
}

// Target implements [deadletter.Queues]: the name of a topic.
func (a *Adapter) Target(_ context.Context, text string) (deadletter.Target, error) {
	if text == "" {
		return "", &adapters.Problem{Doing: "read the name of a destination", Cause: "it is empty", Remedy: "name a topic", Kind: adapters.ErrUsage}
	}
	return deadletter.Target(text), nil
}

// Recipients implements [deadletter.Queues]. A group reads a topic if it has committed
// offsets of it, or if a member is subscribed or assigned to it. Groups that are not plain
// consumer groups are named with their type, as "audit (share group)". Consumers without
// a group leave no trace on a broker.
func (a *Adapter) Recipients(ctx context.Context, targets []deadletter.Target) ([]deadletter.Recipients, error) {
	names := make([]string, len(targets))
	for i := range targets {
		names[i] = string(targets[i])
	}
	if len(names) == 0 {
		return nil, nil
	}
	asking, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := cluster.ReadCatalog(asking, a.client, names)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	recipients := make([]deadletter.Recipients, len(targets))
	s := groups.NewReaders(a.client)
	for i, name := range names {
		if recipients[i] = a.config.standing(name, c.Topics[name]); recipients[i].Exists && len(s.Topics) < mostSurveyed {
			s.Topics[name] = c.Topics[name]
		}
	}
	finding, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	s.Find(finding)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	unknown, warnings := s.Unknown(a.config.access().User()), a.warnOfOngoing(finding, s.Topics)
	for i := range recipients {
		if warning := warnings[names[i]]; warning != "" {
			recipients[i].Warnings = append(recipients[i].Warnings, warning)
		}
		switch {
		case !recipients[i].Exists:
		case s.Topics[names[i]] == nil:
			recipients[i].Unknown = fmt.Sprintf("the groups of only %d topics were asked for", mostSurveyed)
		default:
			recipients[i].Readers, recipients[i].Unknown = s.Of(names[i]), unknown
		}
	}
	return recipients, nil
}

// stillOpen is how long a transaction stays open before it is taken for one that lasts:
// those of producers at work end within less, and others follow.
const stillOpen = 300 * time.Millisecond

// warnOfOngoing says of topics on which a transaction stays open that readers of committed
// records get nothing behind it. It asks twice if there is any.
func (a *Adapter) warnOfOngoing(ctx context.Context, topics map[string]*cluster.Topic) map[string]string {
	var logs []adapters.Log
	for _, t := range topics {
		logs = append(logs, t.Logs()...)
	}
	stable, _ := transactions.LastStable(ctx, a.client, logs)
	if len(stable) == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(stillOpen):
	}
	still, _ := transactions.LastStable(ctx, a.client, slices.Collect(maps.Keys(stable)))
	ongoing, _ := transactions.InLogs(ctx, a.client, slices.Collect(maps.Keys(still)))
	warnings := map[string]string{}
	for log, offset := range still {
		if offset == stable[log] {
			warnings[log.Destination] = a.nameOngoing(ctx, log, offset, ongoing[log]) + ": readers of committed records get what is sent there only when it has ended"
		}
	}
	return warnings
}

// nameOngoing names the transaction at a last stable offset, and says who ends it if it hangs.
func (a *Adapter) nameOngoing(ctx context.Context, log adapters.Log, offset int64, ongoing []transactions.Ongoing) string {
	if len(ongoing) == 0 || !ongoing[0].Hangs() {
		at := adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: offset}
		return fmt.Sprintf("a transaction stays open at %s", at)
	}
	h := &ongoing[0]
	if ofRedrive(h) {
		if guarantee, err := a.guarantee(ctx); err == nil && h.Decided(guarantee == deadletter.ExactlyOnce) {
			return h.HangsAt() + ", and a run ends it as its coordinator has decided"
		}
	}
	return h.HangsAt() + ", and nobody ends it but " + h.AbortCommand()
}

// standing is what the catalog says of a topic as a target.
func (c *Config) standing(name string, t *cluster.Topic) (r deadletter.Recipients) {
	r.Kind, r.Name = adapters.Topic, name
	switch {
	case forbidden(name, t) != "":
		r.Forbidden = forbidden(name, t)
	case t == nil || t.Unknown():
	case t.Forbidden() && (t.Allowed == 0 || t.Allowed == math.MinInt32): // the broker does not even say whether it is there
		r.Denied = "user " + c.access().User() + " may neither write to it nor see it; have Write granted on it"
	case !t.Writable() && (t.Err == nil || t.Forbidden()):
		r.Exists, r.Denied = true, "user "+c.access().User()+" may not write to it; have Write granted on it"
	default:
		r.Exists = t.Writable()
	}
	return r
}

// forbidden is why a topic is never a target, or empty.
func forbidden(name string, t *cluster.Topic) string {
	switch {
	case name == LedgerTopic:
		return "it is the ledger, in which eventscope records what became of letters"
	case strings.HasPrefix(name, cluster.InternalPrefix), t != nil && t.Internal:
		return "it is an internal topic"
	}
	return ""
}
