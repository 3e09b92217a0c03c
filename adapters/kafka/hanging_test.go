package kafka_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
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
	known := c.topic(t, 1)
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: known, Value: []byte("known")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	awaitStored(t, client, known)
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
	adaptertest.Await(t, "the broker to know its setting "+name, func() bool {
		all, err := c.admin.DescribeBrokerConfigs(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(all[0].Configs, func(config kadm.Config) bool { return config.Key == name && config.MaybeValue() == value })
	})
}

const waits = "readers of committed records get what is sent there only when it has ended"

// told says that a plan that sends to a topic warns in these words.
func told(t testing.TB, a *kafka.Adapter, target, warning string) {
	t.Helper()
	got, err := a.Recipients(t.Context(), []deadletter.Target{deadletter.Target(target)})
	if err != nil || !slices.Equal(got[0].Warnings, []string{warning}) {
		t.Errorf("warned of %q, %v, want %q", got[0].Warnings, err, warning)
	}
}

// mended mends what a redrive that sends to target would meet, and returns what was noted.
func mended(t testing.TB, a *kafka.Adapter, dlq, target string) (notes []string) {
	t.Helper()
	err := a.Mend(t.Context(), dlq, []deadletter.Target{deadletter.Target(target)}, func(what string) error {
		notes = append(notes, what)
		return nil
	})
	if err != nil {
		t.Fatal(err)
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
		told(t, a, target, "transaction eventscope."+dlq+" hangs at "+target+"/0@0, and a run ends it as its coordinator has decided: "+waits)
		_, err := readLedger(t, a, dlq)
		isProblem(t, err, adapters.ErrBusy)
		notes := mended(t, a, dlq, target)
		if len(notes) != 2 || !strings.Contains(strings.Join(notes, "\n"), "transaction eventscope."+dlq+" hangs at "+target+"/0@0, and is ended as its coordinator has decided: CompleteCommit") {
			t.Errorf("noted %q", notes)
		}
		if entries, err := readLedger(t, a, dlq); err != nil || entries[string(marked.Key)] != "sent" {
			t.Errorf("the ledger has %v, %v", entries, err)
		}
		c.await(t, target)
		c.sawOnce(t, target, "letter")
		if notes := mended(t, a, dlq, target); len(notes) != 0 {
			t.Errorf("noted %q again", notes)
		}
	})
	t.Run("Aborted", func(t *testing.T) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		a := c.writer(t, dlq)
		redrive(t, a, dlq, nil).Close()
		c.hang(t, "eventscope."+dlq, kgo.TryAbort, &kgo.Record{Topic: target, Value: []byte("taken back")})
		if notes := mended(t, a, dlq, target); len(notes) != 1 || !strings.HasSuffix(notes[0], ": CompleteAbort") {
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
		abort := "kafka-transactions.sh abort --topic " + target + " --partition 0 --start-offset 0"
		told(t, a, target, "transaction eventscope."+dlq+" hangs at "+target+"/0@0, and nobody ends it but "+abort+": "+waits)
		err := a.Mend(t.Context(), dlq, []deadletter.Target{deadletter.Target(target)}, nil)
		isProblem(t, err, adapters.ErrBusy)
		for _, words := range []string{"does not say any more whether it was committed", abort} {
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%v does not say %q", err, words)
			}
		}
	})
	t.Run("Somebody else's", func(t *testing.T) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		a := c.writer(t, dlq)
		c.hang(t, "payments-"+target, kgo.TryCommit, &kgo.Record{Topic: target, Value: []byte("payment")})
		told(t, a, target, "transaction payments-"+target+" hangs at "+target+"/0@0, and nobody ends it but kafka-transactions.sh abort --topic "+target+" --partition 0 --start-offset 0: "+waits)
		if notes := mended(t, a, dlq, target); len(notes) != 0 {
			t.Errorf("noted %q", notes)
		}
		c.commit(t, target, target, 0)
		open := lags(t, c.reader(t, target), target)[target].Logs[0].Open
		if open == nil || !open.Hangs || open.ID != "payments-"+target {
			t.Errorf("the lag names %+v", open)
		}
	})
}

// hung is an embedded cluster in which a transaction of a redrive is open at a target, that its
// coordinator says to be in some state, with the epoch behind.
type hung struct {
	*cluster
	fake        *kfake.Cluster
	dlq, target string
	later       int16                                             // by how much the coordinator's epoch is
	told        atomic.Pointer[kmsg.WriteTxnMarkersRequestMarker] // the marker that was asked for last
	refused     error                                             // the answer to it
}

func hangs(t *testing.T, state string, options ...kfake.Opt) *hung {
	t.Helper()
	c, k := fake(t, options...)
	h := &hung{cluster: c, fake: k, dlq: c.topic(t, 1), target: c.topic(t, 1), later: 1}
	redrive(t, c.writer(t, h.dlq), h.dlq, nil).Close() // makes the ledger
	c.crash(t, h.dlq, &kgo.Record{Topic: h.target, Value: []byte("hidden")})
	writing := c.writing(t, h.target)
	h.answer(kmsg.DescribeTransactions, func(request kmsg.Request) kmsg.Response {
		response := request.ResponseKind().(*kmsg.DescribeTransactionsResponse)
		response.TransactionStates = []kmsg.DescribeTransactionsResponseTransactionState{{
			TransactionalID: "eventscope." + h.dlq, State: state, ProducerID: writing.ProducerID, ProducerEpoch: int16(writing.ProducerEpoch) + h.later,
		}}
		return response
	})
	h.takeMarkers()
	return h
}

// takeMarkers takes markers, or refuses them.
func (h *hung) takeMarkers() {
	h.answer(kmsg.WriteTxnMarkers, func(request kmsg.Request) kmsg.Response {
		marker := request.(*kmsg.WriteTxnMarkersRequest).Markers[0]
		h.told.Store(&marker)
		partition := kmsg.WriteTxnMarkersResponseMarkerTopicPartition{}
		if errors.Is(h.refused, kerr.ClusterAuthorizationFailed) {
			partition.ErrorCode = kerr.ClusterAuthorizationFailed.Code
		}
		response := request.ResponseKind().(*kmsg.WriteTxnMarkersResponse)
		response.Markers = []kmsg.WriteTxnMarkersResponseMarker{{ProducerID: marker.ProducerID, Topics: []kmsg.WriteTxnMarkersResponseMarkerTopic{
			{Topic: marker.Topics[0].Topic, Partitions: []kmsg.WriteTxnMarkersResponseMarkerTopicPartition{partition}},
		}}}
		return response
	})
}

// answer answers a kind of request from now on.
func (h *hung) answer(key kmsg.Key, answer func(kmsg.Request) kmsg.Response) {
	h.fake.ControlKey(int16(key), func(request kmsg.Request) (kmsg.Response, error, bool) {
		h.fake.KeepControl()
		return answer(request), nil, true
	})
}

func (h *hung) mend(t testing.TB) (notes []string, err error) {
	t.Helper()
	err = h.writer(t, h.dlq).Mend(t.Context(), h.dlq, []deadletter.Target{deadletter.Target(h.target)}, func(what string) error {
		notes = append(notes, what)
		return nil
	})
	return notes, err
}

// writing is the transaction that is open in a topic's partition 0.
func (c *cluster) writing(t testing.TB, topic string) (open kadm.DescribedProducer) {
	t.Helper()
	var wanted kadm.TopicsSet
	wanted.Add(topic, 0)
	producers, err := c.admin.DescribeProducers(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	producers.EachProducer(func(p kadm.DescribedProducer) { open = p })
	return open
}

// TestHangingTransactionsNeedARight: without it nothing is begun.
func TestHangingTransactionsNeedARight(t *testing.T) {
	h := hangs(t, "CompleteCommit")
	h.refused = kerr.ClusterAuthorizationFailed
	_, err := h.mend(t)
	isProblem(t, err, adapters.ErrNotAuthorized)
}

// TestHangingTransactionsThatNobodyKnowsOf: the coordinator has ended another one since, or may
// have, as one may that does not raise epochs. What it says is then not about this one.
func TestHangingTransactionsThatNobodyKnowsOf(t *testing.T) {
	for name, make := range map[string]func(t *testing.T) *hung{
		"an old coordinator": func(t *testing.T) *hung { return hangs(t, "CompleteCommit", kfake.MaxVersions(kversion.V3_7_0())) },
		"another one since":  func(t *testing.T) *hung { h := hangs(t, "CompleteCommit"); h.later = 2; return h },
		"not this one yet":   func(t *testing.T) *hung { h := hangs(t, "CompleteCommit"); h.later = 0; return h },
		"taken over":         func(t *testing.T) *hung { return hangs(t, "Empty") },
	} {
		t.Run(name, func(t *testing.T) {
			h := make(t)
			notes, err := h.mend(t)
			isProblem(t, err, adapters.ErrBusy)
			if h.told.Load() != nil || len(notes) != 0 {
				t.Errorf("told %+v, noted %q", h.told.Load(), notes)
			}
		})
	}
}

// TestBrokersThatCannotBeAskedAreNotWaitedFor: before 2.8 they do not know the question, and what
// other producers have open at a target is none of a redrive's business.
func TestBrokersThatCannotBeAskedAreNotWaitedFor(t *testing.T) {
	c, _ := fake(t, kfake.MaxVersions(kversion.V2_7_0()))
	dlq, target := c.topic(t, 1), c.topic(t, 1)
	c.crash(t, "payments", &kgo.Record{Topic: target, Value: []byte("open")})
	h := &hung{cluster: c, dlq: dlq, target: target}
	if notes, err := h.mend(t); err != nil || len(notes) != 0 {
		t.Errorf("noted %q, %v", notes, err)
	}
}

// TestNothingIsBegunWhereNobodyAnswers: a takeover would make the coordinator forget.
func TestNothingIsBegunWhereNobodyAnswers(t *testing.T) {
	h := hangs(t, "CompleteCommit")
	h.answer(kmsg.DescribeProducers, func(request kmsg.Request) kmsg.Response {
		partition := kmsg.DescribeProducersResponseTopicPartition{ErrorCode: kerr.UnknownServerError.Code}
		response := request.ResponseKind().(*kmsg.DescribeProducersResponse)
		response.Topics = []kmsg.DescribeProducersResponseTopic{{Topic: h.target, Partitions: []kmsg.DescribeProducersResponseTopicPartition{partition}}}
		return response
	})
	_, err := h.mend(t)
	isProblem(t, err, adapters.ErrNotConnected)
}

// TestHangingTransactionsAreAskedForAgain: a redrive that took over behind a question that failed
// would make the coordinator forget what it had decided.
func TestHangingTransactionsAreAskedForAgain(t *testing.T) {
	for name, fail := range map[string]func(*hung){
		"a leader that has moved": func(h *hung) {
			h.fail(kmsg.DescribeProducers, func(request kmsg.Request) kmsg.Response {
				partition := kmsg.DescribeProducersResponseTopicPartition{ErrorCode: kerr.NotLeaderForPartition.Code}
				response := request.ResponseKind().(*kmsg.DescribeProducersResponse)
				response.Topics = []kmsg.DescribeProducersResponseTopic{{Topic: h.target, Partitions: []kmsg.DescribeProducersResponseTopicPartition{partition}}}
				return response
			})
		},
		"a coordinator that loads": func(h *hung) {
			h.fail(kmsg.ListTransactions, func(request kmsg.Request) kmsg.Response {
				response := request.ResponseKind().(*kmsg.ListTransactionsResponse)
				response.ErrorCode = kerr.CoordinatorLoadInProgress.Code
				return response
			})
		},
		"offsets that are not there yet": func(h *hung) {
			h.fail(kmsg.ListOffsets, func(request kmsg.Request) kmsg.Response {
				partition := kmsg.ListOffsetsResponseTopicPartition{ErrorCode: kerr.OffsetNotAvailable.Code}
				response := request.ResponseKind().(*kmsg.ListOffsetsResponse)
				for _, topic := range request.(*kmsg.ListOffsetsRequest).Topics {
					response.Topics = append(response.Topics, kmsg.ListOffsetsResponseTopic{Topic: topic.Topic, Partitions: []kmsg.ListOffsetsResponseTopicPartition{partition}})
				}
				return response
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := hangs(t, "CompleteCommit")
			fail(h)
			notes, err := h.mend(t)
			if told := h.told.Load(); err != nil || told == nil || !told.Committed || len(notes) != 1 {
				t.Errorf("told %+v, noted %q, %v", told, notes, err)
			}
		})
	}
}

// fail answers a kind of request once.
func (h *hung) fail(key kmsg.Key, answer func(kmsg.Request) kmsg.Response) {
	h.fake.ControlKey(int16(key), func(request kmsg.Request) (kmsg.Response, error, bool) { return answer(request), nil, true })
}

// TestATransactionThatIsBeingEndedIsAwaited, and said in words when that takes too long.
func TestATransactionThatIsBeingEndedIsAwaited(t *testing.T) {
	t.Parallel() // it waits
	_, err := hangs(t, "PrepareCommit").mend(t)
	isProblem(t, err, adapters.ErrNotConnected)
	if err == nil || !strings.Contains(err.Error(), "is being ended, and a partition that it wrote to does not answer") {
		t.Error(err)
	}
}

// TestARedriveTellsPartitionsThatItsCoordinatorForgot: the broker was away while the transaction
// ended, and calls it complete.
func TestARedriveTellsPartitionsThatItsCoordinatorForgot(t *testing.T) {
	t.Parallel() // it waits
	for name, committed := range map[string]bool{"committed": true, "aborted": false} {
		t.Run(name, func(t *testing.T) {
			h := &hung{}
			h.cluster, h.fake = fake(t)
			h.dlq, h.target = h.topic(t, 1), h.topic(t, 1)
			h.publish(t, h.dlq, letter(0, "k", "letter"))
			a := h.writer(t, h.dlq)
			r := redrive(t, a, h.dlq, positions(peek(t, a, h.dlq)))
			held, err := r.Next(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			h.takeMarkers()
			if !committed {
				h.fail(kmsg.Produce, refuseAll)
			}
			h.forget(t)
			copies, entries := copiesOf(held, h.target)
			outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
			if told := h.told.Load(); told == nil || told.Committed != committed {
				t.Errorf("told %+v", told)
			}
			if committed && err != nil || (outcomes[0] == nil) != committed { // an aborted one may end the redrive, as what else was refused has it
				t.Errorf("%v, %v", outcomes, err)
			}
		})
	}
}

// TestASlowCommitOfAnOldClusterIsACommit: its brokers do not know the question.
func TestASlowCommitOfAnOldClusterIsACommit(t *testing.T) {
	t.Parallel() // it waits
	c, k := fake(t, kfake.MaxVersions(kversion.V2_7_0()))
	dlq, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, dlq, letter(0, "k", "letter"))
	a := c.writer(t, dlq)
	r := redrive(t, a, dlq, positions(peek(t, a, dlq)))
	held, err := r.Next(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	k.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.SleepControl(func() { <-time.After(1200 * time.Millisecond) })
		return nil, nil, false
	})
	send(t, r, held, target)
}

// forget lets the end of a transaction last as long as it takes a broker to come back, and leaves it
// open at the target.
func (h *hung) forget(t *testing.T) {
	open := make(chan kadm.DescribedProducer, 1)
	h.fake.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		h.fake.SleepControl(func() {
			id, epoch, err := h.producerOf(t)
			if err != nil {
				t.Error(err)
			}
			open <- kadm.DescribedProducer{ProducerID: id, ProducerEpoch: epoch}
			<-time.After(1200 * time.Millisecond)
		})
		return nil, nil, false
	})
	h.answer(kmsg.DescribeProducers, func(request kmsg.Request) kmsg.Response {
		producer := kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
		var p kadm.DescribedProducer
		select {
		case p = <-open:
		case <-t.Context().Done():
		}
		producer.ProducerID, producer.ProducerEpoch, producer.CurrentTxnStartOffset = p.ProducerID, int32(p.ProducerEpoch), 0
		response := request.ResponseKind().(*kmsg.DescribeProducersResponse)
		response.Topics = []kmsg.DescribeProducersResponseTopic{{Topic: h.target, Partitions: []kmsg.DescribeProducersResponseTopicPartition{
			{ActiveProducers: []kmsg.DescribeProducersResponseTopicPartitionActiveProducer{producer}},
		}}}
		return response
	})
}

// producerOf is the producer of the dead-letter queue's redrives.
func (h *hung) producerOf(t *testing.T) (id int64, epoch int16, err error) {
	states, err := h.admin.DescribeTransactions(t.Context(), "eventscope."+h.dlq)
	state := states["eventscope."+h.dlq]
	return state.ProducerID, state.ProducerEpoch, err
}

// refuseAll refuses every batch as too large.
func refuseAll(request kmsg.Request) kmsg.Response {
	response := request.ResponseKind().(*kmsg.ProduceResponse)
	for _, topic := range request.(*kmsg.ProduceRequest).Topics {
		refused := kmsg.ProduceResponseTopic{Topic: topic.Topic, TopicID: topic.TopicID}
		for _, p := range topic.Partitions {
			partition := kmsg.NewProduceResponseTopicPartition()
			partition.Partition, partition.ErrorCode = p.Partition, kerr.MessageTooLarge.Code
			refused.Partitions = append(refused.Partitions, partition)
		}
		response.Topics = append(response.Topics, refused)
	}
	return response
}
