package publish

import (
	"errors"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/preserved"
	"eventscope/adapters/rabbitmq/wording"
)

// Encode implements deadletter.Queues.
func (c *Copier) Encode(dst []byte, letter *deadletter.Delivery) ([]byte, error) {
	if letter.Position.Partition == adapters.NoPartition {
		return dst, wording.Problem("preserve "+letter.Position.String(), "it stays in its stream", "", errors.ErrUnsupported)
	}
	d, err := c.Letters.Find(letter, "preserve")
	if err != nil {
		return dst, err
	}
	line, err := preserved.Append(dst, d, letter.Position.Destination)
	if err != nil {
		return dst, wording.Problem("preserve "+letter.Position.String(), err.Error(), "", nil)
	}
	return line, nil
}

// Decode implements deadletter.Queues.
func (c *Copier) Decode(line []byte) (adapters.Message, error) {
	d, queue, err := preserved.Read(line)
	if err != nil {
		return adapters.Message{}, wording.Problem("read a preserved letter", err.Error(), "check that the file is whole", adapters.ErrUsage)
	}
	s := delivery.NewBuffer()
	defer s.Free()
	return s.AddLetter(d, queue).Clone(), nil
}
