package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"eventscope/adapters"
)

// errCrash is the panic of a broker that pulls the plug on the process that uses it.
var errCrash = errors.New("crash")

// broker is a model of one grave and its broker: a queue whose letters are acknowledged,
// or a log with transactions and a ledger. It can end the process around every call that
// has an effect, with the effect or without.
type broker struct {
	kind adapters.DestinationKind

	letters    []adapters.Held // of the grave, in order; a log keeps them all
	copies     []adapters.Message
	ledger     map[string][]byte
	missing    map[string]bool // targets that are not there
	poison     map[string]bool // bodies that the target refuses
	session    *session
	fuse       int // calls until the next crash; below 0 for none
	deliveries uint64
}

func newBroker(kind adapters.DestinationKind, bodies ...string) *broker {
	b := &broker{kind: kind, ledger: map[string][]byte{}, missing: map[string]bool{}, poison: map[string]bool{}, fuse: -1}
	for _, body := range bodies {
		b.bury(body)
	}
	return b
}

// bury adds a letter to the grave.
func (b *broker) bury(body string) {
	m := adapters.Message{Value: []byte(body), Headers: []adapters.Header{
		{Name: "dlq-original-topic", Value: []byte("orders")}, {Name: "tenant", Value: []byte("a")},
	}}
	if b.kind == adapters.Queue {
		m.Properties = &adapters.Properties{Queue: "dlq", Exchange: "x", RoutingKey: "orders"}
		m.Position = adapters.DigestPosition("dlq", m.Digest())
	} else {
		m.Position = adapters.Position{Destination: "dlq", Offset: int64(len(b.letters))}
	}
	b.deliveries++
	b.letters = append(b.letters, adapters.Held{Message: m, Handle: b.deliveries})
}

// burn counts down to a crash.
func (b *broker) burn() {
	if b.fuse == 0 {
		b.fuse = -1
		panic(errCrash)
	}
	b.fuse--
}

func (b *broker) name() adapters.Broker {
	if b.kind == adapters.Topic {
		return adapters.Kafka
	}
	return adapters.RabbitMQ
}

func (b *broker) source() Source {
	return Source{Name: "s", Cluster: "model://s", Broker: b.name(), DeadLetters: b}
}

func (b *broker) Graves(context.Context) ([]adapters.Grave, error) {
	return []adapters.Grave{{Name: "dlq", Kind: b.kind, Messages: int64(len(b.letters)), Guarantee: adapters.ExactlyOnce}}, nil
}

func (b *broker) Look(_ context.Context, _ adapters.Look, keep func([]adapters.Held) error) error {
	for part := range slices.Chunk(b.letters, 3) {
		if err := keep(slices.Clone(part)); err != nil {
			return err
		}
	}
	if b.kind == adapters.Queue {
		for i := range b.letters {
			b.letters[i].Redelivered = true
		}
	}
	return nil
}

func (b *broker) Preserve(dst []byte, l *adapters.Held) ([]byte, error) {
	line, err := json.Marshal(l.Message)
	return append(dst, line...), err
}

func (b *broker) Preserved(line []byte) (m adapters.Message, err error) {
	return m, json.Unmarshal(line, &m)
}

func (b *broker) Reach(_ context.Context, target adapters.Target) (adapters.Reach, error) {
	return adapters.Reach{Exists: !b.missing[target.String()], Readers: []string{"payment"}}, nil
}

func (b *broker) Publisher(context.Context) (adapters.Publisher, error) {
	return &session{broker: b}, nil
}

func (b *broker) Ledger(_ context.Context, each func(adapters.Entry) error) error {
	if b.kind != adapters.Topic {
		return errors.ErrUnsupported
	}
	for _, key := range slices.Sorted(maps.Keys(b.ledger)) {
		if err := each(adapters.Entry{Key: []byte(key), Value: b.ledger[key]}); err != nil {
			return err
		}
	}
	return nil
}

func (b *broker) Redrive(_ context.Context, order adapters.Order) (adapters.Redrive, error) {
	b.burn()
	if b.session != nil {
		if b.kind == adapters.Queue {
			return nil, fmt.Errorf("the queue: %w", adapters.ErrBusy)
		}
		b.session.fenced = true
	}
	s := &session{broker: b, wanted: map[adapters.Position]int{}}
	for _, position := range order.Letters {
		s.wanted[position]++
	}
	s.left = slices.Clone(b.letters)
	b.session = s
	return s, nil
}

// died is what the broker does when a process is gone: letters that it held come again.
func (b *broker) died() {
	if b.session != nil {
		_ = b.session.Close()
	}
}

// session is one redrive, or a publisher.
type session struct {
	broker *broker
	wanted map[adapters.Position]int
	left   []adapters.Held
	held   []adapters.Held
	fenced bool
}

func (s *session) Guarantee() adapters.Guarantee { return adapters.ExactlyOnce }

func (s *session) Next(_ context.Context, most int) ([]adapters.Held, error) {
	s.broker.burn()
	var handed []adapters.Held
	for len(handed) < most && len(s.left) > 0 && len(s.wanted) > 0 {
		l := s.left[0]
		s.left = s.left[1:]
		if s.wanted[l.Position] > 0 {
			if s.wanted[l.Position]--; s.wanted[l.Position] == 0 {
				delete(s.wanted, l.Position)
			}
		} else if s.broker.kind == adapters.Topic {
			continue
		}
		handed = append(handed, l)
	}
	s.held = append(s.held, handed...)
	return handed, nil
}

func (s *session) Send(_ context.Context, copies []adapters.Copy, entries []adapters.Entry) ([]error, error) {
	if s.fenced {
		return nil, fmt.Errorf("the grave: %w", adapters.ErrBusy)
	}
	s.broker.burn()
	outcomes := make([]error, len(copies))
	failed := false
	for i := range copies {
		switch {
		case s.broker.missing[copies[i].To.String()]:
			outcomes[i], failed = adapters.ErrUnroutable, true
		case s.broker.poison[string(original(&copies[i]).Value)]:
			outcomes[i], failed = adapters.ErrTooLarge, true
		}
	}
	log := s.broker.kind == adapters.Topic
	for i := range copies {
		switch {
		case log && failed && outcomes[i] == nil:
			outcomes[i] = adapters.ErrNotSent
		case outcomes[i] == nil:
			s.broker.copies = append(s.broker.copies, made(&copies[i]))
		}
	}
	if log && !failed {
		for _, e := range entries {
			if len(e.Value) == 0 {
				delete(s.broker.ledger, string(e.Key))
			} else {
				s.broker.ledger[string(e.Key)] = e.Value
			}
		}
	}
	s.broker.burn()
	return outcomes, nil
}

func original(c *adapters.Copy) adapters.Message {
	if c.Of != nil {
		return c.Of.Message
	}
	m, _ := (*broker)(nil).Preserved(c.Original)
	return m
}

// made is the message that a copy is.
func made(c *adapters.Copy) adapters.Message {
	m := original(c)
	m = m.Clone()
	m.Headers = slices.DeleteFunc(m.Headers, func(h adapters.Header) bool { return slices.Contains(c.Remove, h.Name) })
	m.Headers = append(m.Headers, c.Add...)
	m.Position = adapters.Position{Destination: c.To.String()}
	if c.Value != nil {
		m.Value = c.Value
	}
	return m
}

// Publish puts letters back into the queue where that is the target.
func (s *session) Publish(ctx context.Context, copies []adapters.Copy) ([]error, error) {
	s.broker.burn()
	for i := range copies {
		if copies[i].To.RoutingKey == "dlq" {
			s.broker.bury(string(original(&copies[i]).Value))
		}
	}
	s.broker.burn()
	return make([]error, len(copies)), nil
}

func (s *session) Settle(_ context.Context, letters []adapters.Held) error {
	if s.broker.kind != adapters.Queue {
		return nil
	}
	s.broker.burn()
	for _, l := range letters {
		same := func(h adapters.Held) bool { return h.Handle == l.Handle }
		s.broker.letters = slices.DeleteFunc(s.broker.letters, same)
		s.held = slices.DeleteFunc(s.held, same)
	}
	s.broker.burn()
	return nil
}

func (s *session) Close() error {
	if s.broker.session == s {
		s.broker.session = nil
	}
	for i := range s.broker.letters {
		for _, h := range s.held {
			s.broker.letters[i].Redelivered = s.broker.letters[i].Redelivered || h.Handle == s.broker.letters[i].Handle
		}
	}
	s.held = nil
	return nil
}
