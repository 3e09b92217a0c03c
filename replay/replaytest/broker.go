package replaytest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// ErrFailed is what a call that fails says.
var ErrFailed = errors.New("the broker is gone")

// ErrCrash is the panic of a broker that pulls the plug on the process that uses it.
var ErrCrash = errors.New("crash")

// Broker is a model of one dead-letter queue and its broker: a queue whose letters are acknowledged,
// or a log with transactions and a ledger. It can end the process around every call that
// has an effect, with the effect or without.
type Broker struct {
	guard sync.Mutex // of the session and of what a redrive takes out, for tests that peek meanwhile

	Kind     adapters.DestinationKind // Topic or Queue
	Free     bool                     // looking into a queue does nothing to its letters
	Distinct bool                     // each letter has a position of its own, by an id that no copy has
	Forgets  bool                     // nobody is told whether a letter was handed out before
	Letters  []deadletter.Delivery    // of the dead-letter queue, in order; a log keeps them all
	Copies   []adapters.Message       // that were sent

	LedgerEntries map[string][]byte
	LedgerRecords []deadletter.Entry // all that was ever written to it, in order
	LedgerHidden  error              // why the ledger cannot be read, or nil
	Unended       bool               // that is what an earlier redrive has left; Mend ends it
	Missing       map[string]bool    // targets that are not there
	Forbidden     map[string]bool    // targets that are never one
	Denied        map[string]bool    // targets that the user may not write to
	Poison        map[string]bool    // bodies that the target refuses
	Unclear       map[string]bool    // bodies of which the target does not say whether it has taken them, though it has
	Unsent        bool               // copies are not sent, and none of them is at fault
	Fuse          int                // calls until the next crash; below 0 for none
	Failing       int                // calls until one fails, with its effect or without; below 0 for none

	ID          string // of the cluster; "" from a broker that does not say
	Incarnation string // of the dead-letter queue

	Acting        func(what string)           // if not nil, is told before anything is sent or settled
	Acknowledging func([]deadletter.Delivery) // if not nil, is told what is about to leave a queue
	Overdue       bool                        // letters have been held for too long, always
	Redrives      int                         // that were begun
	Open          int                         // publishers that were opened and not closed

	session    *session
	deliveries uint64
}

// New is a broker whose dead-letter queue holds letters with these bodies.
func New(kind adapters.DestinationKind, bodies ...string) *Broker {
	b := &Broker{Kind: kind, LedgerEntries: map[string][]byte{}, Missing: map[string]bool{}, Forbidden: map[string]bool{}, Denied: map[string]bool{}, Poison: map[string]bool{}, Fuse: -1, Failing: -1}
	for _, body := range bodies {
		b.Bury(body)
	}
	return b
}

// Bury adds a letter to the dead-letter queue.
func (b *Broker) Bury(body string) { b.BuryFor(body, "") }

// BuryFor adds a letter that died for a reason, none when that is empty.
func (b *Broker) BuryFor(body, reason string) {
	var headers []adapters.Header
	if reason != "" {
		headers = append(headers, adapters.Header{Name: "dlq-reason", Value: []byte(reason)})
	}
	b.BuryFrom("orders", body, headers...)
}

// BuryFrom adds a letter that says that it died at origin, with further headers.
func (b *Broker) BuryFrom(origin, body string, headers ...adapters.Header) {
	b.bury(origin, body, "", headers)
}

// BuryNamed adds a letter of a queue that has a message id.
func (b *Broker) BuryNamed(body, id string) { b.bury("orders", body, id, nil) }

func (b *Broker) bury(origin, body, id string, headers []adapters.Header) {
	m := adapters.Message{Value: []byte(body), Headers: append([]adapters.Header{
		{Name: "dlq-original-topic", Value: []byte(origin)}, {Name: "tenant", Value: []byte("a")},
	}, headers...)}
	if b.Kind == adapters.Queue {
		m.Properties = &adapters.Properties{Queue: "dlq", Exchange: "x", RoutingKey: "orders", MessageID: id}
		m.Position = adapters.DigestPosition("dlq", m.Digest())
	} else {
		m.Position = adapters.Position{Destination: "dlq", Offset: int64(len(b.Letters))}
	}
	b.hold(m)
}

// hold adds a letter that has its position.
func (b *Broker) hold(m adapters.Message) {
	b.deliveries++
	if b.Distinct {
		m.Position = adapters.DigestPosition("dlq", b.deliveries)
	}
	b.Letters = append(b.Letters, deadletter.Delivery{Message: m, Handle: b.deliveries})
}

// BuryMessage adds a letter as it was published: to a log, or to its queue alone.
func (b *Broker) BuryMessage(m adapters.Message) {
	m = m.Clone()
	if b.Kind == adapters.Topic {
		m.Position = adapters.Position{Destination: "dlq", Offset: int64(len(b.Letters))}
		b.hold(m)
		return
	}
	properties := adapters.Properties{}
	if m.Properties != nil {
		properties = *m.Properties
	}
	properties.Queue, properties.Exchange, properties.RoutingKey = "dlq", "", "dlq"
	m.Properties, m.Redelivered = &properties, false
	m.Position = adapters.DigestPosition("dlq", m.Digest())
	b.hold(m)
}

func (b *Broker) act(what string) {
	if b.Acting != nil {
		b.Acting(what)
	}
}

// burn counts down to a crash.
func (b *Broker) burn() {
	if b.Fuse == 0 {
		b.Fuse = -1
		panic(ErrCrash)
	}
	b.Fuse--
}

func (b *Broker) settling() deadletter.Settling {
	switch b.Kind {
	case adapters.Topic:
		return deadletter.ByLedger
	case adapters.Stream:
		return deadletter.ByJournal
	}
	return deadletter.ByRemoval
}

func (b *Broker) cost() deadletter.Cost {
	if b.Kind == adapters.Queue && !b.Free {
		return deadletter.Cost{Marked: "marked as redelivered", Says: "the broker marks it as redelivered"}
	}
	return deadletter.Cost{}
}

// fail counts down to a call that fails.
func (b *Broker) fail() error {
	b.Failing--
	if b.Failing == -1 {
		return ErrFailed
	}
	b.Failing = max(b.Failing, -1)
	return nil
}

// unknown are the outcomes of copies of which nobody can tell.
func unknown(copies []deadletter.Copy) []error {
	return slices.Repeat([]error{deadletter.ErrUnknownOutcome}, len(copies))
}

// Name is the kind of broker that has such dead-letter queues.
func (b *Broker) Name() adapters.Broker {
	if b.Kind == adapters.Topic {
		return "kafka"
	}
	return "rabbitmq"
}

func (b *Broker) guarantee() deadletter.Guarantee {
	if b.Kind == adapters.Topic {
		return deadletter.ExactlyOnce
	}
	return deadletter.AtLeastOnce
}

// Cluster implements deadletter.Queues, as what follows does.
func (b *Broker) Cluster(context.Context) (string, error) { return b.ID, b.fail() }

func (b *Broker) DLQs(context.Context) ([]deadletter.Queue, error) {
	dlq := deadletter.Queue{Name: "dlq", Kind: b.Kind, Settling: b.settling(), Distinct: b.Distinct, Cost: b.cost(), Messages: int64(len(b.Letters)), Guarantee: b.guarantee(), Incarnation: b.Incarnation}
	if b.Kind == adapters.Topic {
		dlq.Partitions = map[adapters.Log]deadletter.Offsets{{Destination: "dlq"}: {End: int64(len(b.Letters))}}
	}
	return []deadletter.Queue{dlq}, b.fail()
}

// Peek hands over three letters at a time, and gives those of a queue back.
func (b *Broker) Peek(_ context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	letters := b.Letters
	if b.Kind == adapters.Topic {
		from := peek.FromOffsets[adapters.Log{Destination: "dlq"}]
		letters = letters[min(from, int64(len(letters))):]
	}
	if b.Kind == adapters.Topic && peek.Most > 0 {
		letters = letters[:min(peek.Most, len(letters))]
	}
	for part := range slices.Chunk(letters, 3) {
		handed := b.owned(part)
		for i := range part {
			part[i].Redelivered = part[i].Redelivered || !b.cost().IsFree()
		}
		if err := keep(handed); err != nil {
			return err
		}
		if err := b.fail(); err != nil {
			return err
		}
	}
	return nil
}

// owned are letters that whoever gets them may keep and change.
func (b *Broker) owned(letters []deadletter.Delivery) []deadletter.Delivery {
	handed := slices.Clone(letters)
	for i := range handed {
		handed[i].Message = handed[i].Message.Clone()
		handed[i].Redelivered = handed[i].Redelivered && !b.Forgets
	}
	return handed
}

func (b *Broker) Encode(dst []byte, l *deadletter.Delivery) ([]byte, error) {
	if b.Kind == adapters.Topic {
		return dst, errors.ErrUnsupported
	}
	line, err := json.Marshal(l.Message)
	return append(dst, line...), err
}

func (b *Broker) Decode(line []byte) (m adapters.Message, err error) {
	return m, json.Unmarshal(line, &m)
}

// TargetOf is where letters of the model go again.
func TargetOf(queue *deadletter.Queue, origin deadletter.Origin) deadletter.Target {
	switch {
	case queue.Kind == adapters.Topic:
		return deadletter.Target(cmp.Or(origin.Topic, origin.Destination))
	case origin.Exchange == "", slices.Contains(queue.Direct, origin.Destination):
		return deadletter.Routed("", origin.Destination)
	}
	return deadletter.Routed(origin.Exchange, origin.RoutingKey)
}

// Target reads a topic, a queue, or exchange:key, as [deadletter.Routed] writes them.
func (b *Broker) Target(_ context.Context, text string) (deadletter.Target, error) {
	return deadletter.Target(text), nil
}

func (b *Broker) Recipients(_ context.Context, targets []deadletter.Target) ([]deadletter.Recipients, error) {
	reaches := make([]deadletter.Recipients, len(targets))
	for i, target := range targets {
		reaches[i] = deadletter.Recipients{Exists: !b.Missing[string(target)], Readers: []string{"payment"}}
		reaches[i].Kind, reaches[i].Name, reaches[i].Key = b.named(target)
		if b.Forbidden[string(target)] {
			reaches[i].Forbidden = "the broker uses it itself"
		}
		if b.Denied[string(target)] {
			reaches[i].Denied = "user ops may not write to it; have Write granted"
		}
	}
	return reaches, nil
}

func (b *Broker) named(target deadletter.Target) (kind adapters.DestinationKind, name, key string) {
	exchange, key := target.Parts()
	switch {
	case b.Kind == adapters.Topic:
		return adapters.Topic, string(target), ""
	case exchange == "":
		return adapters.Queue, key, ""
	}
	return adapters.Exchange, exchange, key
}

func (b *Broker) Publisher(context.Context) (deadletter.Publisher, error) {
	if err := b.fail(); err != nil {
		return nil, err
	}
	b.Open++
	return &session{broker: b, alone: true}, nil
}

func (b *Broker) Ledger(_ context.Context, query deadletter.LedgerQuery, each func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	if b.Kind != adapters.Topic {
		return query.From, errors.ErrUnsupported
	}
	if b.LedgerHidden != nil {
		return query.From, b.LedgerHidden
	}
	if !query.From.IsZero() && query.From.Incarnation != "model" {
		return query.From, adapters.ErrGone
	}
	log := adapters.Log{Destination: "ledger"}
	reached := deadletter.LedgerPoint{Incarnation: "model", Next: map[adapters.Log]int64{log: int64(len(b.LedgerRecords))}}
	entries := newest(b.LedgerRecords[query.From.Next[log]:])
	if query.From.IsZero() {
		entries = nil
		for _, key := range slices.Sorted(maps.Keys(b.LedgerEntries)) {
			entries = append(entries, deadletter.Entry{Key: []byte(key), Value: b.LedgerEntries[key]})
		}
	}
	for _, entry := range entries {
		if query.Wanted != nil && !query.Wanted(entry.Key) {
			continue
		}
		if err := each(entry); err != nil {
			return query.From, err
		}
	}
	if err := b.fail(); err != nil {
		return query.From, err
	}
	return reached, nil
}

// newest are the last records of each key, in order.
func newest(records []deadletter.Entry) (entries []deadletter.Entry) {
	last := map[string]int{}
	for i, e := range records {
		last[string(e.Key)] = i
	}
	for i, e := range records {
		if last[string(e.Key)] == i {
			entries = append(entries, e)
		}
	}
	return entries
}

// Mend ends what Unended says.
func (b *Broker) Mend(_ context.Context, _ string, _ []deadletter.Target, note func(string) error) error {
	if !b.Unended {
		return b.fail()
	}
	if err := note("what hid the ledger is ended"); err != nil {
		return err
	}
	b.Unended, b.LedgerHidden = false, nil
	return b.fail()
}

func (b *Broker) Redrive(_ context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	b.guard.Lock()
	defer b.guard.Unlock()
	b.burn()
	if err := b.fail(); err != nil {
		return nil, err
	}
	if order.Incarnation != "" && order.Incarnation != b.Incarnation {
		return nil, fmt.Errorf("the topic was made again: %w", adapters.ErrGone)
	}
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
	b.Redrives++
	return s, nil
}

// Died is what the broker does when a process is gone: letters that it held come again.
func (b *Broker) Died() {
	if b.session != nil {
		_ = b.session.Close()
	}
}

// Busy reports whether a redrive has the dead-letter queue in hand.
func (b *Broker) Busy() bool {
	b.guard.Lock()
	defer b.guard.Unlock()
	return b.session != nil
}

// Left is how many letters lie in the dead-letter queue, also while a redrive is at work.
func (b *Broker) Left() int {
	b.guard.Lock()
	defer b.guard.Unlock()
	return len(b.Letters)
}

// Overdue implements deadletter.Redrive.
func (s *session) Overdue() bool { return s.broker.Overdue }

// session is one redrive, or a publisher.
type session struct {
	broker *Broker
	wanted map[adapters.Position]int
	left   []deadletter.Delivery
	held   []deadletter.Delivery
	fenced bool
	alone  bool // a publisher
	flying bool // copies are on their way
}

func (s *session) Guarantee() deadletter.Guarantee { return s.broker.guarantee() }

func (s *session) Next(_ context.Context, most int) ([]deadletter.Delivery, error) {
	s.broker.burn()
	if err := s.broker.fail(); err != nil {
		return nil, err
	}
	var handed []deadletter.Delivery
	for len(handed) < most && len(s.left) > 0 && len(s.wanted) > 0 {
		l := s.left[0]
		s.left = s.left[1:]
		if s.wanted[l.Position] > 0 {
			if s.wanted[l.Position]--; s.wanted[l.Position] == 0 {
				delete(s.wanted, l.Position)
			}
		} else if s.broker.Kind != adapters.Queue {
			continue
		}
		handed = append(handed, l)
	}
	s.held = append(s.held, handed...)
	return s.broker.owned(handed), nil
}

// Send implements deadletter.Sender. What is put back into the dead-letter queue is there when it
// returns, and other copies for queues are on their way.
func (s *session) Send(_ context.Context, copies []deadletter.Copy, entries []deadletter.Entry) deadletter.Answer {
	back := len(copies) > 0 && copies[0].To == "dlq"
	switch {
	case s.broker.Kind == adapters.Queue && !back:
		return s.post(copies)
	case s.alone:
		return deadletter.Answered(s.publish(copies))
	}
	return deadletter.Answered(s.transact(copies, entries))
}

// transact sends copies and entries, all or none.
func (s *session) transact(copies []deadletter.Copy, entries []deadletter.Entry) ([]error, error) {
	if s.fenced {
		return slices.Repeat([]error{deadletter.ErrNotSent}, len(copies)), fmt.Errorf("the topic: %w", adapters.ErrBusy)
	}
	s.broker.burn()
	if err := s.broker.fail(); err != nil {
		return unknown(copies), err
	}
	s.broker.act("send")
	outcomes := make([]error, len(copies))
	failed := false
	for i := range copies {
		outcomes[i] = s.broker.refusal(&copies[i])
		failed = failed || outcomes[i] != nil
	}
	for i := range copies {
		switch {
		case failed && outcomes[i] == nil:
			outcomes[i] = deadletter.ErrNotSent
		case outcomes[i] == nil:
			s.broker.Copies = append(s.broker.Copies, made(&copies[i]))
		}
	}
	if !failed {
		s.broker.LedgerRecords = append(s.broker.LedgerRecords, entries...)
		for _, e := range entries {
			if len(e.Value) == 0 {
				delete(s.broker.LedgerEntries, string(e.Key))
			} else {
				s.broker.LedgerEntries[string(e.Key)] = e.Value
			}
		}
	}
	s.broker.burn()
	if err := s.broker.fail(); err != nil {
		return unknown(copies), err
	}
	return outcomes, nil
}

func original(c *deadletter.Copy) adapters.Message {
	switch {
	case c.Of != nil:
		return c.Of.Message
	case c.Message != nil:
		return *c.Message
	}
	m, _ := (*Broker)(nil).Decode(c.Original)
	return m
}

// made is the message that a copy is.
func made(c *deadletter.Copy) adapters.Message {
	m := original(c)
	m = m.Clone()
	m.Headers = slices.DeleteFunc(m.Headers, func(h adapters.Header) bool { return slices.Contains(c.Remove, h.Name) })
	m.Headers = append(m.Headers, c.Add...)
	m.Position = adapters.Position{Destination: string(c.To)}
	if c.Value != nil {
		m.Value = c.Value
	}
	return m
}

// publish sends copies one by one.
func (s *session) publish(copies []deadletter.Copy) ([]error, error) {
	s.broker.burn()
	if err := s.broker.fail(); err != nil {
		return unknown(copies), err
	}
	s.broker.act("publish")
	outcomes := make([]error, len(copies))
	for i := range copies {
		outcomes[i] = s.broker.arrive(&copies[i])
	}
	s.broker.burn()
	if err := s.broker.fail(); err != nil {
		return unknown(copies), err
	}
	return outcomes, nil
}

func (s *session) Acknowledge(_ context.Context, letters []deadletter.Delivery) error {
	s.broker.guard.Lock()
	defer s.broker.guard.Unlock()
	if s.broker.Kind != adapters.Queue {
		return nil
	}
	s.broker.act("settle")
	if s.broker.Acknowledging != nil {
		s.broker.Acknowledging(letters)
	}
	s.broker.burn()
	if err := s.broker.fail(); err != nil {
		return err
	}
	for _, l := range letters {
		same := func(h deadletter.Delivery) bool { return h.Handle == l.Handle }
		s.broker.Letters = slices.DeleteFunc(s.broker.Letters, same)
		s.held = slices.DeleteFunc(s.held, same)
	}
	s.broker.burn()
	return s.broker.fail()
}

func (s *session) Close() error {
	s.broker.guard.Lock()
	defer s.broker.guard.Unlock()
	if s.broker.session == s {
		s.broker.session = nil
	}
	if s.alone {
		s.broker.Open--
	}
	for i := range s.broker.Letters {
		for _, h := range s.held {
			s.broker.Letters[i].Redelivered = s.broker.Letters[i].Redelivered || h.Handle == s.broker.Letters[i].Handle
		}
	}
	s.held = nil
	return s.broker.fail()
}
