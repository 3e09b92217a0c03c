package kafka

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
)

// Adapter reads one Kafka cluster. It implements [adapters.Adapter],
// [adapters.Estimator], [adapters.Topology], [adapters.DeadLetters] and
// [adapters.LagReader].
type Adapter struct {
	config    Config
	options   []kgo.Opt
	selection *selection
	progress  *progress
	client    *kgo.Client // for everything but Run and Scan
	decoder   kgo.Decompressor

	mu     sync.Mutex
	topics map[string]*topic // as last seen, for Fetch
}

var (
	_ adapters.Adapter     = (*Adapter)(nil)
	_ adapters.Estimator   = (*Adapter)(nil)
	_ adapters.Topology    = (*Adapter)(nil)
	_ adapters.DeadLetters = (*Adapter)(nil)
	_ adapters.LagReader   = (*Adapter)(nil)
)

// Open connects and checks address, transport, login and topics. The error is an
// [adapters.Problem]; a refused port gives it at once, silence within 10 s.
func Open(ctx context.Context, config Config) (*Adapter, error) {
	options, err := config.options()
	if err != nil {
		return nil, err
	}
	chosen, err := newSelection(&config)
	if err != nil {
		return nil, err
	}
	a := &Adapter{config: config, options: options, selection: chosen, progress: newProgress(time.Now())}
	if a.client, err = a.newClient(); err != nil {
		return nil, err
	}
	a.decoder = decoderOf(a.client)
	if err := a.check(ctx); err != nil {
		a.client.Close()
		return nil, err
	}
	return a, nil
}

func (a *Adapter) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := a.client.Ping(ctx); err != nil {
		return a.config.problem(err)
	}
	c, err := a.findTopics(ctx)
	if err != nil {
		return err
	}
	topics, problems := a.selection.chosen(&a.config, c)
	a.progress.see(len(topics), problems)
	a.topics = c.topics
	return nil
}

// findTopics reads a catalog that has the topics asked for. A topic that was just made
// is unknown to a broker for a moment, so it asks again for a second.
func (a *Adapter) findTopics(ctx context.Context) (*catalog, error) {
	patience := time.NewTimer(time.Second)
	defer patience.Stop()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		c, err := readCatalog(ctx, a.client, a.selection.ask())
		if err != nil {
			return nil, a.explain(ctx, err)
		}
		err = a.selection.verify(&a.config, c)
		if !errors.Is(err, adapters.ErrUnknownDestination) {
			return c, err
		}
		select {
		case <-again.C:
		case <-patience.C:
			return nil, err
		case <-ctx.Done():
			return nil, err
		}
	}
}

// Name implements [adapters.Adapter].
func (a *Adapter) Name() string { return a.config.name() }

// Broker implements [adapters.Adapter].
func (a *Adapter) Broker() adapters.Broker { return adapters.Kafka }

// Capabilities implements [adapters.Adapter]: Kafka can do everything.
func (a *Adapter) Capabilities() adapters.Capabilities {
	return adapters.Capabilities{Tail: true, History: true, Fetch: true, ByKey: true}
}

// Status implements [adapters.Adapter].
func (a *Adapter) Status() adapters.Status { return a.progress.status(time.Now()) }

// Close implements [adapters.Adapter].
func (a *Adapter) Close() error {
	a.client.Close()
	a.progress.enter(ended, nil, time.Now())
	return nil
}

// Destinations lists the topics that the source names, or all that the user may describe.
func (a *Adapter) Destinations(ctx context.Context) ([]adapters.Destination, error) {
	c, err := readCatalog(ctx, a.client, nil)
	if err != nil {
		return nil, a.config.problem(err)
	}
	var list []adapters.Destination
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		if t := c.topics[name]; a.selection.wants(t) {
			list = append(list, adapters.Destination{Name: name, Kind: adapters.Topic, Partitions: len(t.leaders), Internal: t.internal})
		}
	}
	return list, nil
}

// Bindings implements [adapters.Topology]: a topic leads nowhere by itself.
func (a *Adapter) Bindings(context.Context) ([]adapters.Binding, error) { return nil, nil }

// Run implements [adapters.Source]. Topics and partitions that appear while it runs
// are read from their beginning, so that nothing of them is missed.
func (a *Adapter) Run(ctx context.Context, start adapters.Start, intake adapters.Intake) error {
	now := time.Now()
	a.progress.restart(now)
	s, err := a.newStream()
	if err != nil {
		return err
	}
	s.tail = true
	k := newKeeper(s, a.selection)
	k.began, k.start = now, startTime(start, now)
	err = s.read(ctx, k, 0, intake)
	if ctx.Err() != nil {
		err = nil
	}
	if err != nil {
		a.progress.enter(failed, err, time.Now())
		return err
	}
	a.progress.enter(ended, nil, time.Now())
	return nil
}
