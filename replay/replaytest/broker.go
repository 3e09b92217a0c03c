// Package replaytest is a model of a broker with one grave, for tests of what deals with
// dead letters: fast, in memory, and able to pull the plug at any step.
package replaytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"eventscope/adapters"
)

// ErrCrash is the panic of a broker that pulls the plug on the process that uses it.
var ErrCrash = errors.New("crash")

// Broker is a model of one grave and its broker: a queue whose letters are acknowledged,
// or a log with transactions and a ledger. It can end the process around every call that
// has an effect, with the effect or without.
type Broker struct {
	Kind    adapters.DestinationKind // Topic or Queue
	Letters []adapters.Held          // of the grave, in order; a log keeps them all
	Copies  []adapters.Message       // that were sent

	LedgerEntries map[string][]byte
	Missing       map[string]bool // targets that are not there
	Poison        map[string]bool // bodies that the target refuses
	Fuse          int             // calls until the next crash; below 0 for none

	Settling func([]adapters.Held) // if not nil, is told what is about to leave a queue

	session    *session
	deliveries uint64
}

// New is a broker whose grave holds letters with these bodies.
func New(kind adapters.DestinationKind, bodies ...string) *Broker {
	b := &Broker{Kind: kind, LedgerEntries: map[string][]byte{}, Missing: map[string]bool{}, Poison: map[string]bool{}, Fuse: -1}
	for _, body := range bodies {
		b.Bury(body)
	}
	return b
}

// Bury adds a letter to the grave.
func (b *Broker) Bury(body string) { b.BuryFor(body, "") }

// BuryFor adds a letter that died for a reason, none when that is empty.
func (b *Broker) BuryFor(body, reason string) {
	m := adapters.Message{Value: []byte(body), Headers: []adapters.Header{
		{Name: "dlq-original-topic", Value: []byte("orders")}, {Name: "tenant", Value: []byte("a")},
	}}
	if reason != "" {
		m.Headers = append(m.Headers, adapters.Header{Name: "dlq-reason", Value: []byte(reason)})
	}
	if b.Kind == adapters.Queue {
		m.Properties = &adapters.Properties{Queue: "dlq", Exchange: "x", RoutingKey: "orders"}
		m.Position = adapters.DigestPosition("dlq", m.Digest())
	} else {
		m.Position = adapters.Position{Destination: "dlq", Offset: int64(len(b.Letters))}
	}
	b.deliveries++
	b.Letters = append(b.Letters, adapters.Held{Message: m, Handle: b.deliveries})
}

// burn counts down to a crash.
func (b *Broker) burn() {
	if b.Fuse == 0 {
		b.Fuse = -1
		panic(ErrCrash)
	}
	b.Fuse--
}

// Name is the kind of broker that has such graves.
func (b *Broker) Name() adapters.Broker {
	if b.Kind == adapters.Topic {
		return adapters.Kafka
	}
	return adapters.RabbitMQ
}

func (b *Broker) Graves(context.Context) ([]adapters.Grave, error) {
	return []adapters.Grave{{Name: "dlq", Kind: b.Kind, Messages: int64(len(b.Letters)), Guarantee: adapters.ExactlyOnce}}, nil
}

func (b *Broker) Look(_ context.Context, _ adapters.Look, keep func([]adapters.Held) error) error {
	for part := range slices.Chunk(b.Letters, 3) {
		if err := keep(slices.Clone(part)); err != nil {
			return err
		}
	}
	if b.Kind == adapters.Queue {
		for i := range b.Letters {
			b.Letters[i].Redelivered = true
		}
	}
	return nil
}

func (b *Broker) Preserve(dst []byte, l *adapters.Held) ([]byte, error) {
	line, err := json.Marshal(l.Message)
	return append(dst, line...), err
}

func (b *Broker) Preserved(line []byte) (m adapters.Message, err error) {
	return m, json.Unmarshal(line, &m)
}

func (b *Broker) Reach(_ context.Context, target adapters.Target) (adapters.Reach, error) {
	return adapters.Reach{Exists: !b.Missing[target.String()], Readers: []string{"payment"}}, nil
}

func (b *Broker) Publisher(context.Context) (adapters.Publisher, error) {
	return &session{broker: b}, nil
}

func (b *Broker) Ledger(_ context.Context, wanted func([]byte) bool, each func(adapters.Entry) error) error {
	if b.Kind != adapters.Topic {
		return errors.ErrUnsupported
	}
	for _, key := range slices.Sorted(maps.Keys(b.LedgerEntries)) {
		if !wanted([]byte(key)) {
			continue
		}
		if err := each(adapters.Entry{Key: []byte(key), Value: b.LedgerEntries[key]}); err != nil {
			return err
		}
	}
	return nil
}

func (b *Broker) Redrive(_ context.Context, order adapters.Order) (adapters.Redrive, error) {
	b.burn()
	if b.session != nil {
		if b.Kind == adapters.Queue {
			return nil, fmt.Errorf("the queue: %w", adapters.ErrBusy)
		}
		b.session.fenced = true
	}
	s := &session{broker: b, wanted: map[adapters.Position]int{}}
	for _, position := range order.Letters {
		s.wanted[position]++
	}
	s.left = slices.Clone(b.Letters)
	b.session = s
	return s, nil
}

// Died is what the broker does when a process is gone: letters that it held come again.
func (b *Broker) Died() {
	if b.session != nil {
		_ = b.session.Close()
	}
}

// session is one redrive, or a publisher.
type session struct {
	broker *Broker
	wanted map[adapters.Position]int
	left   []adapters.Held
	held   []adapters.Held
	fenced bool

	posted   []adapters.Copy // on their way
	arrived  int             // how many of them are there
	outcomes []error
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
		} else if s.broker.Kind == adapters.Topic {
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
		outcomes[i] = s.broker.refusal(&copies[i])
		failed = failed || outcomes[i] != nil
	}
	log := s.broker.Kind == adapters.Topic
	for i := range copies {
		switch {
		case log && failed && outcomes[i] == nil:
			outcomes[i] = adapters.ErrNotSent
		case outcomes[i] == nil:
			s.broker.Copies = append(s.broker.Copies, made(&copies[i]))
		}
	}
	if log && !failed {
		for _, e := range entries {
			if len(e.Value) == 0 {
				delete(s.broker.LedgerEntries, string(e.Key))
			} else {
				s.broker.LedgerEntries[string(e.Key)] = e.Value
			}
		}
	}
	s.broker.burn()
	return outcomes, nil
}

func original(c *adapters.Copy) adapters.Message {
	switch {
	case c.Of != nil:
		return c.Of.Message
	case c.Message != nil:
		return *c.Message
	}
	m, _ := (*Broker)(nil).Preserved(c.Original)
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

// Publish puts letters back into the queue where that is the target, and else sends.
func (s *session) Publish(ctx context.Context, copies []adapters.Copy) ([]error, error) {
	s.broker.burn()
	for i := range copies {
		if copies[i].To.RoutingKey == "dlq" {
			s.broker.Bury(string(original(&copies[i]).Value))
			continue
		}
		s.broker.Copies = append(s.broker.Copies, made(&copies[i]))
	}
	s.broker.burn()
	return make([]error, len(copies)), nil
}

func (s *session) Settle(_ context.Context, letters []adapters.Held) error {
	if s.broker.Kind != adapters.Queue {
		return nil
	}
	if s.broker.Settling != nil {
		s.broker.Settling(letters)
	}
	s.broker.burn()
	for _, l := range letters {
		same := func(h adapters.Held) bool { return h.Handle == l.Handle }
		s.broker.Letters = slices.DeleteFunc(s.broker.Letters, same)
		s.held = slices.DeleteFunc(s.held, same)
	}
	s.broker.burn()
	return nil
}

func (s *session) Close() error {
	if s.broker.session == s {
		s.broker.session = nil
	}
	for i := range s.broker.Letters {
		for _, h := range s.held {
			s.broker.Letters[i].Redelivered = s.broker.Letters[i].Redelivered || h.Handle == s.broker.Letters[i].Handle
		}
	}
	s.held = nil
	return nil
}
