package kafka

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/transactions"
)

// Lacks implements [deadletter.Queues]: rights on the ledger and on the transactional id, and what is
// wrong with the ledger's settings, all at once, as far as the broker tells before anything is written. Whether a topic may be made
// is told for the cluster alone.
func (a *Adapter) Lacks(ctx context.Context, dlq string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := cluster.ReadCatalog(ctx, a.client, []string{LedgerTopic})
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	lacks := a.lacksOfLedger(ctx, c.Topics[LedgerTopic], dlq)
	if !a.mayTransact(ctx, transactionalID(dlq)) {
		lacks = append(lacks, "Write and Describe on transactional id "+transactionalID(dlq))
	}
	return lacks, nil
}

func (a *Adapter) lacksOfLedger(ctx context.Context, t *cluster.Topic, dlq string) (lacks []string) {
	const on = " on topic " + LedgerTopic
	switch {
	case t == nil || t.Unknown():
		if a.makesNoTopics(ctx) {
			lacks = append(lacks, "Create, Write and Read"+on+", which does not exist yet (Create is perhaps granted on that topic alone, which the broker does not tell)")
		} else if !a.mayWriteUnmade(ctx, LedgerTopic, transactionalID(dlq)) {
			lacks = append(lacks, "Write and Read"+on+", which does not exist yet")
		}
		return lacks
	case !t.Writable():
		lacks = append(lacks, "Write"+on)
	}
	if t.Forbidden() {
		return append(lacks, "Read"+on)
	}
	settings, err := describeTopic(ctx, a.client, LedgerTopic)
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		lacks = append(lacks, "DescribeConfigs"+on+", without which nobody checks that it keeps its records (cleanup.policy=compact)")
	}
	if loses, remedy := losesMarks(settings); loses != "" {
		lacks = append(lacks, "a ledger that keeps its records: topic "+LedgerTopic+" "+loses+"; "+remedy)
	}
	return lacks
}

// makesNoTopics reports whether the user has no right to make topics on the cluster.
func (a *Adapter) makesNoTopics(ctx context.Context) bool {
	request := kmsg.NewPtrDescribeClusterRequest()
	request.IncludeClusterAuthorizedOperations = true
	response, err := request.RequestWith(ctx, a.client)
	if err != nil || response.ErrorCode != 0 {
		return false
	}
	operations := response.ClusterAuthorizedOperations // none at all for whoever may not describe it
	return operations&(1<<kmsg.ACLOperationCreate) == 0 && operations >= 0
}

// mayTransact is false if the user may not see a transactional id: whoever may write it may.
func (a *Adapter) mayTransact(ctx context.Context, id string) bool {
	_, err := transactions.Describe(ctx, a.client, id)
	return !errors.Is(err, kerr.TransactionalIDAuthorizationFailed)
}

// mayWriteUnmade is false if the user may not write a topic of this name, which does not exist
// yet. A broker is asked to take it into a transaction: it looks at the right first and for
// the topic then, and refuses in either case before it changes anything. It need not be the
// coordinator, which a cluster that has never seen a transaction only makes when it is asked for.
func (a *Adapter) mayWriteUnmade(ctx context.Context, topic, id string) bool {
	t := kmsg.NewAddPartitionsToTxnRequestTopic()
	t.Topic, t.Partitions = topic, []int32{0}
	request := kmsg.NewPtrAddPartitionsToTxnRequest()
	request.TransactionalID, request.ProducerID, request.ProducerEpoch = id, -1, -1 // a producer that nobody is
	request.Topics = append(request.Topics, t)
	brokers := a.client.DiscoveredBrokers()
	if len(brokers) == 0 {
		return true // not known: the ledger then says
	}
	response, err := brokers[0].RetriableRequest(ctx, &ofOneProducer{request})
	if err != nil {
		return true
	}
	for _, t := range response.(*kmsg.AddPartitionsToTxnResponse).Topics {
		for _, p := range t.Partitions {
			if errors.Is(kerr.ErrorForCode(p.ErrorCode), kerr.TopicAuthorizationFailed) {
				return false
			}
		}
	}
	return true
}

// ofOneProducer is the request as clients send it: from version 4 on it is one of brokers, for
// several producers (KIP-890).
type ofOneProducer struct {
	*kmsg.AddPartitionsToTxnRequest
}

// MaxVersion implements [kmsg.Request].
func (*ofOneProducer) MaxVersion() int16 { return 3 }
