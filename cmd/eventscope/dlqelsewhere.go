package main

import (
	"context"

	"eventscope/adapters"
	"eventscope/cmd/internal/source"
)

// openElsewhere opens the cluster of --to URL, to which letters of another are sent.
func (d *dlq) openElsewhere(ctx context.Context, text string) error {
	parsed, err := source.Parse(text)
	if err == nil {
		err = parsed.FindPassword(d.getenv)
	}
	if err != nil {
		return err
	}
	if d.destination, err = soleDestination(parsed); err != nil {
		return err
	}
	url := parsed.WithoutSecrets().String()
	parsed.Name, parsed.DeadLetters, parsed.Write = "elsewhere", true, d.flags.write
	if parsed.Broker == adapters.RabbitMQ {
		parsed.Queues, parsed.Streams, parsed.Taps = nil, nil, nil // they are not read
	}
	adapter, err := parsed.Open(ctx)
	if err != nil {
		return err
	}
	d.closing = append(d.closing, adapter.Close)
	opened, ok := letterSource(parsed, adapter)
	if !ok {
		return usage("--to %s: nothing can be sent there", source.Redact(text))
	}
	opened.URL = url
	d.elsewhere = &opened
	return nil
}

// soleDestination is the one destination that a URL names.
func soleDestination(s source.Source) (adapters.Target, error) {
	switch {
	case s.Broker == adapters.Kafka && len(s.Topics) == 1 && s.Topics[0][0] != '~':
		return adapters.Target{Topic: s.Topics[0]}, nil
	case s.Broker == adapters.RabbitMQ && len(s.Queues) == 1 && len(s.Taps) == 0:
		return adapters.Target{RoutingKey: s.Queues[0]}, nil
	case s.Broker == adapters.RabbitMQ && len(s.Taps) == 1 && len(s.Queues) == 0:
		return adapters.Target{Exchange: s.Taps[0].Exchange, RoutingKey: s.Taps[0].Key}, nil
	}
	return adapters.Target{}, usage("--to a URL: name one topic, as in kafka://host:9092/orders, one queue=, or one tap=exchange:key")
}

// close closes what was opened, and prints the figures of --stats.
func (d *dlq) close() {
	if d.sources != nil {
		d.figures.addDropped(d.sources)
		d.sources.close()
		d.printStatistics(&d.figures)
	}
	for _, closing := range d.closing {
		_ = closing() // nothing is under way any more
	}
}
