package topology

import (
	"context"

	"eventscope/adapters"
	"eventscope/tracing/lag"
)

// Source is one whose broker may tell what there is.
type Source struct {
	Name     string
	Broker   adapters.Broker
	Seen     adapters.DestinationKind // as in Facts
	Topology adapters.Topology        // nil where nobody can tell
}

// Gather asks the brokers of all sources what there is. Of one that does not tell, what it told
// before stays: that is what Gather returned of the same sources, or nil.
func Gather(ctx context.Context, sources []Source, before []Facts) (all []Facts, troubles []lag.Trouble) {
	for i, source := range sources {
		facts := Facts{Source: source.Name, Broker: source.Broker, Seen: source.Seen}
		if i < len(before) {
			facts = before[i]
		}
		if source.Topology != nil {
			destinations, err := source.Topology.Destinations(ctx)
			if err == nil {
				facts.Destinations = destinations
			} else {
				troubles = append(troubles, lag.Trouble{Source: source.Name, Err: err})
			}
			bindings, err := source.Topology.Bindings(ctx)
			if err == nil {
				facts.Bindings = bindings
			} else {
				troubles = append(troubles, lag.Trouble{Source: source.Name, Err: err})
			}
		}
		all = append(all, facts)
	}
	return all, troubles
}
