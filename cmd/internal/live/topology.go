package live

import (
	"context"
	"fmt"

	"eventscope/adapters"
)

// Topology is what there is at a source behind the screen.
type Topology struct{ *Source }

func (t Topology) now() (adapters.Topology, error) {
	doing := "ask " + t.Config.Name + " what there is"
	source, err := t.opened(doing)
	if err != nil {
		return nil, err
	}
	if source.Topology == nil {
		return nil, &adapters.Problem{Doing: doing, Cause: fmt.Sprintf("sources of %s do not tell", t.Config.Driver.Broker)}
	}
	return source.Topology, nil
}

// Destinations implements adapters.Topology, as Bindings does.
func (t Topology) Destinations(ctx context.Context) ([]adapters.Destination, error) {
	told, err := t.now()
	if err != nil {
		return nil, err
	}
	return told.Destinations(ctx)
}

func (t Topology) Bindings(ctx context.Context) ([]adapters.Binding, error) {
	told, err := t.now()
	if err != nil {
		return nil, err
	}
	return told.Bindings(ctx)
}
