package live

import (
	"context"
	"fmt"

	"eventscope/adapters"
)

// Topology is what there is at a source behind the screen.
type Topology struct{ *Source }

func (l Topology) now() (adapters.Topology, error) {
	doing := "ask " + l.Config.Name + " what there is"
	source, err := l.opened(doing)
	if err != nil {
		return nil, err
	}
	if source.Topology == nil {
		return nil, &adapters.Problem{Doing: doing, Cause: fmt.Sprintf("sources of %s do not tell", l.Config.Driver.Broker)}
	}
	return source.Topology, nil
}

// Destinations implements adapters.Topology, as Bindings does.
func (l Topology) Destinations(ctx context.Context) ([]adapters.Destination, error) {
	told, err := l.now()
	if err != nil {
		return nil, err
	}
	return told.Destinations(ctx)
}

func (l Topology) Bindings(ctx context.Context) ([]adapters.Binding, error) {
	told, err := l.now()
	if err != nil {
		return nil, err
	}
	return told.Bindings(ctx)
}
