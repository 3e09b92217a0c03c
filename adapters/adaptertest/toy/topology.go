package toy

import (
	"context"
	"slices"

	"eventscope/adapters"
)

// topology is what a source reads, and where that leads.
type topology struct{ *source }

// Destinations implements adapters.Topology.
func (t topology) Destinations(context.Context) (all []adapters.Destination, err error) {
	err = t.ask("list channels", func() error {
		for _, d := range t.destinations {
			if t.meant(d) || slices.ContainsFunc(d.feeders, t.reads) {
				all = append(all, adapters.Destination{Name: d.name, Kind: d.kind})
			}
		}
		return nil
	})
	return all, err
}

// Bindings implements adapters.Topology.
func (t topology) Bindings(context.Context) (all []adapters.Binding, err error) {
	err = t.ask("list bindings", func() error {
		for _, d := range t.destinations {
			for _, log := range d.feeders {
				if t.reads(log) {
					all = append(all, adapters.Binding{From: adapters.Endpoint{Name: log, Kind: adapters.Stream}, To: adapters.Endpoint{Name: d.name, Kind: d.kind}, Way: adapters.Dead})
				}
			}
		}
		return nil
	})
	return all, err
}

// reads reports whether a log is one of those that are read.
func (t topology) reads(log string) bool {
	d := t.find(log)
	return d != nil && t.meant(d)
}
