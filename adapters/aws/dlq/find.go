package dlq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
)

// Received is what is left of a look into a queue.
var Received = deadletter.Cost{Marked: "counted as received", Says: "SQS counts it as received once more, hides it from consumers for that moment, and after three receives a standard queue puts it last"}

// DLQs implements deadletter.Queues: the queues that are named, those that some queue
// dead-letters to, and those that are named like that. Where queues are named, only they are asked
// about.
func (d *DeadLetters) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	if d.None || len(d.Named) > 0 {
		return d.namedDLQs(ctx)
	}
	names, err := d.Client.AllNames(ctx)
	if err != nil {
		return nil, err
	}
	asking, stop := context.WithCancel(ctx)
	defer stop()
	queues, sources := map[string]*client.Queue{}, map[string][]string{}
	for a := range d.Client.Queues(asking, names) {
		switch {
		case errors.Is(a.Err, adapters.ErrUnknownDestination): // it was deleted meanwhile
		case a.Err != nil:
			return nil, a.Err
		default:
			queues[a.Name] = a.Queue
			if to := a.Queue.DeadLetters; a.Queue.HasDeadLetters() {
				sources[to.Name] = append(sources[to.Name], a.Name)
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var dlqs []deadletter.Queue
	for _, name := range names {
		_, like := deadheader.OriginByName(withoutOrder(name))
		if q := queues[name]; q != nil && (like || len(sources[name]) > 0) {
			dlqs = append(dlqs, described(q, sources[name], false))
		}
	}
	return dlqs, nil
}

func (d *DeadLetters) namedDLQs(ctx context.Context) (dlqs []deadletter.Queue, err error) {
	for _, name := range d.Named {
		if _, like := deadheader.OriginByName(withoutOrder(name)); !d.LettersOnly && !like {
			continue // it is read for what it receives
		}
		q, sources, err := d.ask(ctx, name)
		if err != nil {
			return nil, err
		}
		dlqs = append(dlqs, described(q, sources, true))
	}
	return dlqs, nil
}

// ask is what SQS tells of a queue, and of the queues that dead-letter to it.
func (d *DeadLetters) ask(ctx context.Context, name string) (q *client.Queue, sources []string, err error) {
	if q, err = d.Client.Queue(ctx, name); err != nil {
		return nil, nil, err
	}
	sources, err = d.Client.SourcesOf(ctx, q)
	return q, sources, err
}

// described is a queue as one for dead letters.
func described(q *client.Queue, sources []string, named bool) deadletter.Queue {
	dlq := deadletter.Queue{
		Name: q.Name, Kind: adapters.Queue, Settling: deadletter.ByRemoval, Distinct: true, Cost: Received, Messages: q.Messages(),
		Configured: len(sources) > 0, Sources: sources, Direct: sources, Feeders: sources, Guarantee: deadletter.AtLeastOnce, Unsafe: refusal(q, sources),
	}
	switch {
	case len(sources) == 1:
		dlq.Evidence = "queue " + sources[0] + " dead-letters to it"
	case len(sources) > 1:
		dlq.Evidence = fmt.Sprintf("queue %s and %d others dead-letter to it", sources[0], len(sources)-1)
	case named:
		dlq.Evidence = "named when the source was opened"
	default:
		dlq.Evidence = "named like one"
	}
	return dlq
}

// mayTake says why the letters of a queue cannot be taken now, or how they are.
func (d *DeadLetters) mayTake(ctx context.Context, name string, hold time.Duration) (*handling, error) {
	q, sources, err := d.ask(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := refusal(q, sources); err != nil {
		return nil, err
	}
	if err := d.refuseMoves(ctx, q); err != nil {
		return nil, err
	}
	h := &handling{client: d.Client, queue: q, hold: hold, before: map[string]int{}}
	for _, source := range sources {
		of, err := d.Client.Queue(ctx, source)
		switch {
		case err == nil:
			h.before[of.ARN.String()] = of.MaxReceives
		case ctx.Err() != nil:
			return nil, err
		} // else its letters count as handed out before
	}
	return h, nil
}

// refuseMoves refuses while SQS itself moves the letters away. Who may not ask is not told.
func (d *DeadLetters) refuseMoves(ctx context.Context, q *client.Queue) error {
	limited, cancel := client.Limit(ctx)
	defer cancel()
	out, err := d.Client.SQS.ListMessageMoveTasks(limited, &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(q.ARN.String())})
	problem := d.Client.Problem(ctx, "find out whether the letters of queue "+q.Name+" are being moved", err)
	switch {
	case errors.Is(problem, adapters.ErrNotAuthorized), client.HasCode(err, "AWS.SimpleQueueService.UnsupportedOperation", "UnsupportedOperation", "InvalidAction", "InvalidParameterValue", "ResourceNotFoundException"):
		return nil
	case problem != nil:
		return problem
	}
	for _, task := range out.Results {
		if aws.ToString(task.Status) == "RUNNING" || aws.ToString(task.Status) == "CANCELLING" {
			return &adapters.Problem{
				Doing: "take letters of queue " + q.Name, Cause: fmt.Sprintf("SQS is moving them away (a message move task, %d so far)", task.ApproximateNumberOfMessagesMoved),
				Remedy: "wait for its end, or end it by aws sqs cancel-message-move-task", Kind: adapters.ErrBusy,
			}
		}
	}
	return nil
}

// systemAttributes are what is asked for beside the body.
var systemAttributes = []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}
