package dlq

import (
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
	"eventscope/adapters/aws/message"
	"eventscope/adapters/deadletter"
)

// letters are those that looks and redrives hold, as SQS handed them out.
type letters struct {
	deadletter.Held[*types.Message]
}

func (l *letters) hold(raw *types.Message, h *handling) deadletter.Delivery {
	return l.Hold(message.FromQueue(raw, h.queue.Name, h.before), raw)
}

// Encode implements deadletter.Queues.
func (d *DeadLetters) Encode(dst []byte, letter *deadletter.Delivery) ([]byte, error) {
	raw, err := d.letters.Find(letter, "preserve")
	if err != nil {
		return dst, err
	}
	return message.Append(dst, raw, letter.Position.Destination)
}

// Decode implements deadletter.Queues.
func (d *DeadLetters) Decode(line []byte) (adapters.Message, error) {
	raw, queue, err := message.Read(line)
	if err != nil {
		return adapters.Message{}, unreadable(err)
	}
	return message.FromQueue(raw, queue, nil), nil
}

func unreadable(err error) error {
	return &adapters.Problem{Doing: "read a preserved letter", Cause: err.Error(), Remedy: "check that the file is whole", Kind: adapters.ErrUsage}
}
