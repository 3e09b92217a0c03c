package groups

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

// members notes in which state groups of a kind are, and who takes part in them.
func (q *inquiry) members(ctx context.Context, kind string, names []string) {
	for _, response := range q.descriptions(ctx, kind, names) {
		for _, answer := range describedIn(response) {
			g := q.answered(answer.group, answer.code)
			if g == nil {
				continue
			}
			g.describes(answer.state)
			g.protocol = answer.protocol
			for _, m := range answer.members {
				var logs []adapters.Log
				for _, t := range m.given {
					logs = q.logsOf(logs, &t)
				}
				g.joined(m.Member, logs)
			}
		}
	}
}

// descriptions are the brokers' answers, each about some of the groups.
func (q *inquiry) descriptions(ctx context.Context, kind string, names []string) (responses []kmsg.Response) {
	if kind != groupStreams {
		return q.shards(ctx, describe(kind, names))
	}
	coordinator := func(name string) int32 { return q.groups[name].coordinator }
	byCoordinator(q.client, coordinator, names, func(broker *kgo.Broker, names []string) {
		response, err := broker.Request(ctx, describe(kind, names))
		if err == nil {
			responses = append(responses, response)
			return
		}
		for _, name := range names {
			q.failed(name, err)
		}
	})
	return responses
}

// logsOf appends partitions that a member was given. Their topic is named by its id where a
// broker leaves out the name.
func (q *inquiry) logsOf(dst []adapters.Log, g *given) []adapters.Log {
	topic := g.topic
	if topic == "" {
		topic = q.names[g.id]
	}
	for _, partition := range g.partitions {
		dst = append(dst, adapters.Log{Destination: topic, Partition: partition})
	}
	return dst
}
