package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/transactions"
)

// A broker that is killed between the decision of a transaction and its markers, and is the only
// replica of a partition, says when it is back that the partition has no leader. The coordinator
// takes that for a topic that was deleted, and calls the transaction complete (seen on Kafka 4.3).
// What was sent there then stays hidden from readers of committed records, and so does all that
// comes behind it. Kafka's own tool can only abort such a transaction, which would take back
// copies that the ledger calls sent.

// Mend implements [deadletter.Queues]: it writes the markers that a coordinator owes for the last
// transaction of a redrive.
func (a *Adapter) Mend(ctx context.Context, dlq string, to []deadletter.Target, note func(what string) error) error {
	if !a.config.Write {
		return a.config.readOnly(fmt.Sprintf("act on the dead letters of kafka topic %q", dlq))
	}
	asking, cancel := context.WithTimeout(ctx, transactionTime)
	defer cancel()
	if err := a.awaitEnding(asking, transactionalID(dlq)); err != nil {
		return a.late(ctx, err)
	}
	topics := []string{LedgerTopic}
	for _, target := range to {
		topics = append(topics, string(target))
	}
	guarantee, err := a.guarantee(asking)
	if err != nil {
		return a.late(ctx, err)
	}
	hanging, err := a.hangingIn(asking, topics)
	raised := guarantee == deadletter.ExactlyOnce // KIP-890
	if !raised && ctx.Err() == nil {
		err = nil // nothing could be decided, and brokers before 2.8 do not know the question
	}
	if err != nil || len(hanging) == 0 {
		return a.late(ctx, err)
	}
	for _, h := range hanging {
		switch {
		case h.Decided(raised):
			if err = note(h.HangsAt() + ", and is ended as its coordinator has decided: " + h.Of.State); err == nil {
				err = h.WriteMarker(asking, a.client, a.config.access(), h.Committed())
			}
		case h.Of.ID == transactionalID(dlq), h.Log.Destination == LedgerTopic:
			err = &adapters.Problem{
				Doing: "begin a redrive", Cause: h.HangsAt() + ", and its coordinator does not say any more whether it was committed",
				Remedy: "see in the journal of its run what was sent there, then abort it with " + h.AbortCommand() +
					"; the ledger goes on calling its letters sent, and a record without a value there, with a letter's position as its key, opens that letter again", Kind: adapters.ErrBusy,
			}
		}
		if err != nil {
			return a.late(ctx, err)
		}
	}
	return nil
}

// awaitEnding waits until a transaction of id that is being ended has ended.
func (a *Adapter) awaitEnding(ctx context.Context, id string) error {
	prepared := false
	err := cluster.Until(ctx, func() (bool, error) {
		known, err := transactions.Describe(ctx, a.client, id)
		if err != nil {
			return !prepared && !kerr.IsRetriable(err), nil
		}
		prepared = slices.ContainsFunc(known, func(t transactions.Transaction) bool { return t.Prepared() })
		return !prepared, nil
	})
	if err != nil && prepared {
		return &adapters.Problem{
			Doing: "begin a redrive", Cause: "transaction " + id + " is being ended, and a partition that it wrote to does not answer",
			Remedy: "try again when all brokers are there", Kind: adapters.ErrNotConnected,
		}
	}
	return err
}

// ofRedrive reports whether a redrive has begun a transaction, whatever its dead-letter queue.
func ofRedrive(o *transactions.Ongoing) bool {
	return o.Of != nil && strings.HasPrefix(o.Of.ID, transactionalID(""))
}

// hangingIn finds the transactions of redrives that hang in topics. It asks again where a broker
// does not answer for the moment: once a redrive has taken over, nobody knows what was decided.
func (a *Adapter) hangingIn(ctx context.Context, topics []string) (found []transactions.Ongoing, err error) {
	c, err := cluster.ReadCatalog(ctx, a.client, topics)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	var logs []adapters.Log
	for _, t := range c.Topics {
		logs = append(logs, t.Logs()...)
	}
	var last error
	err = cluster.Until(ctx, func() (bool, error) {
		var stable map[adapters.Log]int64
		var ongoing map[adapters.Log][]transactions.Ongoing
		if stable, last = transactions.LastStable(ctx, a.client, logs); len(stable) > 0 && last == nil {
			ongoing, last = transactions.InLogs(ctx, a.client, slices.Collect(maps.Keys(stable)))
		}
		found = nil
		for _, some := range ongoing {
			for i := range some {
				if some[i].Hangs() && ofRedrive(&some[i]) {
					found = append(found, some[i])
				}
			}
		}
		return last == nil || !kerr.IsRetriable(last), nil
	})
	if last != nil && !adapters.IsEnd(last) {
		return nil, &adapters.Problem{
			Doing: "begin a redrive", Cause: "whether an earlier one has left a transaction open cannot be told: " + cluster.InWords(last),
			Remedy: "try again when all brokers are there", Kind: adapters.ErrNotConnected,
		}
	}
	return found, err
}

// suspicious is how long a transaction may take to end before it is asked whether every partition
// was told: the broker may have been away meanwhile.
const suspicious = time.Second

// mayHaveForgotten reports whether a transaction whose end began then may hang. Clusters with
// transaction.version 2 have brokers that can be asked.
func (r *redrive) mayHaveForgotten(began time.Time) bool {
	return r.guarantee == deadletter.ExactlyOnce && time.Since(began) >= suspicious
}

// tellAll sees to it that each partition that records went to knows that the transaction has ended
// which this redrive has just ended. Nothing of its producer is open any more, unless it hangs.
func (r *redrive) tellAll(ctx context.Context, records []*kgo.Record, committed bool) error {
	asking, cancel := deadletter.Within(context.WithoutCancel(ctx), sendTime, hurryTime)
	defer cancel()
	id, _, err := r.client.ProducerID(asking)
	if err != nil {
		return err
	}
	logs := make(map[adapters.Log]bool)
	for _, record := range records {
		logs[adapters.Log{Destination: record.Topic, Partition: record.Partition}] = true
	}
	ongoing, err := transactions.Writing(asking, r.adapter.client, slices.Collect(maps.Keys(logs)))
	if err != nil {
		return err
	}
	for _, some := range ongoing {
		for i := range some {
			if some[i].Producer == id {
				if err := some[i].WriteMarker(asking, r.adapter.client, r.adapter.config.access(), committed); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
