package kafka

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/groups"
	"eventscope/adapters/kafka/recordbatch"
)

// Adapter reads one Kafka cluster. It is all parts of an [driver.Source].
type Adapter struct {
	config    Config
	options   []kgo.Opt
	selection *cluster.Selection
	progress  *progress
	client    *kgo.Client // for everything but Run and Scan
	decoder   kgo.Decompressor
	lag       *groups.LagReader

	mu      sync.Mutex
	topics  map[string]*cluster.Topic // as last seen, for Fetch
	cluster string                    // see Cluster
}

// Open connects and checks address, transport, login and topics. The error is an
// [adapters.Problem]; a refused port gives it at once, silence within 10 s.
func Open(ctx context.Context, config Config) (*Adapter, error) {
	options, err := config.options()
	if err != nil {
		return nil, err
	}
	chosen, err := cluster.NewSelection(config.Topics, config.usage)
	if err != nil {
		return nil, err
	}
	config.patience = cmp.Or(config.patience, scanPatience)
	a := &Adapter{config: config, options: options, selection: chosen, progress: newProgress(time.Now())}
	if a.client, err = a.newClient(); err != nil {
		return nil, err
	}
	a.decoder = recordbatch.NewDecoder(a.client, a.config.batchBytes())
	a.lag = groups.NewLagReader(a.client, a.config.access(), chosen, a.nextCommitted())
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
		return a.config.access().Problem(err)
	}
	c, err := a.findTopics(ctx)
	if err != nil {
		return err
	}
	topics, problems := a.selection.Chosen(a.config.access(), c)
	a.progress.see(len(topics), problems)
	a.topics = c.Topics
	return nil
}

// findTopics reads a catalog that has the topics asked for. A topic that was just made
// is unknown to a broker for a moment, so it asks again for a second.
func (a *Adapter) findTopics(ctx context.Context) (c *cluster.Catalog, problem error) {
	patience, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = cluster.Until(patience, func() (bool, error) { // ends with the last problem there was
		if c, problem = cluster.ReadCatalog(ctx, a.client, a.selection.Ask()); problem != nil {
			problem = a.explain(ctx, problem)
			return true, nil
		}
		problem = a.selection.Verify(a.config.access(), c)
		return !errors.Is(problem, adapters.ErrUnknownDestination), nil
	})
	return c, problem
}

// Source is the adapter as the rest of the program knows it. Kafka can do everything but count
// what led nowhere: a topic is named by whoever writes to it.
func (a *Adapter) Source() *driver.Source {
	return &driver.Source{
		Name: a.config.name(), Broker: "kafka", Status: a.Status, Close: a.Close,
		Tailer: a, Scanner: a, Estimator: a, Fetcher: a, ByKey: true, DeadLetters: a, Lag: a, Topology: a, Commands: a.Commands,
	}
}

// Status implements [driver.Source].
func (a *Adapter) Status() adapters.Status { return a.progress.status(time.Now()) }

// Close implements [driver.Source].
func (a *Adapter) Close() error {
	a.client.Close()
	a.progress.enter(ended, nil, time.Now())
	return nil
}

// Destinations lists the topics that the source names, or all that the user may describe.
func (a *Adapter) Destinations(ctx context.Context) ([]adapters.Destination, error) {
	c, err := cluster.ReadCatalog(ctx, a.client, nil)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	var list []adapters.Destination
	for _, name := range slices.Sorted(maps.Keys(c.Topics)) {
		if t := c.Topics[name]; a.selection.Wants(t) {
			list = append(list, adapters.Destination{Name: name, Kind: adapters.Topic, Partitions: len(t.Leaders), Internal: t.Internal})
		}
	}
	return list, nil
}

// Bindings implements [adapters.Topology]: a topic leads nowhere by itself.
func (a *Adapter) Bindings(context.Context) ([]adapters.Binding, error) { return nil, nil }

// Cluster implements [deadletter.Queues]: the id that the cluster gave itself when it was
// made. It is asked once.
func (a *Adapter) Cluster(ctx context.Context) (string, error) {
	a.mu.Lock()
	known := a.cluster
	a.mu.Unlock()
	if known != "" {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{} // of none
	response, err := request.RequestWith(ctx, a.client)
	if err != nil {
		return "", a.explain(ctx, err)
	}
	if response.ClusterID == nil || *response.ClusterID == "" {
		return "", nil // as brokers before 0.10.1
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cluster = "kafka:" + *response.ClusterID
	return a.cluster, nil
}

// Run implements [adapters.Tailer]. Topics and partitions that appear while it runs
// are read from their beginning, so that nothing of them is missed.
func (a *Adapter) Run(ctx context.Context, start adapters.Start, intake adapters.Intake) error {
	now := time.Now()
	a.progress.restart(now)
	s, err := a.newStream()
	if err != nil {
		return err
	}
	s.tail = true
	k := newSupervisor(s, a.selection)
	k.began, k.start, k.newest = now, cluster.StartTime(start, now), start.Newest()
	err = s.run(ctx, k, 0, intake)
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
