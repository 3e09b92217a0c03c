package dlq

import (
	"context"
	"fmt"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/publish"
	"eventscope/adapters/rabbitmq/wording"
)

const namedHere = "named when the source was opened"

// DeadLetters finds the dead-letter queues of a virtual host, looks at them and redrives them. It
// may be used from any goroutine.
type DeadLetters struct {
	*publish.Copier

	// Queues and Streams are those that the source was opened on; LettersOnly says that it was for
	// their letters alone.
	Queues, Streams []string
	LettersOnly     bool

	// Counts are what peeks have seen of limits.
	Counts *PeekCounts
}

// DLQs implements deadletter.Queues: the queues and streams that are named, those that
// some queue dead-letters to, and those that are named like that. Queues that dead-letter
// to each other in a circle, as those do that hold messages back before another try, are
// left out unless they are named. Without a management API there are only those named.
func (d *DeadLetters) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	l, err := d.Broker.Shared(ctx)
	if err != nil {
		return nil, err
	}
	control := l.Control(ctx)
	defer control.Close()
	if d.Management == nil {
		return d.namedDLQs(ctx, control)
	}
	graph, err := AskGraph(ctx, d.Management)
	if err != nil {
		return nil, err
	}
	dlqs := graph.dlqs(d.namedLogs())
	for i := range dlqs {
		d.Count(control, graph, &dlqs[i])
	}
	return dlqs, nil
}

// namedLogs are the queues and streams that the config names.
func (d *DeadLetters) namedLogs() []string {
	names := slices.Concat(d.Queues, d.Streams)
	if d.LettersOnly {
		return names
	}
	return slices.DeleteFunc(names, func(name string) bool { // they are read for what they receive
		_, dead := deadheader.OriginByName(name)
		return !dead
	})
}

// namedDLQs describes what the config names as far as AMQP tells.
func (d *DeadLetters) namedDLQs(ctx context.Context, control *connection.Control) ([]deadletter.Queue, error) {
	names := d.namedLogs()
	if len(names) == 0 && !d.LettersOnly {
		return nil, nil
	}
	if len(names) == 0 {
		return nil, wording.Problem("find dead letters on "+d.Broker.String(), "only the management API tells which queues there are",
			"name a queue with queue=, or add management=http://HOST:15672", adapters.ErrUsage)
	}
	var dlqs []deadletter.Queue
	for _, name := range names {
		info, err := d.info(ctx, control, name)
		if err != nil {
			return nil, err
		}
		g := deadletter.Queue{Name: name, Kind: adapters.Queue, Settling: deadletter.ByRemoval, Cost: Redelivered, Messages: -1,
			Evidence: namedHere + "; without management= no others can be found, nor what leads here",
			Unsafe:   info.peekPolicy().refusal("look at queue " + wording.Quoted(name))}
		if info.kind == amqp.QueueTypeStream {
			g.Kind, g.Settling, g.Cost = adapters.Stream, deadletter.ByJournal, deadletter.Cost{}
		} else if depth, err := control.Depth(name); err == nil {
			g.Messages = int64(depth)
		}
		dlqs = append(dlqs, g)
	}
	return dlqs, nil
}

// Count says how many letters a dead-letter queue holds: the broker itself knows at once how many wait
// in a queue, and the management API, some seconds late, how many there were with those that
// are held. The two are never added up, as letters move from one to the other meanwhile.
func (d *DeadLetters) Count(control *connection.Control, graph *Graph, dlq *deadletter.Queue) {
	q := graph.Queues[dlq.Name]
	if q.Messages != nil {
		dlq.Messages = *q.Messages
	}
	if dlq.Kind != adapters.Queue {
		return
	}
	if now, err := control.LookUpQueue(dlq.Name); err == nil {
		dlq.Messages = int64(now.Messages)
		if q.Messages != nil && (q.Unacknowledged > 0 || now.Consumers > 0) { // some are held, and the API alone counts those
			dlq.Messages = max(dlq.Messages, *q.Messages)
		}
	}
	version := versionOf(control.Conn.Connection)
	info := infoOf(q, version)
	info.inherited = graph.inherited(dlq.Name, version)
	dlq.Unsafe = info.peekPolicy().refusal("look at queue " + wording.Quoted(dlq.Name))
}

func (g *Graph) dlq(q *management.Queue, named bool) deadletter.Queue {
	d := deadletter.Queue{
		Name: q.Name, Kind: adapters.Queue, Settling: deadletter.ByRemoval, Cost: Redelivered, Messages: -1, Sources: g.sources[q.Name], Direct: g.direct[q.Name],
		Configured: len(g.sources[q.Name]) > 0, Guarantee: deadletter.AtLeastOnce,
	}
	if q.Type == amqp.QueueTypeStream {
		d.Kind, d.Settling, d.Cost = adapters.Stream, deadletter.ByJournal, deadletter.Cost{}
	}
	d.Feeders = g.feeders(q.Name)
	d.Direct = slices.DeleteFunc(slices.Clone(d.Direct), func(source string) bool { return !slices.Contains(d.Sources, source) })
	_, like := deadheader.OriginByName(q.Name)
	var evidence []string
	switch sources, perhaps := d.Sources, g.perhaps[q.Name]; {
	case len(sources) > 0:
		evidence = append(evidence, lead(sources, "dead-letters to it", "dead-letter to it"))
	case len(perhaps) > 0:
		evidence = append(evidence, lead(perhaps, "may dead-letter to it, by routing key or headers", "may dead-letter to it, by routing key or headers"))
	case like:
		evidence = append(evidence, "named like one")
	}
	if named {
		evidence = append(evidence, namedHere)
	}
	d.Evidence = strings.Join(evidence, "; ")
	return d
}

// lead names queues, at most three.
func lead(queues []string, one, many string) string {
	switch n := len(queues); {
	case n == 1:
		return "queue " + queues[0] + " " + one
	case n <= 3:
		return "queues " + strings.Join(queues, ", ") + " " + many
	default:
		return fmt.Sprintf("queues %s and %d others %s", strings.Join(queues[:2], ", "), n-2, many)
	}
}
