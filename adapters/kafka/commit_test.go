package kafka_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/transactions"
)

// TestACommitThatWasNone has a client that takes the transaction back and says that it is committed.
func TestACommitThatWasNone(t *testing.T) {
	c, k := fake(t)
	dlq, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, dlq, letter(0, "k", "first"), letter(0, "k", "second"))
	a := c.writer(t, dlq)
	r := redrive(t, a, dlq, positions(peek(t, a, dlq)))
	first, err := r.Next(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var ended kmsg.EndTxnRequest
	k.ControlKey(int16(kmsg.EndTxn), func(request kmsg.Request) (kmsg.Response, error, bool) {
		if end := request.(*kmsg.EndTxnRequest); ended.TransactionalID == "" {
			end.Commit = false
			ended = *end
		}
		return nil, nil, false
	})
	k.ControlKey(int16(kmsg.DescribeTransactions), func(request kmsg.Request) (kmsg.Response, error, bool) {
		response := request.ResponseKind().(*kmsg.DescribeTransactionsResponse)
		response.TransactionStates = []kmsg.DescribeTransactionsResponseTransactionState{{
			TransactionalID: ended.TransactionalID, State: "CompleteAbort", ProducerID: ended.ProducerID, ProducerEpoch: ended.ProducerEpoch + 1,
		}}
		return response, nil, true
	})
	copies, entries := copiesOf(first, target)
	outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
	isProblem(t, err, adapters.ErrNotConnected)
	isKind(t, outcomes[0], deadletter.ErrNotSent)
	if err == nil || !strings.Contains(err.Error(), "took the transaction back") {
		t.Errorf("the error does not say what happened: %v", err)
	}
	if sent := sendAll(t, redrive(t, a, dlq, positions(peek(t, a, dlq))), 10, target); sent != 2 {
		t.Errorf("the next redrive sent %d letters of 2", sent)
	}
	c.await(t, target)
	c.sawOnce(t, target, "first", "second")
}

// TestACoordinatorSaysHowATransactionEnded holds what a redrive takes for the proof of a commit
// against a real coordinator: the producer's own epoch, and the state.
func TestACoordinatorSaysHowATransactionEnded(t *testing.T) {
	onReal(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		client := connect(t, c.address, kgo.TransactionalID(topic)).client
		for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} {
			if err := client.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic}).FirstErr(); err != nil {
				t.Fatal(err)
			}
			awaitStored(t, client, topic)
			isLast(t, c, client, topic, func(last *transactions.Transaction) bool { return last.Open() && !last.Aborted() })
			if err := client.EndTransaction(t.Context(), end); err != nil {
				t.Fatal(err)
			}
			isLast(t, c, client, topic, func(last *transactions.Transaction) bool {
				return !last.Open() && last.Aborted() == (end == kgo.TryAbort)
			})
		}
	})
}

// isLast holds a transaction of the client against what its coordinator says.
func isLast(t testing.TB, c *cluster, client *kgo.Client, id string, is func(*transactions.Transaction) bool) {
	t.Helper()
	producer, epoch, err := client.ProducerID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known, err := transactions.Describe(t.Context(), c.client, id)
	if err != nil && !kerr.IsRetriable(err) || len(known) != 1 {
		t.Fatalf("%+v, %v", known, err)
	}
	if last := &known[0]; last.Producer != producer || last.Epoch != epoch || !is(last) {
		t.Errorf("the coordinator says %+v of producer %d, epoch %d", *last, producer, epoch)
	}
}
