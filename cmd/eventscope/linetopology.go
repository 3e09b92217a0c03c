package main

import (
	"context"
	"fmt"

	"eventscope/adapters"
)

// lineTopology is what there is at a source behind the screen, which is opened, and opened
// again, while the screen is there.
type lineTopology struct{ line *line }

func (l lineTopology) now() (adapters.Topology, error) {
	adapter := l.line.adapter.Load()
	if adapter == nil {
		return nil, &adapters.Problem{Doing: "ask " + l.line.source.Name + " what there is", Cause: "it is not connected", Kind: adapters.ErrNotConnected}
	}
	told, ok := (*adapter).(adapters.Topology)
	if !ok {
		return nil, &adapters.Problem{Doing: "ask " + l.line.source.Name + " what there is", Cause: fmt.Sprintf("sources of %s do not tell", l.line.source.Broker)}
	}
	return told, nil
}

// Destinations implements adapters.Topology, as Bindings does.
func (l lineTopology) Destinations(ctx context.Context) ([]adapters.Destination, error) {
	told, err := l.now()
	if err != nil {
		return nil, err
	}
	return told.Destinations(ctx)
}

func (l lineTopology) Bindings(ctx context.Context) ([]adapters.Binding, error) {
	told, err := l.now()
	if err != nil {
		return nil, err
	}
	return told.Bindings(ctx)
}
