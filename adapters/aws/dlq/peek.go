package dlq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/figure"
)

const (
	// peekHold is how long a look hides letters, if it is killed. It is longer than a look may take.
	peekHold = 2 * deadletter.PeekTime
	// mostOfGroups bounds a look into a queue that keeps order, which others cannot read meanwhile.
	mostOfGroups = 1000
	// backTime is how long giving back may take, whoever wants an end, and backEach how much longer
	// for each letter. Behind the time for which they are held, all are back by themselves.
	backTime = 15 * time.Second
	backEach = 5 * time.Millisecond
)

// Peek implements deadletter.Queues: all letters are received and held, and then given back.
func (d *DeadLetters) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	h, err := d.mayTake(ctx, peek.DLQ, peekHold)
	if err != nil {
		return err
	}
	q := h.queue
	asked := peek.Most
	l := &look{handling: *h, letters: &d.letters, most: peek.Most, empties: d.empties(), keep: keep, seen: map[string]bool{}}
	if client.IsFIFO(q.Name) && (l.most == 0 || l.most > mostOfGroups) {
		l.most = mostOfGroups
	}
	limited, cancel := context.WithTimeout(ctx, deadletter.PeekTime)
	defer cancel()
	if err = l.read(limited); err == nil && (asked == 0 || len(l.seen) < asked) {
		err = l.complete(limited)
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = &adapters.Problem{
			Doing: "look at queue " + q.Name, Cause: fmt.Sprintf("after %s, as long as letters are held, %s of about %s were read", figure.Span(deadletter.PeekTime), figure.Count(len(l.receipts)), figure.Count(q.Messages())),
			Remedy: "look at fewer", Kind: adapters.ErrTooLarge,
		}
	}
	return errors.Join(err, l.giveBack(ctx))
}

// look is one look at a queue.
type look struct {
	handling
	letters *letters
	most    int // 0 is all
	empties int
	keep    func([]deadletter.Delivery) error

	seen     map[string]bool // ids, since a queue may hand out one twice
	receipts []string        // of all, in order; nothing else is kept of what was handed over
}

func (l *look) read(ctx context.Context) error {
	for empty := 0; empty < l.empties && (l.most == 0 || len(l.seen) < l.most); {
		want := batch
		if l.most > 0 {
			want = min(want, l.most-len(l.seen))
		}
		came, err := l.receive(ctx, want)
		if err != nil {
			return err
		}
		var part []deadletter.Delivery
		for i := range came {
			l.receipts = append(l.receipts, aws.ToString(came[i].ReceiptHandle))
			if id := aws.ToString(came[i].MessageId); !l.seen[id] {
				l.seen[id] = true
				part = append(part, l.letters.hold(&came[i], &l.handling))
			}
		}
		if empty++; len(part) > 0 {
			empty = 0
			if err := l.hand(part); err != nil {
				return err
			}
		}
	}
	return nil
}

// hand hands a part over. Keep owns what it is handed, and may change it.
func (l *look) hand(part []deadletter.Delivery) error {
	defer l.letters.Drop(deadletter.HandlesOf(part))
	return l.keep(part)
}

// complete finds out, before anything is given back, whether the queue has letters that were not
// seen, and looks for them once more. Which of them are in flight SQS knows some time later only; how
// many there are in all does not change by a look.
func (l *look) complete(ctx context.Context) error {
	for again := range 2 {
		q, err := l.client.QueueAt(ctx, l.queue.URL)
		if err != nil {
			return err
		}
		seen := int64(len(l.seen))
		if q.Messages() <= seen {
			return nil
		}
		if again == 0 && (l.most == 0 || len(l.seen) < l.most) {
			if err := l.read(ctx); err != nil {
				return err
			}
			continue
		}
		p := &adapters.Problem{
			Doing: "look at queue " + q.Name, Cause: fmt.Sprintf("%s of about %s letters were seen: about %s were not handed out, or are held by others", figure.Count(len(l.seen)), figure.Count(q.Messages()), figure.Count(q.Messages()-seen)),
			Remedy: "stop whatever else consumes it, and look again", Kind: adapters.ErrIncomplete,
		}
		if client.IsFIFO(q.Name) {
			p.Remedy = "redrive those that were seen, and look again: of a queue that keeps order the rest of a group waits behind them, and no more than " + figure.Count(mostOfGroups) + " are looked at"
		}
		return p
	}
	return nil
}

// giveBack lets all letters be seen again, also when ctx has ended.
func (l *look) giveBack(ctx context.Context) error {
	return l.handling.giveBack(deadletter.Finishing(ctx), l.receipts)
}
