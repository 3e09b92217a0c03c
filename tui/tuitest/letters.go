package tuitest

import (
	"cmp"
	"context"
	"iter"
	"sync"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay"
	"eventscope/replay/replaytest"
	"eventscope/tui"
)

// Letters are dead letters behind a screen: a model broker, and the service over it. The
// screen and a run behind it use the broker at once, so whoever else does must hold it
// with Change.
type Letters struct {
	*replaytest.Broker
	Service *replay.Service

	// DLQ changes what the broker says of its dead-letter queue, if not nil.
	DLQ func(*deadletter.Queue)
	// Broken is why the dead-letter queue cannot be read, or nil.
	Broken error
	// Down is why the broker does not list its destinations, or nil, and None says that it
	// has no dead-letter queue.
	Down error
	None bool
	// NoTarget is why a destination that is named is none, or nil.
	NoTarget error
	// Listed is how many letters are listed at most; it is heeded by Reopen.
	Listed int
	// Fields are columns of letters that are fields of messages; heeded by Reopen.
	Fields []string
	// Looks counts how often the dead-letter queue was read.
	Peeks int
	// Source is the name of the broker, and the start of its cluster's; empty is kafka.
	Source string

	mutex sync.Mutex
	gate  chan struct{} // a copy is only sent when there is something in it; nil lets all pass
	hold  chan struct{} // nothing is read before it is closed; nil lets all pass
}

// NewLetters is a dead-letter queue of a kind with three letters that died of two things, and an
// service that keeps its journal in a folder of the test's own.
func NewLetters(t *testing.T, kind adapters.DestinationKind) *Letters {
	t.Helper()
	l := EmptyDLQ(t, kind)
	for _, letter := range [][2]string{{"a", "card declined"}, {"b", "card declined"}, {"c", "timeout"}} {
		l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-`+letter[0]+`"}`, letter[1])
	}
	return l
}

// EmptyDLQ is the same without letters.
func EmptyDLQ(t *testing.T, kind adapters.DestinationKind) *Letters {
	t.Helper()
	l := &Letters{Broker: replaytest.New(kind)}
	l.Reopen(t, t.TempDir())
	return l
}

// Reopen gives the letters a service of another process, which keeps its journal in folder.
func (l *Letters) Reopen(t *testing.T, folder string) {
	t.Helper()
	Together(t, folder, l)
}

// Together puts the letters of several brokers behind one screen: each gets the service over
// all of them.
func Together(t *testing.T, folder string, letters ...*Letters) {
	t.Helper()
	config := replay.Config{Folder: folder, By: "ann@host"}
	for _, l := range letters {
		name := cmp.Or(l.Source, "kafka")
		config.Listed = max(config.Listed, l.Listed)
		_, fields := tui.FieldsOf(l.Fields)
		config.Fields = append(config.Fields, fields...)
		config.Sources = append(config.Sources, replay.Source{Name: name, Cluster: "model://" + name, Broker: l.Name(), DeadLetters: l, TargetOf: replaytest.TargetOf, Fetch: l})
	}
	service, err := replay.NewService(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		l.Service = service
	}
}

// Over puts the letters behind a screen that may write.
func (l *Letters) Over(options tui.Options) tui.Options {
	options.Service, options.Write, options.ReadOnly = l.Service, true, ""
	return options
}

// Change does something to the broker while nobody else uses it.
func (l *Letters) Change(do func()) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	do()
}

// Slow makes the broker wait before it takes each copy or mark, until pass was called once
// for it. pass all lets the rest go.
func (l *Letters) Slow() (pass func(), all func()) {
	gate := make(chan struct{}, 1)
	l.Change(func() { l.gate = gate })
	return func() { gate <- struct{}{} }, func() {
		open := false
		l.Change(func() { open, l.gate = l.gate == nil, nil })
		if !open {
			close(gate)
		}
	}
}

// Hold makes whoever reads letters, or asks who would receive them, wait until the returned
// function is called.
func (l *Letters) Hold() (release func()) {
	hold := make(chan struct{})
	l.Change(func() { l.hold = hold })
	return func() {
		l.Change(func() { l.hold = nil })
		close(hold)
	}
}

// held waits while reading is held, for as long as ctx lasts.
func (l *Letters) held(ctx context.Context) error {
	l.mutex.Lock()
	hold := l.hold
	l.mutex.Unlock()
	if hold == nil {
		return nil
	}
	select {
	case <-hold:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait waits until the broker takes something.
func (l *Letters) wait() {
	l.mutex.Lock()
	gate := l.gate
	l.mutex.Unlock()
	if gate != nil {
		<-gate
	}
}

// DLQs implements deadletter.Queues, as what follows does.
func (l *Letters) Cluster(ctx context.Context) (string, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.Broker.Cluster(ctx)
}

func (l *Letters) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.Down != nil || l.None {
		return nil, l.Down
	}
	dlqs, err := l.Broker.DLQs(ctx)
	for i := range dlqs {
		dlqs[i].Evidence = "named like one"
		if l.DLQ != nil {
			l.DLQ(&dlqs[i])
		}
	}
	return dlqs, err
}

func (l *Letters) Peek(ctx context.Context, look deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	if err := l.held(ctx); err != nil {
		return err
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.Peeks++
	if l.Broken != nil {
		return l.Broken
	}
	return l.Broker.Peek(ctx, look, keep)
}

func (l *Letters) Ledger(ctx context.Context, query deadletter.LedgerQuery, each func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.Broker.Ledger(ctx, query, each)
}

func (l *Letters) Target(ctx context.Context, text string) (deadletter.Target, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.NoTarget != nil {
		return "", l.NoTarget
	}
	return l.Broker.Target(ctx, text)
}

func (l *Letters) Recipients(ctx context.Context, targets []deadletter.Target) ([]deadletter.Recipients, error) {
	if err := l.held(ctx); err != nil {
		return nil, err
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.Broker.Recipients(ctx, targets)
}

func (l *Letters) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	redrive, err := l.Broker.Redrive(ctx, order)
	if err != nil {
		return nil, err
	}
	return &heldRedrive{redrive, l}, nil
}

func (l *Letters) Publisher(ctx context.Context) (deadletter.Publisher, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	publisher, err := l.Broker.Publisher(ctx)
	return &heldPublisher{publisher, l}, err
}

// Fetch implements adapters.Fetcher for letters of a log.
func (l *Letters) Fetch(_ context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for _, position := range positions {
			found, err := adapters.Message{Position: position}, error(adapters.ErrGone)
			l.Change(func() {
				for i := range l.Broker.Letters {
					if l.Broker.Letters[i].Position == position {
						found, err = l.Broker.Letters[i].Message, nil
					}
				}
			})
			if !yield(found, err) {
				return
			}
		}
	}
}

// heldRedrive is a redrive of the model broker, used by one at a time: what it sends is waited
// for, under the lock.
type heldRedrive struct {
	deadletter.Redrive
	letters *Letters
}

func (r *heldRedrive) Next(ctx context.Context, most int) (held []deadletter.Delivery, err error) {
	r.letters.Change(func() { held, err = r.Redrive.Next(ctx, most) })
	return held, err
}

func (r *heldRedrive) Send(ctx context.Context, copies []deadletter.Copy, entries []deadletter.Entry) (answer deadletter.Answer) {
	r.letters.wait()
	r.letters.Change(func() { answer = deadletter.Answered(r.Redrive.Send(ctx, copies, entries)(ctx)) })
	return answer
}

func (r *heldRedrive) Acknowledge(ctx context.Context, held []deadletter.Delivery) (err error) {
	r.letters.Change(func() { err = r.Redrive.Acknowledge(ctx, held) })
	return err
}

func (r *heldRedrive) Close() (err error) {
	r.letters.Change(func() { err = r.Redrive.Close() })
	return err
}

// heldPublisher is the same for what is put back.
type heldPublisher struct {
	deadletter.Publisher
	letters *Letters
}

func (p *heldPublisher) Send(ctx context.Context, copies []deadletter.Copy, entries []deadletter.Entry) (answer deadletter.Answer) {
	p.letters.Change(func() { answer = deadletter.Answered(p.Publisher.Send(ctx, copies, entries)(ctx)) })
	return answer
}

func (p *heldPublisher) Close() (err error) {
	p.letters.Change(func() { err = p.Publisher.Close() })
	return err
}
