package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

// LedgerTopic is the compacted topic in which redrives record what became of letters.
// The first redrive of a cluster makes it.
const LedgerTopic = "eventscope.ledger"

// ledgerPatience is how long Ledger waits for a transaction that nobody ends: longer
// than the broker lets one of ours stay open, and than it takes to notice.
const ledgerPatience = transactionTime + 15*time.Second

// Ledger implements [adapters.DeadLetters]: the newest entry of each key that is wanted, in
// the order in which keys appeared. It reads all that was committed when it began. An entry behind a
// transaction that is still open cannot be told from one that was aborted, so Ledger waits
// until that is decided: a moment beside a redrive at work, under a minute behind one
// that crashed, unless a redrive of the same grave begins and ends it. A transaction that
// stays open for longer makes it fail with ErrBusy. Without the topic there are no entries.
func (a *Adapter) Ledger(ctx context.Context, wanted func(key []byte) bool, each func(adapters.Entry) error) error {
	t, err := a.topicNamed(ctx, LedgerTopic)
	if errors.Is(err, adapters.ErrUnknownDestination) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := a.awaitDecision(ctx, logsOf(t, adapters.Range{})); err != nil {
		return err
	}
	read := ledger{at: make(map[string]int), wanted: wanted}
	seen := newProgress(time.Now())
	if err := a.only(LedgerTopic, seen).Scan(ctx, adapters.Range{From: adapters.Beginning}, &read); err != nil {
		return err
	}
	if len(seen.lasting) > 0 {
		return &adapters.Problem{
			Doing: "read the ledger", Cause: strings.Join(slices.Sorted(maps.Keys(seen.lasting)), "; "),
			Remedy: "try again when the cluster is whole", Kind: adapters.ErrNotConnected,
		}
	}
	for _, entry := range read.entries {
		if len(entry.Value) == 0 {
			continue
		}
		if err := each(entry); err != nil {
			return err
		}
	}
	return nil
}

// awaitDecision waits until every transaction that wrote to logs before now has ended.
func (a *Adapter) awaitDecision(ctx context.Context, logs []adapters.Log) error {
	limits, failed, err := listBounds(ctx, a.client, logs, false)
	for _, why := range failed {
		err = why
	}
	if err != nil {
		return a.explain(ctx, err)
	}
	times := make(map[adapters.Log]int64, len(logs))
	for _, log := range logs {
		times[log] = latest
	}
	waiting, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	err = until(waiting, func() (bool, error) {
		stable, err := listOffsets(waiting, a.client, times, true)
		for log, limit := range limits {
			if stable[log].err != nil || stable[log].offset < limit.end {
				return false, err
			}
		}
		return true, err
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case waiting.Err() != nil:
		return &adapters.Problem{
			Doing: "read the ledger", Cause: fmt.Sprintf("a transaction on topic %q stays open", LedgerTopic),
			Remedy: "find it with kafka-transactions.sh find-hanging and abort it", Kind: adapters.ErrBusy,
		}
	}
	return a.explain(ctx, err)
}

// ledger keeps the newest value of each key. It is an intake.
type ledger struct {
	entries []adapters.Entry
	at      map[string]int // in entries, by key
	wanted  func(key []byte) bool
}

// Put implements [adapters.Intake].
func (l *ledger) Put(_ context.Context, batch *adapters.Batch) error {
	for i := range batch.Messages {
		m := &batch.Messages[i]
		if !l.wanted(m.Key) {
			continue
		}
		at, known := l.at[string(m.Key)]
		if !known {
			key := string(m.Key)
			at = len(l.entries)
			l.at[key] = at
			l.entries = append(l.entries, adapters.Entry{Key: []byte(key)})
		}
		l.entries[at].Value = append(l.entries[at].Value[:0], m.Value...)
	}
	batch.Release()
	return nil
}

// entryRecord is an entry as it is written: a key without a value is removed.
func entryRecord(e adapters.Entry) *kgo.Record {
	record := &kgo.Record{Topic: LedgerTopic, Key: e.Key, Value: e.Value}
	if len(e.Value) == 0 {
		record.Value = nil
	}
	return record
}

// ensureLedger makes the ledger's topic if it is not there, and refuses one that does
// not keep its records.
func (a *Adapter) ensureLedger(ctx context.Context) error {
	c, err := readCatalog(ctx, a.client, []string{LedgerTopic})
	if err != nil {
		return a.explain(ctx, err)
	}
	if t := c.topics[LedgerTopic]; t == nil || t.unknown() {
		if err := a.createLedger(ctx); err != nil {
			return err
		}
	}
	err = until(ctx, func() (bool, error) { // a broker learns of a new topic a moment later
		c, err := readCatalog(ctx, a.client, []string{LedgerTopic})
		if err != nil {
			return false, a.explain(ctx, err)
		}
		switch t := c.topics[LedgerTopic]; {
		case t != nil && (t.err == nil || t.forbidden()) && !t.writable():
			return false, a.config.mayNotWrite(LedgerTopic)
		case t != nil && t.forbidden():
			return false, a.config.notAllowed(LedgerTopic)
		default:
			return t.leader(0) >= 0, nil
		}
	})
	if err != nil {
		return err
	}
	settings, err := describeTopic(ctx, a.client, LedgerTopic)
	if policy := settings["cleanup.policy"]; err == nil && policy != "" && policy != "compact" {
		return &adapters.Problem{
			Doing: "record in the ledger", Cause: fmt.Sprintf("topic %q loses records (cleanup.policy=%s)", LedgerTopic, policy),
			Remedy: "set its cleanup.policy to compact", Kind: adapters.ErrUsage,
		}
	}
	return nil
}

// createLedger makes the topic. Only whole segments are compacted, so they are small:
// what every redrive reads stays near the number of letters, and not of all that was
// ever done.
func (a *Adapter) createLedger(ctx context.Context) error {
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = LedgerTopic, 1, -1
	for _, setting := range [][2]string{{"cleanup.policy", "compact"}, {"segment.bytes", "16777216"}} {
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
		Remedy: "make it by hand, with one partition and cleanup.policy=compact", Kind: adapters.ErrNotAuthorized,
	}
	switch {
	case err == nil, errors.Is(err, kerr.TopicAlreadyExists):
		return nil
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		problem.Cause = "user " + a.config.user() + " has no permission"
	default:
		problem.Cause, problem.Kind = inWords(err), adapters.ErrUsage
	}
	return problem
}

// describeTopic reads the settings of a topic.
func describeTopic(ctx context.Context, client *kgo.Client, name string) (map[string]string, error) {
	resource := kmsg.NewDescribeConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, name
	resource.ConfigNames = []string{"cleanup.policy", "max.message.bytes"}
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
