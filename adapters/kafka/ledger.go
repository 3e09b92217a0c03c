package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/transactions"
)

// LedgerTopic is the compacted topic in which redrives record what became of letters.
// The first redrive of a cluster makes it.
const LedgerTopic = cluster.LedgerTopic

const ledgerPatience = transactionTime + 15*time.Second

// placeHolds is how long a ledger can be read on from a place. Marks of removed keys are
// removed themselves after a time (delete.retention.ms, a day by default).
const placeHolds = time.Hour

// Ledger implements [deadletter.Queues]: the newest entry of each key that is wanted, in
// the order in which keys appeared. It reads all that was committed when it began. An entry
// behind a transaction that is still open cannot be told from one that was aborted, so Ledger
// waits until that is decided: a moment, which is enough beside a redrive at work, or if the
// query is patient, under a minute behind one that crashed, unless a redrive of the same
// dlq begins and ends it. Then, or at once if the transaction has been open for longer,
// it fails with ErrBusy. Without the topic there are no entries.
func (a *Adapter) Ledger(ctx context.Context, query deadletter.LedgerQuery, each func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	from := query.From
	t, err := a.topicNamed(ctx, LedgerTopic)
	switch {
	case errors.Is(err, adapters.ErrUnknownDestination) && from.IsZero():
		return from, nil
	case errors.Is(err, adapters.ErrUnknownDestination), err == nil && !from.IsZero() && from.Incarnation != incarnation(t.ID):
		return from, fmt.Errorf("the ledger that was read before is gone: %w", adapters.ErrGone)
	case err != nil:
		return from, err
	}
	logs := t.Logs()
	if err := a.continues(ctx, from, logs); err != nil {
		return from, err
	}
	if err := a.awaitDecision(ctx, logs, query.Patient); err != nil {
		return from, err
	}
	read, reached, err := a.readLedger(ctx, t, from, query.Wanted)
	for again := 0; errors.Is(err, errMoved) && from.IsZero() && again < 2; again++ {
		read, reached, err = a.readLedger(ctx, t, from, query.Wanted)
	}
	if err != nil {
		return from, err
	}
	for entry := range read.all() {
		if len(entry.Value) == 0 && from.IsZero() {
			continue
		}
		if err := each(entry); err != nil {
			return from, err
		}
	}
	return reached, nil
}

// errMoved says that a log began or ended elsewhere than a reading of it had begun with.
// Whoever reads again from the beginning reads all there is.
var errMoved = errors.New("the log has moved")

// readLedger reads the entries behind a place, as far as the ledger is decided.
func (a *Adapter) readLedger(ctx context.Context, t *cluster.Topic, from deadletter.LedgerPoint, wanted func(key []byte) bool) (read *ledger, reached deadletter.LedgerPoint, err error) {
	reached = deadletter.LedgerPoint{Incarnation: incarnation(t.ID), At: time.Now()}
	read = newLedger(wanted, a.config.ledgerBytes())
	seen := newProgress(time.Now())
	span := adapters.Range{From: adapters.Beginning, FromOffsets: from.Next}
	reached.Next, err = a.only(LedgerTopic, seen).scan(ctx, span, map[string]*cluster.Topic{t.Name: t}, t.Logs(), read)
	if err == nil && len(seen.lasting) > 0 {
		problem := &adapters.Problem{
			Doing: "read the ledger", Cause: strings.ReplaceAll(strings.Join(slices.Sorted(maps.Keys(seen.lasting)), "; "), "; "+cluster.TryAgain, ""),
			Remedy: cluster.TryAgain, Kind: adapters.ErrNotConnected,
		}
		if err = problem; seen.moved {
			problem.Kind = errors.Join(adapters.ErrNotConnected, errMoved)
		}
	}
	return read, reached, err
}

// continues says whether the ledger can be read on from a place: nothing behind it was removed.
func (a *Adapter) continues(ctx context.Context, from deadletter.LedgerPoint, logs []adapters.Log) error {
	if from.IsZero() {
		return nil
	}
	limits, _, err := cluster.ListBounds(ctx, a.client, logs, false)
	if err != nil {
		return a.explain(ctx, err)
	}
	whole := time.Since(from.At).Abs() < placeHolds && len(from.Next) == len(logs)
	for log, limit := range limits {
		next, known := from.Next[log]
		whole = whole && known && limit.Start <= next && next <= limit.End
	}
	if !whole {
		return fmt.Errorf("the ledger was cut where it was read up to: %w", adapters.ErrGone)
	}
	return nil
}

// awaitDecision waits until every transaction that wrote to logs before now has ended. The
// patient give one up that must have lapsed by now.
func (a *Adapter) awaitDecision(ctx context.Context, logs []adapters.Log, patient bool) error {
	undecided, err := transactions.Await(ctx, a.client, a.config.access(), logs, moment)
	if err != nil || len(undecided) == 0 {
		return err
	}
	ongoing, _ := transactions.InLogs(ctx, a.client, slices.Collect(maps.Keys(undecided)))
	if patient && !lapsed(ongoing) {
		if undecided, err = transactions.Await(ctx, a.client, a.config.access(), logs, ledgerPatience-moment); err != nil || len(undecided) == 0 {
			return err
		}
		ongoing, _ = transactions.InLogs(ctx, a.client, slices.Collect(maps.Keys(undecided)))
	}
	for log, h := range undecided {
		problem := &adapters.Problem{
			Doing: "read the ledger", Cause: fmt.Sprintf("a transaction on topic %q stays open, from offset %d of partition %d on", LedgerTopic, h.LastStable, log.Partition),
			Remedy: "find it with kafka-transactions.sh find-hanging and abort it", Kind: adapters.ErrBusy,
		}
		if some := ongoing[log]; len(some) > 0 && some[0].Hangs() && ofRedrive(&some[0]) {
			h := &some[0]
			problem.Cause = h.HangsAt() + " and hides what is behind it"
			problem.Remedy = "resume the run that was interrupted, which ends it as its coordinator has decided; if there is none, abort it with " + h.AbortCommand() + ", after which its letters are open again"
		}
		err = problem
	}
	return err
}

// lapsed reports whether one of these transactions was written to for the last time so long ago
// that the broker would have ended it if it were a redrive's.
func lapsed(ongoing map[adapters.Log][]transactions.Ongoing) bool {
	for _, some := range ongoing {
		if slices.ContainsFunc(some, func(o transactions.Ongoing) bool { return o.Hangs() || time.Since(o.Wrote) > ledgerPatience }) {
			return true
		}
	}
	return false
}

// entryRecord is an entry as it is written: a key without a value is removed.
func entryRecord(e deadletter.Entry) *kgo.Record {
	record := &kgo.Record{Topic: LedgerTopic, Key: e.Key, Value: e.Value}
	if len(e.Value) == 0 {
		record.Value = nil
	}
	return record
}

// ensureLedger makes the ledger's topic if it is not there, and refuses one that does
// not keep its records, or for too short a time that one was taken back.
func (a *Adapter) ensureLedger(ctx context.Context, dlq string) error {
	c, err := cluster.ReadCatalog(ctx, a.client, []string{LedgerTopic})
	if err != nil {
		return a.explain(ctx, err)
	}
	if t := c.Topics[LedgerTopic]; t == nil || t.Unknown() {
		if !a.mayWriteUnmade(ctx, LedgerTopic, transactionalID(dlq)) {
			return a.config.mayNotWrite(LedgerTopic) // and makes none
		}
		if err := a.createLedger(ctx); err != nil {
			return err
		}
	}
	err = cluster.Until(ctx, func() (bool, error) { // a broker learns of a new topic a moment later
		c, err := cluster.ReadCatalog(ctx, a.client, []string{LedgerTopic})
		if err != nil {
			return false, a.explain(ctx, err)
		}
		switch t := c.Topics[LedgerTopic]; {
		case t != nil && (t.Err == nil || t.Forbidden()) && !t.Writable():
			return false, a.config.mayNotWrite(LedgerTopic)
		case t != nil && t.Forbidden():
			return false, a.config.access().NotAllowed(LedgerTopic)
		default:
			return t.Leader(0) >= 0, nil
		}
	})
	if err != nil {
		return err
	}
	settings, err := describeTopic(ctx, a.client, LedgerTopic)
	if err != nil {
		return nil // the plan says that nobody checks
	}
	if loses, remedy := losesMarks(settings); loses != "" {
		return &adapters.Problem{
			Doing: "record in the ledger", Cause: fmt.Sprintf("topic %q %s", LedgerTopic, loses), Remedy: remedy, Kind: adapters.ErrUsage,
		}
	}
	return nil
}

// losesMarks says what is wrong with the settings of a ledger, and how to mend it: it would lose
// records, or a mark that was taken back might still be there for whoever reads on, since what tells
// that it is gone has gone itself.
func losesMarks(settings map[string]string) (loses, remedy string) {
	if policy := settings["cleanup.policy"]; policy != "" && policy != "compact" {
		return fmt.Sprintf("loses records (cleanup.policy=%s)", policy), "set its cleanup.policy to compact"
	}
	kept, err := strconv.ParseInt(settings[deleteRetention], 10, 64)
	if least := placeHolds.Milliseconds(); err == nil && kept < least {
		return fmt.Sprintf("forgets too soon that a discard was taken back (%s=%d)", deleteRetention, kept), fmt.Sprintf("set its %s to %d or more", deleteRetention, least)
	}
	return "", ""
}

// deleteRetention is how long a compacted topic keeps the marks of keys that were removed, in ms.
const deleteRetention = "delete.retention.ms"

// createLedger makes the topic. Only whole segments are compacted, so they are small:
// what every redrive reads stays near the number of letters, and not of all that was
// ever done.
func (a *Adapter) createLedger(ctx context.Context) error {
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = LedgerTopic, 1, -1
	for _, setting := range [][2]string{{"cleanup.policy", "compact"}, {"segment.bytes", "16777216"}, {deleteRetention, "86400000"}} {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = setting[0], kmsg.StringPtr(setting[1])
		t.Configs = append(t.Configs, c)
	}
	request := kmsg.NewPtrCreateTopicsRequest()
	request.TimeoutMillis = int32(requestTimeout.Milliseconds())
	request.Topics = append(request.Topics, t)
	response, err := request.RequestWith(ctx, a.client)
	if err != nil {
		return a.explain(ctx, err)
	}
	for i := range response.Topics {
		err = kerr.ErrorForCode(response.Topics[i].ErrorCode)
	}
	problem := &adapters.Problem{
		Doing:  fmt.Sprintf("make topic %q, in which replays are recorded", LedgerTopic),
		Remedy: "make it by hand, with one partition, cleanup.policy=compact and delete.retention.ms of an hour or more", Kind: adapters.ErrNotAuthorized,
	}
	switch {
	case err == nil, errors.Is(err, kerr.TopicAlreadyExists):
		return nil
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		problem.Cause = "user " + a.config.access().User() + " has no permission"
	default:
		problem.Cause, problem.Kind = cluster.InWords(err), adapters.ErrUsage
	}
	return problem
}

// describeTopic reads the settings of a topic.
func describeTopic(ctx context.Context, client *kgo.Client, name string) (map[string]string, error) {
	resource := kmsg.NewDescribeConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, name
	resource.ConfigNames = []string{"cleanup.policy", "max.message.bytes", deleteRetention}
	request := kmsg.NewPtrDescribeConfigsRequest()
	request.Resources = append(request.Resources, resource)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	settings := make(map[string]string)
	for i := range response.Resources {
		if err := kerr.ErrorForCode(response.Resources[i].ErrorCode); err != nil {
			return nil, err
		}
		for _, c := range response.Resources[i].Configs {
			if c.Value != nil {
				settings[c.Name] = *c.Value
			}
		}
	}
	return settings, nil
}
