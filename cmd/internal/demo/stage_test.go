package demo

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a broker in memory, in a bubble of virtual time: minutes of the demonstration pass
// in moments, and always alike.
type stage struct {
	t       *testing.T
	cluster *kfake.Cluster
	client  *kgo.Client
	config  Config
}

// onStage runs test in a bubble, with a broker of its own.
func onStage(t *testing.T, test func(t *testing.T, s *stage)) {
	synctest.Test(t, func(t *testing.T) {
		var network kfake.VirtualNetwork
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(network.Listen))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		config := Config{Kafka: cluster.ListenAddrs(), KafkaOptions: []kgo.Opt{kgo.Dialer(network.DialContext)}, Seed: 11, Faults: map[Kind]float64{}}
		client, err := kgo.NewClient(append(config.KafkaOptions, kgo.SeedBrokers(config.Kafka...))...)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		test(t, &stage{t: t, cluster: cluster, client: client, config: config})
	})
}

// play runs the demonstration for d, while meanwhile does what it likes.
func (s *stage) play(system *System, d time.Duration, meanwhile ...func()) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), d)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- system.Run(ctx) }()
	for _, act := range meanwhile {
		act()
	}
	if err := <-ended; err != nil {
		s.t.Fatal(err)
	}
}

// after waits in virtual time.
func after(d time.Duration) { <-time.After(d) }

// told is one message as an observer sees it.
type told struct {
	topic, key, eventType, id, flow, cause, service, schema string
	body                                                    []byte
	at                                                      time.Time
	headers                                                 map[string]string
}

func (m *told) payload(t *testing.T) payload {
	t.Helper()
	var b body
	if err := json.Unmarshal(m.body, &b); err != nil {
		t.Fatalf("%s %s: %v\n%s", m.topic, m.id, err, m.body)
	}
	return b.Payload
}

func tell(record *kgo.Record) told {
	headers := map[string]string{}
	for _, header := range record.Headers {
		headers[header.Key] = string(header.Value)
	}
	return told{
		topic: record.Topic, key: string(record.Key), body: record.Value, at: record.Timestamp, headers: headers,
		eventType: headers["event_type"], id: headers["event_id"], flow: headers["correlation_id"],
		cause: headers["causation_id"], service: headers["source"], schema: headers["schema_version"],
	}
}

// history reads topics from their beginning to their present end, by time.
func (s *stage) history(topics ...string) []told {
	s.t.Helper()
	ends, err := kadm.NewClient(s.client).ListEndOffsets(s.t.Context(), topics...)
	if err != nil {
		s.t.Fatal(err)
	}
	from, missing := map[string]map[int32]kgo.Offset{}, int64(0)
	ends.Each(func(end kadm.ListedOffset) {
		if from[end.Topic] == nil {
			from[end.Topic] = map[int32]kgo.Offset{}
		}
		from[end.Topic][end.Partition] = kgo.NewOffset().AtStart()
		missing += end.Offset
	})
	reader, err := kgo.NewClient(append(s.config.KafkaOptions, kgo.SeedBrokers(s.config.Kafka...), kgo.ConsumePartitions(from))...)
	if err != nil {
		s.t.Fatal(err)
	}
	defer reader.Close()
	story := []told{}
	for int64(len(story)) < missing {
		fetches := reader.PollFetches(s.t.Context())
		if err := fetches.Err(); err != nil {
			s.t.Fatal(err)
		}
		fetches.EachRecord(func(record *kgo.Record) { story = append(story, tell(record)) })
	}
	slices.SortStableFunc(story, func(a, b told) int { return a.at.Compare(b.at) })
	return story
}

// flows groups a story by key, leaving out the flows that began after until, which had
// no time to end.
func flows(story []told, until time.Time) map[string][]told {
	all := map[string][]told{}
	for _, m := range story {
		all[m.key] = append(all[m.key], m)
	}
	for key, flow := range all {
		if flow[0].at.After(until) {
			delete(all, key)
		}
	}
	return all
}

// types lists the event types of a flow, in order.
func types(flow []told) []string {
	names := []string{}
	for _, m := range flow {
		names = append(names, m.eventType)
	}
	return names
}

var timestamps = regexp.MustCompile(`\d{4}-\d\d-\d\dT[^"]*`)

// timeless is a body without its times.
func timeless(body []byte) string { return string(timestamps.ReplaceAll(body, []byte("T"))) }
