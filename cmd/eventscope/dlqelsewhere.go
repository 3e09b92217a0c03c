package main

import (
	"context"

	"eventscope/adapters/driver"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/source"
)

// nameElsewhere reads the cluster of --to URL, to which letters of another are sent.
func (d *dlq) nameElsewhere(text string) error {
	parsed, err := d.brokers.Parse(text)
	if err == nil {
		err = parsed.FindPassword(d.getenv)
	}
	if err != nil {
		return err
	}
	if d.destination, err = parsed.Driver.Target(&parsed.Config); err != nil {
		return exit.Usage("--to a URL: %w", err)
	}
	d.there = &parsed
	return nil
}

// openElsewhere opens that cluster, if one is named.
func (d *dlq) openElsewhere(ctx context.Context) error {
	if d.there == nil {
		return nil
	}
	settings, err := d.loadWithoutSources()
	if err == nil {
		err = d.flags.write.Guard(settings.file, []source.Source{*d.there}, d.getenv)
	}
	if err != nil {
		return err
	}
	there := *d.there
	there.Name, there.Purpose, there.Write = "elsewhere", driver.ToSend, d.flags.write.Given
	adapter, err := there.Open(ctx)
	if err != nil {
		return err
	}
	d.closing = append(d.closing, adapter.Close)
	opened, ok := letterSource(there, adapter)
	if !ok {
		return exit.Usage("--to %s: nothing can be sent there", d.there)
	}
	opened.URL = d.there.WithoutSecrets().String()
	d.elsewhere = &opened
	return nil
}

// close closes what was opened, and prints the figures of --stats.
func (d *dlq) close() {
	if d.sources != nil {
		d.figures.AddDropped(d.sources)
		d.sources.Close()
		d.printFigures(&d.figures)
	}
	for _, closing := range d.closing {
		_ = closing() // nothing is under way any more
	}
}
