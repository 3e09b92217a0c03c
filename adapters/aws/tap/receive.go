package tap

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
	"eventscope/adapters/aws/message"
)

const (
	// most is how many messages an answer may have. Each of a receiver's is 1 MiB at most, and twice
	// that while it is read.
	most = 10
	// bytesEach is what a receiver may take in memory.
	bytesEach = 3 * most << 20
	// mostReceivers is how many ask at once. One gets about five hundred messages a second.
	mostReceivers = 4
	// waitFor is how long the service may wait for a message before it answers that there is none.
	waitFor = 20 * time.Second
)

// receivers is how many a budget allows; none is no budget.
func receivers(budget int64) int {
	if budget <= 0 {
		return mostReceivers
	}
	return int(min(max(1, budget/8/bytesEach), mostReceivers))
}

// session reads one queue until something fails.
type session struct {
	tailer *Tailer
	made   *made
	topics map[string]adapters.Endpoint // by ARN
	came   chan []types.Message
}

// receiveAll receives until ctx ends or one receiver fails, which ends all.
func (s *session) receiveAll(ctx context.Context, n int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var receiving sync.WaitGroup
	for range n {
		receiving.Go(func() {
			if err := s.receive(ctx); err != nil {
				cancel(err)
			}
		})
	}
	receiving.Wait()
	return context.Cause(ctx)
}

// receive hands over what comes, and then deletes it.
func (s *session) receive(ctx context.Context) error {
	for ctx.Err() == nil {
		out, err := s.ask(ctx)
		if err != nil {
			return err
		}
		s.tailer.answered.Store(time.Now().UnixNano())
		if len(out) == 0 {
			continue
		}
		select {
		case s.came <- out:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.remove(ctx, out); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *session) ask(ctx context.Context) ([]types.Message, error) {
	limited, cancel := context.WithTimeout(ctx, waitFor+10*time.Second)
	defer cancel()
	out, err := s.made.client.SQS.ReceiveMessage(limited, &sqs.ReceiveMessageInput{
		QueueUrl: &s.made.queue.URL, MaxNumberOfMessages: most, WaitTimeSeconds: int32(waitFor / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		return nil, s.made.client.Problem(ctx, "read the queue of the tap", err)
	}
	return out.Messages, nil
}

// remove deletes messages. What cannot be deleted comes again, and is left out then.
func (s *session) remove(ctx context.Context, messages []types.Message) error {
	receipts := make([]string, len(messages))
	for i := range messages {
		receipts[i] = aws.ToString(messages[i].ReceiptHandle)
	}
	_, err := s.made.client.Delete(ctx, s.made.queue.URL, "delete what was read", receipts)
	return err
}

// deliver hands messages to the intake, without those that came before.
func (s *session) deliver(ctx context.Context, came []types.Message, intake adapters.Intake) error {
	t := s.tailer
	messages := make([]adapters.Message, 0, len(came))
	bytes := int64(0)
	for i := range came {
		n, ok := message.ReadNotice(&came[i])
		to, tapped := s.topics[n.Topic]
		if !ok || !tapped || !t.known.add(n.ID+" "+to.Name) {
			continue
		}
		n.Position = message.PositionOf(n.ID, to.Name)
		bytes += int64(n.Size())
		messages = append(messages, n.Message)
	}
	if len(messages) == 0 {
		return nil
	}
	count, began := len(messages), time.Now()
	if err := intake.Put(ctx, &adapters.Batch{Messages: messages, Volatile: true}); err != nil {
		return err
	}
	t.delivered(count, bytes)
	if time.Since(began) > keepFor-5*time.Second {
		t.missed(began, "events were not taken here for "+time.Since(began).Round(time.Second).String()+", and the queue of the tap keeps them for "+keepFor.String())
	}
	return nil
}
