package cluster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

const (
	// InternalPrefix is how brokers and their tools name topics for themselves.
	InternalPrefix = "__"
	// LedgerTopic is the compacted topic in which redrives record what became of letters. It
	// counts as internal.
	LedgerTopic = "eventscope.ledger"
)

// Catalog is what the cluster says it has, at one moment. It never changes.
type Catalog struct {
	Topics  map[string]*Topic
	Brokers map[int32]string // addresses by node id
}

// Topic is one topic of a catalog.
type Topic struct {
	Name     string
	ID       [16]byte // all zero before Kafka 2.8
	Internal bool
	Leaders  map[int32]int32 // node id by partition; -1 where there is none now
	Err      error           // why the topic cannot be read: unknown, not allowed
	Allowed  int32           // operations, as bits
}

// wholeWithin is how long a broker has to answer in full. One whose controller has not heard from
// it for a moment, as on a busy machine, names no brokers.
const wholeWithin = 5 * time.Second

// ReadCatalog asks for the topics named, or for all if there are none. It returns
// topics that are unknown or forbidden too, with their Err.
func ReadCatalog(ctx context.Context, client *kgo.Client, names []string) (c *Catalog, err error) {
	began := time.Now()
	wrong := Until(ctx, func() (bool, error) {
		c, err = readCatalog(ctx, client, names)
		return !errors.Is(err, errNotWhole) || time.Since(began) >= wholeWithin, nil
	})
	if wrong != nil {
		return nil, wrong
	}
	return c, err
}

func readCatalog(ctx context.Context, client *kgo.Client, names []string) (*Catalog, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.AllowAutoTopicCreation = false
	request.IncludeTopicAuthorizedOperations = true
	for _, name := range names {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		request.Topics = append(request.Topics, t)
	}
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	c := &Catalog{Topics: make(map[string]*Topic), Brokers: make(map[int32]string)}
	for _, b := range response.Brokers {
		c.Brokers[b.NodeID] = fmt.Sprintf("%s:%d", b.Host, b.Port)
	}
	for i := range response.Topics {
		if t := &response.Topics[i]; t.Topic != nil {
			c.Topics[*t.Topic] = newTopic(t)
		}
	}
	unanswered := func(name string) bool { return c.Topics[name] == nil }
	if len(c.Brokers) == 0 || slices.ContainsFunc(names, unanswered) {
		return nil, errNotWhole
	}
	return c, nil
}

// errNotWhole says that an answer leaves out what was asked, which is not to say that there is none.
var errNotWhole = errors.New("the broker's answer leaves out what it was asked for")

func newTopic(t *kmsg.MetadataResponseTopic) *Topic {
	out := &Topic{
		Name: *t.Topic, ID: t.TopicID, Leaders: make(map[int32]int32, len(t.Partitions)),
		Internal: t.IsInternal || strings.HasPrefix(*t.Topic, InternalPrefix) || *t.Topic == LedgerTopic,
		Err:      kerr.ErrorForCode(t.ErrorCode),
		Allowed:  t.AuthorizedOperations,
	}
	for _, p := range t.Partitions {
		out.Leaders[p.Partition] = p.Leader
	}
	if out.Err == nil && !may(kmsg.ACLOperationRead, out.Allowed) {
		out.Err = kerr.TopicAuthorizationFailed
	}
	return out
}

// may reads the bit field of allowed operations (KIP-430). The least integer means that
// the broker does not say; so does zero, from brokers without authorization that fill
// nothing in.
func may(operation kmsg.ACLOperation, allowed int32) bool {
	return allowed == math.MinInt32 || allowed == 0 || allowed&(1<<operation) != 0
}

// Leader is the node that leads a partition, or -1.
func (t *Topic) Leader(partition int32) int32 {
	if t != nil && t.Err == nil {
		if leader, ok := t.Leaders[partition]; ok {
			return leader
		}
	}
	return -1
}

// Forbidden reports whether the user may not read or not describe the topic.
func (t *Topic) Forbidden() bool { return errors.Is(t.Err, kerr.TopicAuthorizationFailed) }

// Unknown reports whether the cluster has no such topic, as far as the user may know.
func (t *Topic) Unknown() bool {
	return errors.Is(t.Err, kerr.UnknownTopicOrPartition) || errors.Is(t.Err, kerr.InvalidTopicException)
}

// Writable reports whether messages may be sent to a topic, as far as the broker tells. One that
// may be written and not read counts as forbidden otherwise.
func (t *Topic) Writable() bool {
	if t.Forbidden() {
		return t.Allowed&(1<<kmsg.ACLOperationWrite) != 0
	}
	return t.Err == nil && may(kmsg.ACLOperationWrite, t.Allowed)
}

// Logs are all partitions of the topic.
func (t *Topic) Logs() (logs []adapters.Log) {
	for partition := range t.Leaders {
		logs = append(logs, adapters.Log{Destination: t.Name, Partition: partition})
	}
	return logs
}
