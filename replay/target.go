package replay

import (
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// resolve says where a letter is to go again: what its certificate names, else what the
// broker's configuration says, else a guess from the grave's name, which nobody should
// act on unseen.
func resolve(broker adapters.Broker, grave *adapters.Grave, death *envelope.Death) (adapters.Target, string, envelope.Confidence) {
	if death.Confidence == envelope.Certain {
		if target := targetOf(broker, grave, death); !target.IsZero() {
			return target, death.OriginFrom, envelope.Certain
		}
	}
	if len(grave.Sources) == 1 {
		return adapters.Target{RoutingKey: grave.Sources[0]}, grave.Evidence, envelope.Likely
	}
	if death.Confidence == envelope.NameOnly {
		return targetOf(broker, grave, death), death.OriginFrom, envelope.NameOnly
	}
	return adapters.Target{}, "", envelope.Unknown
}

// targetOf turns an origin into a target. On RabbitMQ a copy goes to the queue alone if it
// would be dead-lettered from there as before; else it is published as the original was,
// and reaches every queue that is bound so.
func targetOf(broker adapters.Broker, grave *adapters.Grave, death *envelope.Death) adapters.Target {
	switch {
	case broker == adapters.Kafka && death.OriginAt.Destination != "":
		return adapters.Target{Topic: death.OriginAt.Destination}
	case broker == adapters.Kafka:
		return adapters.Target{Topic: death.Origin}
	case slices.Contains(grave.Direct, death.Origin):
		return adapters.Target{RoutingKey: death.Origin}
	case death.Exchange != "":
		return adapters.Target{Exchange: death.Exchange, RoutingKey: death.RoutingKey}
	}
	return adapters.Target{RoutingKey: death.Origin}
}

// ParseTarget reads what an operator names as a target: a topic, a queue, or
// exchange:routing-key.
func ParseTarget(broker adapters.Broker, text string) adapters.Target {
	if broker == adapters.Kafka {
		return adapters.Target{Topic: text}
	}
	if exchange, key, found := strings.Cut(text, ":"); found {
		return adapters.Target{Exchange: exchange, RoutingKey: key}
	}
	return adapters.Target{RoutingKey: text}
}

// leadsTo says that what is sent to a target lands in the grave itself.
func leadsTo(target adapters.Target, grave string) bool {
	return target.Topic == grave && grave != "" || target.Exchange == "" && target.Topic == "" && target.RoutingKey == grave
}
