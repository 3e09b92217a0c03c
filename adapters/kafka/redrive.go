package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
)

// redrive acts on the letters of one topic, in transactions: each Send is one, with the
// copies and the entries of the ledger.
type redrive struct {
	*producer
	dlq         string
	incarnation [16]byte
	left        []adapters.Position // still to be handed over
	guarantee   deadletter.Guarantee

	stored map[string]bool // topics whose partitions the client has stored
	proved map[string]bool // topics that a transaction wrote to of which the coordinator was asked
}

// Redrive implements [deadletter.Queues]. It may be begun while another one of the same
// dead-letter topic is at work, here or elsewhere: the transaction that the other has open is aborted,
// and whatever it sends from then on fails with ErrBusy. Letters of which a redrive was
// told ErrUnknownOutcome are settled when a new one has begun: what was in doubt is then
// either in the ledger, or did not happen.
func (a *Adapter) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	if !a.config.Write {
		return nil, a.config.readOnly(fmt.Sprintf("act on the dead letters of kafka topic %q", order.DLQ))
	}
	for _, letter := range order.Letters {
		if letter.Destination != order.DLQ || letter.Partition < 0 {
			return nil, &adapters.Problem{
				Doing: fmt.Sprintf("act on the dead letters of kafka topic %q", order.DLQ), Cause: letter.String() + " is not one of them",
				Remedy: "look again at what is there", Kind: adapters.ErrUsage,
			}
		}
	}
	t, err := a.topicNamed(ctx, order.DLQ)
	if err != nil {
		return nil, err
	}
	r := &redrive{dlq: order.DLQ, incarnation: t.ID, left: order.Letters, stored: map[string]bool{}, proved: map[string]bool{}}
	if order.Incarnation != "" && order.Incarnation != incarnation(t.ID) {
		return nil, r.madeAgain()
	}
	a.remember(t)
	begin, cancel := context.WithTimeout(ctx, transactionTime)
	defer cancel()
	if r.guarantee, err = a.guarantee(begin); err != nil {
		return nil, a.late(ctx, err)
	}
	if !a.mayTransact(begin, transactionalID(order.DLQ)) { // before the ledger is made
		return nil, a.config.mayNotTransact(transactionalID(order.DLQ))
	}
	if err := a.ensureLedger(begin, order.DLQ); err != nil {
		return nil, a.late(ctx, err)
	}
	r.producer, err = a.newProducer(kgo.TransactionalID(transactionalID(order.DLQ)), kgo.TransactionTimeout(transactionTime))
	if err != nil {
		return nil, err
	}
	if err := r.takeOver(begin); err != nil {
		r.client.Close()
		return nil, a.late(ctx, err)
	}
	return r, nil
}

// transactionalID is the same for every redrive of a dead-letter queue, which is what makes an
// earlier one fail.
func transactionalID(dlq string) string { return "eventscope." + dlq }

// late makes a problem of a time that ran out, unless it was the caller's.
func (a *Adapter) late(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return a.config.access().Problem(err)
	}
	return err
}

// remember notes a topic for Fetch.
func (a *Adapter) remember(t *cluster.Topic) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.topics == nil {
		a.topics = make(map[string]*cluster.Topic)
	}
	a.topics[t.Name] = t
}

// takeOver gets the transactional id for this producer. The client would do it with the
// first record; only when it is done has the transaction of an earlier redrive ended.
func (r *redrive) takeOver(ctx context.Context) error {
	var last error
	err := cluster.Until(ctx, func() (bool, error) {
		_, _, last = r.client.ProducerID(ctx)
		if last != nil && (kerr.IsRetriable(last) || errors.Is(last, kerr.ConcurrentTransactions)) {
			return false, nil
		}
		return true, nil
	})
	switch {
	case last == nil:
		return err
	case errors.Is(last, kerr.TransactionalIDAuthorizationFailed):
		return r.adapter.config.mayNotTransact(transactionalID(r.dlq))
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(last, kerr.InvalidTransactionTimeout):
		return &adapters.Problem{
			Doing: fmt.Sprintf("begin a transaction as %q", transactionalID(r.dlq)), Cause: "the cluster allows none of " + transactionTime.String(),
			Remedy: "raise transaction.max.timeout.ms of its brokers", Kind: adapters.ErrUsage,
		}
	}
	return r.adapter.config.access().Problem(last)
}

// mayNotTransact is the problem of a transactional id that the user may not use.
func (c *Config) mayNotTransact(id string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("begin a transaction as %q", id), Cause: "user " + c.access().User() + " has no permission",
		Remedy: "have Write and Describe granted on that transactional id", Kind: adapters.ErrNotAuthorized,
	}
}

// guarantee asks whether the cluster's transactions are those of KIP-890, without the
// known flaws of the earlier ones.
func (a *Adapter) guarantee(ctx context.Context) (deadletter.Guarantee, error) {
	request := kmsg.NewPtrApiVersionsRequest()
	request.ClientSoftwareName, request.ClientSoftwareVersion = "eventscope", "1"
	response, err := request.RequestWith(ctx, a.client)
	if err != nil {
		return deadletter.Atomic, a.explain(ctx, err)
	}
	for _, feature := range response.FinalizedFeatures {
		if feature.Name == "transaction.version" && feature.MaxVersionLevel >= 2 {
			return deadletter.ExactlyOnce, nil
		}
	}
	return deadletter.Atomic, nil
}

// Guarantee implements [deadletter.Redrive].
func (r *redrive) Guarantee() deadletter.Guarantee { return r.guarantee }

// Next implements [deadletter.Redrive]. A letter that retention or compaction has taken, or
// that cannot be unpacked, is passed over.
func (r *redrive) Next(ctx context.Context, most int) ([]deadletter.Delivery, error) {
	for len(r.left) > 0 {
		some := r.left[:min(max(most, 1), len(r.left))]
		letters := make([]deadletter.Delivery, 0, len(some))
		for message, err := range r.adapter.Fetch(ctx, some) {
			switch {
			case err == nil:
				letters = append(letters, deadletter.Delivery{Message: message})
			case !errors.Is(err, adapters.ErrGone):
				return nil, err
			}
		}
		if err := r.same(); err != nil {
			return nil, err
		}
		r.left = r.left[len(some):]
		if len(letters) > 0 {
			return letters, nil
		}
	}
	return nil, nil
}

// same says that the dead-letter queue is still the topic it was when the redrive began: positions
// mean nothing in one that was made again under its name.
func (r *redrive) same() error {
	r.adapter.mu.Lock()
	t := r.adapter.topics[r.dlq]
	r.adapter.mu.Unlock()
	if t == nil || t.ID == r.incarnation {
		return nil
	}
	return r.madeAgain()
}

func (r *redrive) madeAgain() error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("read the dead letters of kafka topic %q", r.dlq), Cause: "the topic was deleted and made again",
		Remedy: "look again at what is there", Kind: adapters.ErrGone,
	}
}

// Send implements [deadletter.Redrive]: one transaction. Ctx can end the wait for the
// brokers, and then nothing is sent; a commit that has begun is waited for.
func (r *redrive) Send(ctx context.Context, copies []deadletter.Copy, entries []deadletter.Entry) deadletter.Answer {
	return deadletter.Answered(r.transact(ctx, copies, entries))
}

func (r *redrive) transact(ctx context.Context, copies []deadletter.Copy, entries []deadletter.Entry) ([]error, error) {
	outcomes := make([]error, len(copies))
	if err := r.ended; err != nil {
		return notSent(outcomes, "the redrive has ended"), err
	}
	if len(copies)+len(entries) == 0 {
		return outcomes, nil
	}
	records, sound, err := r.records(ctx, copies, outcomes)
	if err != nil {
		return notSent(outcomes, "the brokers could not be asked"), err
	}
	if !sound {
		return notSent(outcomes, "a letter beside it cannot be sent"), nil
	}
	for _, entry := range entries {
		records = append(records, entryRecord(entry))
	}
	if err := r.client.BeginTransaction(); err != nil {
		return notSent(outcomes, "no transaction could be begun"), r.end(r.explainFailure(err))
	}
	results := r.produce(ctx, records)
	storing, cancel := deadletter.Within(context.WithoutCancel(ctx), sendTime, hurryTime)
	defer cancel()
	if err := r.awaitStored(storing, records); err != nil {
		return notSent(outcomes, "its transaction was given up"), r.end(r.silent())
	}
	if fatal, failed := r.blame(records, results, outcomes); failed {
		if fatal == nil {
			fatal = ctx.Err()
		}
		return r.abort(ctx, records, outcomes, fatal)
	}
	return r.commit(ctx, records, outcomes)
}

// blame says of each copy that was refused why, and whether any record failed. The error
// is one that is no copy's fault.
func (r *redrive) blame(records []*kgo.Record, results, outcomes []error) (fatal error, failed bool) {
	atFault := false
	var other error
	for i, err := range results {
		if err == nil {
			continue
		}
		failed = true
		switch refused := r.refusal(records[i], err); {
		case refused == nil && fenced(err):
			return busy(r.dlq), true
		case refused == nil:
			other = err
		case i < len(outcomes) && r.alone(records[i], err):
			outcomes[i], atFault = refused, true
		case i < len(outcomes):
			fatal = r.adapter.config.unknownLimit(records[i].Topic)
		default: // an entry of the ledger
			fatal = refused
		}
	}
	if fatal == nil && !atFault && other != nil && !adapters.IsEnd(other) {
		fatal = r.explainFailure(other)
	}
	if fatal == nil && !atFault && errors.Is(other, context.DeadlineExceeded) {
		fatal = r.silent()
	}
	return fatal, failed
}

// alone reports whether a refused record is itself at fault. Brokers refuse whole batches: when
// one is too large for a topic whose limit is not known, nobody can tell.
func (r *redrive) alone(record *kgo.Record, err error) bool {
	tooLarge := errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge)
	l := r.limit(record.Topic)
	return !tooLarge || l.known || sizeOf(record)+recordFrame > usualBatch
}

// explainFailure says why the transactions of this redrive have come to an end.
func (r *redrive) explainFailure(err error) error {
	problem := (*adapters.Problem)(nil)
	switch {
	case errors.As(err, &problem):
		return err
	case fenced(err):
		return busy(r.dlq)
	case errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
		return r.adapter.config.mayNotTransact(transactionalID(r.dlq))
	case errors.Is(err, context.DeadlineExceeded):
		return r.silent()
	}
	return r.failure(err)
}

// Acknowledge implements [deadletter.Redrive]: the ledger has said it.
func (r *redrive) Acknowledge(context.Context, []deadletter.Delivery) error { return nil }

// Close implements [deadletter.Redrive]. Every transaction has been ended by the Send that
// began it, or will be by the next redrive, or by the broker.
func (r *redrive) Close() error {
	r.client.Close()
	return nil
}

// Overdue implements [deadletter.Redrive]: a topic does not mind how long its records are looked at.
func (r *redrive) Overdue() bool { return false }
