package dlq

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
)

// batch is how many messages one question is about, at most.
const batch = 10

// handling receives messages of one queue, holds them for a time, and lets them go.
type handling struct {
	client *client.Client
	queue  *client.Queue
	hold   time.Duration // whole seconds; what is received is hidden from others for so long

	// before is how often letters were handed out before they died, by the ARN of the queue.
	before map[string]int
}

// receive takes messages, as many at most, and waits for a second where there are none. A longer
// wait asks all servers of the service, and not some of them.
func (h *handling) receive(ctx context.Context, most int) ([]types.Message, error) {
	limited, cancel := client.Limit(ctx)
	defer cancel()
	// It is not asked again by itself: what an answer that was lost has held would be missing.
	out, err := h.client.SQS.ReceiveMessage(limited, &sqs.ReceiveMessageInput{
		QueueUrl: &h.queue.URL, MaxNumberOfMessages: int32(min(most, batch)), VisibilityTimeout: int32(h.hold / time.Second), WaitTimeSeconds: 1,
		MessageSystemAttributeNames: systemAttributes, MessageAttributeNames: []string{"All"},
	}, client.Once)
	if err != nil {
		return nil, h.client.Problem(ctx, "take letters of queue "+h.queue.Name, err)
	}
	return out.Messages, nil
}

// changesAtOnce is how many questions of change are under way. A queue that keeps order is asked one
// after the other, since the order in which letters come back may be theirs.
const changesAtOnce = 8

// change sets how long messages stay hidden, in their order. Late are those, by their place, that
// are not held any more. After an error the others may have been changed or not.
func (h *handling) change(ctx context.Context, receipts []string, hold time.Duration) (late []int, err error) {
	var guard sync.Mutex
	asking, ctx := errgroup.WithContext(ctx)
	if asking.SetLimit(changesAtOnce); client.IsFIFO(h.queue.Name) {
		asking.SetLimit(1)
	}
	for first := 0; first < len(receipts) && ctx.Err() == nil; first += batch {
		asking.Go(func() error {
			failed, err := h.changeBatch(ctx, receipts, first, hold)
			guard.Lock()
			defer guard.Unlock()
			late = append(late, failed...)
			return err
		})
	}
	err = asking.Wait()
	slices.Sort(late)
	return late, err
}

// changeBatch is one question of change, from the first on.
func (h *handling) changeBatch(ctx context.Context, receipts []string, first int, hold time.Duration) (late []int, err error) {
	part := receipts[first:min(first+batch, len(receipts))]
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(part))
	for i := range part {
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(first + i)), ReceiptHandle: &part[i], VisibilityTimeout: int32(hold / time.Second)}
	}
	limited, cancel := client.Limit(ctx)
	defer cancel()
	out, err := h.client.SQS.ChangeMessageVisibilityBatch(limited, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &h.queue.URL, Entries: entries})
	if err != nil {
		return nil, h.client.Problem(ctx, "give letters back to queue "+h.queue.Name, err)
	}
	for _, failed := range out.Failed {
		if i, err := strconv.Atoi(aws.ToString(failed.Id)); err == nil && i >= first && i < first+len(part) {
			late = append(late, i)
		}
	}
	return late, nil
}

// giveBack lets messages be seen again. What is not held any more is back already.
func (h *handling) giveBack(ctx context.Context, receipts []string) error {
	if len(receipts) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, max(backTime, min(h.hold, backTime+time.Duration(len(receipts))*backEach)))
	defer cancel()
	_, err := h.change(ctx, receipts, 0)
	return err
}

// remove deletes messages.
func (h *handling) remove(ctx context.Context, receipts []string) error {
	for first := 0; first < len(receipts); first += batch {
		part := receipts[first:min(first+batch, len(receipts))]
		refused, err := h.client.Delete(ctx, h.queue.URL, "delete letters of queue "+h.queue.Name, part)
		if err != nil {
			return err
		}
		if len(refused) > 0 {
			return heldTooLong(h.queue.Name, len(refused), aws.ToString(refused[0].Code))
		}
	}
	return nil
}

func heldTooLong(queue string, n int, why string) error {
	return &adapters.Problem{
		Doing: "delete letters of queue " + queue, Cause: strconv.Itoa(n) + " were held for too long, and may be there again (" + why + ")",
		Remedy: "resume the run: what was sent is not sent again", Kind: adapters.ErrBusy,
	}
}
