package dlq

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
	"eventscope/adapters/aws/message"
	"eventscope/adapters/deadletter"
)

// letters are those that looks and redrives hold, as SQS handed them out: a message leaves out of
// which types its attributes are.
type letters struct {
	mu   sync.Mutex
	held map[uint64]heldLetter
}

type heldLetter struct {
	raw      *types.Message
	position adapters.Position
}

// handles are unique within the process.
var handles atomic.Uint64

func (l *letters) hold(raw *types.Message, h *handling) deadletter.Delivery {
	d := deadletter.Delivery{Message: message.FromQueue(raw, h.queue.Name, h.before), Handle: handles.Add(1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[uint64]heldLetter{}
	}
	l.held[d.Handle] = heldLetter{raw, d.Position}
	return d
}

func (l *letters) find(d *deadletter.Delivery, act string) (*types.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.held[d.Handle]
	if !ok || h.position != d.Position {
		return nil, &adapters.Problem{Doing: fmt.Sprintf("%s %s", act, d.Position), Cause: "the letter is not held any more", Remedy: "look at it anew", Kind: adapters.ErrGone}
	}
	return h.raw, nil
}

func (l *letters) drop(handles []uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, handle := range handles {
		delete(l.held, handle)
	}
}

// Encode implements deadletter.Queues.
func (d *DeadLetters) Encode(dst []byte, letter *deadletter.Delivery) ([]byte, error) {
	raw, err := d.letters.find(letter, "preserve")
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
