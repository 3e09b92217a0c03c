package kafka_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// hang leaves a transaction of id as a broker does that is killed between the decision and its
// markers, and is the only replica: ended, says its coordinator, and still open in partition 0 of
// each topic. A broker that verifies no partitions lets an old client write there without the
// coordinator's knowing.
func (c *cluster) hang(t testing.TB, id string, decision kgo.TransactionEndTry, records ...*kgo.Record) {
	t.Helper()
	c.verify(t, false)
	defer c.verify(t, true)
	client := connect(t, c.address, kgo.TransactionalID(id)).client
	producer, epoch, err := client.ProducerID(t.Context())
	if err == nil {
		err = client.BeginTransaction()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: c.topic(t, 1), Value: []byte("known")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	old := connect(t, c.address, kgo.MaxVersions(kversion.V3_7_0()))
	for i, r := range records {
		record := kmsg.Record{Key: r.Key, Value: r.Value}
		body := record.AppendTo(nil)[1:] // without the length, which is 0 as yet
		const transactional = 1 << 4
		old.publishBatch(t, r.Topic, id, &kmsg.RecordBatch{
			PartitionLeaderEpoch: -1, Magic: 2, Attributes: transactional, NumRecords: 1, FirstTimestamp: int64(i), MaxTimestamp: int64(i),
			ProducerID: producer, ProducerEpoch: epoch, Records: append(binary.AppendVarint(nil, int64(len(body))), body...),
		})
	}
	if err := client.EndTransaction(t.Context(), decision); err != nil {
		t.Fatal(err)
	}
}

// verify has the broker ask coordinators whether a transaction has begun that is written in, or not.
func (c *cluster) verify(t testing.TB, does bool) {
	t.Helper()
	const name = "transaction.partition.verification.enable"
	value := fmt.Sprint(does)
	if _, err := c.admin.AlterBrokerConfigs(t.Context(), []kadm.AlterConfig{{Name: name, Value: &value}}); err != nil {
		t.Fatal(err)
	}
	for t.Context().Err() == nil { // the broker learns of it a moment later
		all, err := c.admin.DescribeBrokerConfigs(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, config := range all[0].Configs {
			if config.Key == name && config.MaybeValue() == value {
				return
			}
		}
	}
}

// told says that a plan that sends to a topic warns in these words.
func told(t testing.TB, a *kafka.Adapter, target, warning string) {
	t.Helper()
	got, err := a.Recipients(t.Context(), []deadletter.Target{deadletter.Target(target)})
	if err != nil || !slices.Equal(got[0].Warnings, []string{warning}) {
		t.Errorf("warned of %q, %v, want %q", got[0].Warnings, err, warning)
	}
}

// begin begins and ends a redrive that sends to target, and returns what it noted.
func begin(t testing.TB, a *kafka.Adapter, dlq, target string) (notes []string) {
	t.Helper()
	r, err := a.Redrive(t.Context(), deadletter.Order{
		DLQ: dlq, To: []deadletter.Target{deadletter.Target(target)}, Note: func(what string) { notes = append(notes, what) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	return notes
}

// TestHangingTransactions are ended by the next redrive as their coordinator has decided, and told
// to whoever only looks.
func TestHangingTransactions(t *testing.T) {
	_, c := ownBroker(t)
	t.Run("Committed", func(t *testing.T) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		c.publish(t, dlq, letter(0, "k", "letter"))
		a := c.writer(t, dlq)
		redrive(t, a, dlq, nil).Close()
		copied, marked := &kgo.Record{Topic: target, Value: []byte("letter")}, entry(dlq, 0, "sent")
		c.hang(t, "eventscope."+dlq, kgo.TryCommit, copied, &kgo.Record{Topic: kafka.LedgerTopic, Key: marked.Key, Value: marked.Value})
		told(t, a, target, "transaction eventscope."+dlq+" hangs at "+target+"/0@0: readers of committed records get what is sent there only when a run has ended it, as its coordinator has decided")
		_, err := readLedger(t, a, dlq)
		isProblem(t, err, deadletter.ErrUnended)
		isKind(t, err, adapters.ErrBusy)
		notes := begin(t, a, dlq, target)
		if len(notes) != 2 || !strings.Contains(strings.Join(notes, "\n"), "transaction eventscope."+dlq+" hangs at "+target+"/0@0, and is ended as its coordinator had decided: CompleteCommit") {
			t.Errorf("noted %q", notes)
		}
		if entries, err := readLedger(t, a, dlq); err != nil || entries[string(marked.Key)] != "sent" {
			t.Errorf("the ledger has %v, %v", entries, err)
		}
		c.await(t, target)
		c.sawOnce(t, target, "letter")
		if notes := begin(t, a, dlq, target); len(notes) != 0 {
			t.Errorf("noted %q again", notes)
		}
	})
	t.Run("Aborted", func(t *testing.T) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		a := c.writer(t, dlq)
		redrive(t, a, dlq, nil).Close()
		c.hang(t, "eventscope."+dlq, kgo.TryAbort, &kgo.Record{Topic: target, Value: []byte("taken back")})
		if notes := begin(t, a, dlq, target); len(notes) != 1 || !strings.HasSuffix(notes[0], ": CompleteAbort") {
			t.Errorf("noted %q", notes)
		}
		c.publish(t, target, value("after"))
		c.await(t, target)
		c.sawOnce(t, target, "after")
	})
	t.Run("Not known", func(t *testing.T) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		a := c.writer(t, dlq)
		redrive(t, a, dlq, nil).Close()
		c.hang(t, "eventscope."+dlq, kgo.TryCommit, &kgo.Record{Topic: target, Value: []byte("in doubt")})
		redrive(t, a, dlq, nil).Close() // does not send there, and takes over
		_, err := a.Redrive(t.Context(), deadletter.Order{DLQ: dlq, To: []deadletter.Target{deadletter.Target(target)}})
		isProblem(t, err, adapters.ErrBusy)
		for _, words := range []string{"does not say any more whether it was committed", "kafka-transactions.sh abort --topic " + target + " --partition 0 --start-offset 0"} {
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%v does not say %q", err, words)
			}
		}
	})
	t.Run("Somebody else's", func(t *testing.T) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		a := c.writer(t, dlq)
		c.hang(t, "payments-"+target, kgo.TryCommit, &kgo.Record{Topic: target, Value: []byte("payment")})
		told(t, a, target, "transaction payments-"+target+" hangs at "+target+"/0@0: readers of committed records get what is sent there only when it is ended with kafka-transactions.sh abort --topic "+target+" --partition 0 --start-offset 0")
		if notes := begin(t, a, dlq, target); len(notes) != 0 {
			t.Errorf("noted %q", notes)
		}
		c.commit(t, target, target, 0)
		open := lags(t, c.reader(t, target), target)[target].Logs[0].Open
		if open == nil || !open.Hangs || open.ID != "payments-"+target {
			t.Errorf("the lag names %+v", open)
		}
	})
}

// TestHangingTransactionsNeedARight: without it nothing is begun.
func TestHangingTransactionsNeedARight(t *testing.T) {
	c, k := fake(t)
	dlq, target := c.topic(t, 1), c.topic(t, 1)
	a := c.writer(t, dlq)
	c.crash(t, dlq, &kgo.Record{Topic: target, Value: []byte("hidden")})
	var wanted kadm.TopicsSet
	wanted.Add(target, 0)
	producers, err := c.admin.DescribeProducers(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	var writing kadm.DescribedProducer
	producers.EachProducer(func(p kadm.DescribedProducer) { writing = p })
	k.ControlKey(int16(kmsg.DescribeTransactions), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		response := request.ResponseKind().(*kmsg.DescribeTransactionsResponse)
		response.TransactionStates = []kmsg.DescribeTransactionsResponseTransactionState{{
			TransactionalID: "eventscope." + dlq, State: "CompleteCommit", ProducerID: writing.ProducerID, ProducerEpoch: int16(writing.ProducerEpoch) + 1,
		}}
		return response, nil, true
	})
	k.ControlKey(int16(kmsg.WriteTxnMarkers), func(request kmsg.Request) (kmsg.Response, error, bool) {
		marker := request.(*kmsg.WriteTxnMarkersRequest).Markers[0]
		partition := kmsg.WriteTxnMarkersResponseMarkerTopicPartition{ErrorCode: kerr.ClusterAuthorizationFailed.Code}
		response := request.ResponseKind().(*kmsg.WriteTxnMarkersResponse)
		response.Markers = []kmsg.WriteTxnMarkersResponseMarker{{ProducerID: marker.ProducerID, Topics: []kmsg.WriteTxnMarkersResponseMarkerTopic{
			{Topic: marker.Topics[0].Topic, Partitions: []kmsg.WriteTxnMarkersResponseMarkerTopicPartition{partition}},
		}}}
		return response, nil, true
	})
	_, err = a.Redrive(t.Context(), deadletter.Order{DLQ: dlq, To: []deadletter.Target{deadletter.Target(target)}})
	isProblem(t, err, adapters.ErrNotAuthorized)
}
