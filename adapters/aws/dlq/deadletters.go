package dlq

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/deadletter"
)

// DeadLetters finds the dead-letter queues of one region, looks at them and redrives them.
type DeadLetters struct {
	Client *client.Client

	// Named are the queues that the source was opened on; LettersOnly says that it was for their
	// letters alone. Write says that anything may be sent or deleted at all.
	Named       []string
	LettersOnly bool
	Write       bool

	// None says that the source is one of topics, which have no letters themselves.
	None bool

	// Hold is how long a redrive that was killed hides letters, and Empties how many times nothing
	// must come until a queue is taken for empty; 0 is the default.
	Hold    time.Duration
	Empties int

	letters letters

	asking sync.Mutex
	own    client.ARN // see owner
}

// usualEmpties is how often nothing must come. One answer without messages proves nothing.
const usualEmpties = 3

func (d *DeadLetters) empties() int               { return cmp.Or(d.Empties, usualEmpties) }
func (d *DeadLetters) redriveHold() time.Duration { return cmp.Or(d.Hold, redriveHold) }

func (d *DeadLetters) mayWrite(doing string) error {
	if d.Write {
		return nil
	}
	return &adapters.Problem{Doing: doing, Cause: "it was opened for reading", Remedy: "add --write", Kind: adapters.ErrReadOnly}
}

// Cluster implements deadletter.Queues: the region and the account, as the address of a queue says
// them.
func (d *DeadLetters) Cluster(ctx context.Context) (string, error) {
	if d.None {
		return "", nil
	}
	own, err := d.owner(ctx)
	if err != nil || own.Account == "" {
		return "", err
	}
	return "aws " + own.Region + " " + own.Account, nil
}

// owner is whose queues are meant, without a name; of no account where no queue tells. It does not
// change while the source is open, and is asked for once.
func (d *DeadLetters) owner(ctx context.Context) (client.ARN, error) {
	d.asking.Lock()
	defer d.asking.Unlock()
	if d.own.Account != "" {
		return d.own, nil
	}
	q, err := d.anyQueue(ctx)
	if err != nil {
		return client.ARN{}, err
	}
	own := client.ARN{Region: d.Client.Region, Account: d.Client.Account}
	if q != nil {
		own.Region, own.Account = q.Region, q.Account
	}
	d.own = own
	return own, nil
}

// anyQueue is a queue that tells of its account: one that is named, or else one of all; nil if there
// is none.
func (d *DeadLetters) anyQueue(ctx context.Context) (*client.Queue, error) {
	for _, name := range d.Named {
		if q, err := d.Client.Queue(ctx, name); !errors.Is(err, adapters.ErrUnknownDestination) {
			return q, err
		}
	}
	if d.Client.Account != "" {
		return nil, nil
	}
	urls, err := d.Client.QueueURLs(ctx, "")
	if err != nil || len(urls) == 0 {
		return nil, err
	}
	return d.Client.QueueAt(ctx, urls[0])
}

// TargetOf is where a letter goes again: the queue at which it died.
func TargetOf(_ *deadletter.Queue, origin deadletter.Origin) deadletter.Target {
	return deadletter.Target(origin.Destination)
}

// Target implements deadletter.Queues. The address of a queue in another region or account names
// none here: a queue of the same name would be taken for it.
func (d *DeadLetters) Target(ctx context.Context, text string) (deadletter.Target, error) {
	refuse := func(cause, remedy string) error {
		return &adapters.Problem{Doing: "read the name of a queue", Cause: cause, Remedy: remedy, Kind: adapters.ErrUsage}
	}
	arn, ok := client.ParseARN(text)
	if !ok {
		arn, ok = client.ParseQueueURL(text)
	}
	if !ok {
		if err := client.CheckName(text); err != nil {
			return "", refuse(err.Error(), "name a queue")
		}
		return deadletter.Target(text), nil
	}
	if arn.Service != "sqs" || arn.Region != d.Client.Region {
		return "", refuse("it is of another service or region", "name a queue of "+d.Client.Place())
	}
	own, err := d.owner(ctx)
	switch {
	case err != nil:
		return "", err
	case own.Account == "":
		return "", refuse("no queue of "+d.Client.Place()+" tells of which account it is, to compare with "+arn.Account, "name the queue without its account")
	case arn.Account != own.Account:
		return "", refuse("it is of account "+arn.Account+", and the source is of "+own.Account, "name a queue of that account, or a URL with account="+arn.Account)
	}
	return deadletter.Target(arn.Name), nil
}

// Recipients implements deadletter.Queues. Who consumes a queue SQS does not tell.
func (d *DeadLetters) Recipients(ctx context.Context, targets []deadletter.Target) (all []deadletter.Recipients, err error) {
	for _, target := range targets {
		reached := deadletter.Recipients{Kind: adapters.Queue, Name: string(target)}
		_, err := d.Client.QueueURL(ctx, string(target))
		switch {
		case err == nil:
			reached.Exists, reached.Readers, reached.Unknown = true, []string{string(target)}, "SQS does not tell who consumes it"
			if client.IsFIFO(string(target)) {
				reached.Warnings = []string{"each copy keeps its message group and waits behind what is in the group; one without a group is refused"}
			}
		case errors.Is(err, adapters.ErrNotAuthorized):
			reached.Denied = err.Error()
		case !errors.Is(err, adapters.ErrUnknownDestination):
			return nil, err
		}
		all = append(all, reached)
	}
	return all, nil
}

// Lacks implements deadletter.Queues. Which rights there are only their use tells.
func (d *DeadLetters) Lacks(context.Context, string) ([]string, error) { return nil, nil }

// Mend implements deadletter.Queues. SQS leaves nothing half done.
func (d *DeadLetters) Mend(context.Context, string, []deadletter.Target, func(string) error) error {
	return nil
}

// Ledger implements deadletter.Queues.
func (d *DeadLetters) Ledger(_ context.Context, query deadletter.LedgerQuery, _ func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	return query.From, errors.ErrUnsupported
}
