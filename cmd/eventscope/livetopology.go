package main

import (
	"context"
	"fmt"

	"eventscope/adapters"
)

// liveTopology is what there is at a source behind the screen, which is opened, and opened
// again, while the screen is there.
type liveTopology struct{ line *line }

func (l liveTopology) now() (adapters.Topology, error) {
	doing := "ask " + l.line.source.Name + " what there is"
	source, err := l.line.opened(doing)
	if err != nil {
		return nil, err
	}
	if source.Topology == nil {
		return nil, &adapters.Problem{Doing: doing, Cause: fmt.Sprintf("sources of %s do not tell", l.line.source.Driver.Broker)}
	}
	return source.Topology, nil
}

// Destinations implements adapters.Topology, as Bindings does.
func (l liveTopology) Destinations(ctx context.Context) ([]adapters.Destination, error) {
	told, err := l.now()
	if err != nil {
		return nil, err
	}
	return told.Destinations(ctx)
}

func (l liveTopology) Bindings(ctx context.Context) ([]adapters.Binding, error) {
	told, err := l.now()
	if err != nil {
		return nil, err
	}
	return told.Bindings(ctx)
}
