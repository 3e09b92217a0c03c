package rabbitmq

import (
	"context"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// Destinations implements adapters.Topology: all exchanges, queues and streams of the
// virtual host if there is a management API, and otherwise those that are read.
func (a *Adapter) Destinations(ctx context.Context) ([]adapters.Destination, error) {
	if a.management == nil {
		return a.named(), nil
	}
	known, err := a.management.catalog(ctx, true)
	if err != nil {
		return nil, err
	}
	var list []adapters.Destination
	for _, name := range sortedKeys(known.exchanges) {
		shown := name
		if name == "" {
			shown = defaultExchange
		}
		list = append(list, adapters.Destination{Name: shown, Kind: adapters.Exchange, Internal: known.exchanges[name].Internal || name == ""})
	}
	for _, name := range sortedKeys(known.queues) {
		kind := adapters.Queue
		if known.queues[name] == amqp.QueueTypeStream {
			kind = adapters.Stream
		}
		list = append(list, adapters.Destination{Name: name, Kind: kind})
	}
	return list, nil
}

func (a *Adapter) named() []adapters.Destination {
	var list []adapters.Destination
	for _, tap := range a.config.Taps {
		list = append(list, adapters.Destination{Name: tap.Exchange, Kind: adapters.Exchange})
	}
	for _, stream := range a.streams {
		list = append(list, adapters.Destination{Name: stream, Kind: adapters.Stream})
	}
	return list
}
