package tuitest

import (
	"context"
	"iter"
	"sync"
	"testing"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/replay/replaytest"
	"eventscope/tui"
)

// Letters are dead letters behind a screen: a model broker, and the office over it. The
// screen and a run behind it use the broker at once, so whoever else does must hold it
// with Change.
type Letters struct {
	*replaytest.Broker
	Office *replay.Office

	// Grave changes what the broker says of its grave, if not nil.
	Grave func(*adapters.Grave)
	// Broken is why the grave cannot be read, or nil.
	Broken error
	// Listed is how many letters are listed at most; it is heeded by Reopen.
	Listed int
	// Looks counts how often the grave was read.
	Looks int

	mutex sync.Mutex
	gate  chan struct{} // a copy is only sent when there is something in it; nil lets all pass
}

// NewLetters is a grave of a kind with three letters that died of two things, and an
// office that keeps its journal in a folder of the test's own.
func NewLetters(t *testing.T, kind adapters.DestinationKind) *Letters {
	t.Helper()
	l := EmptyGrave(t, kind)
	for _, letter := range [][2]string{{"a", "card declined"}, {"b", "card declined"}, {"c", "timeout"}} {
		l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-`+letter[0]+`"}`, letter[1])
	}
	return l
}

// EmptyGrave is the same without letters.
func EmptyGrave(t *testing.T, kind adapters.DestinationKind) *Letters {
	t.Helper()
	l := &Letters{Broker: replaytest.New(kind)}
	l.Reopen(t, t.TempDir())
	return l
}

// Reopen gives the letters an office of another process, which keeps its journal in folder.
func (l *Letters) Reopen(t *testing.T, folder string) {
	t.Helper()
	office, err := replay.NewOffice(replay.Config{
		Folder: folder, By: "ann@host", Listed: l.Listed,
		Sources: []replay.Source{{Name: "kafka", Cluster: "model://kafka", Broker: l.Name(), DeadLetters: l, Fetch: l}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Office = office
}

// Over puts the letters behind a screen that may write.
func (l *Letters) Over(options tui.Options) tui.Options {
	options.Office, options.Write, options.ReadOnly = l.Office, true, ""
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
		l.Change(func() { l.gate = nil })
		close(gate)
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

// Graves implements adapters.DeadLetters, as what follows does.
func (l *Letters) Graves(ctx context.Context) ([]adapters.Grave, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	graves, err := l.Broker.Graves(ctx)
	for i := range graves {
		graves[i].Evidence = "named like one"
		if l.Grave != nil {
			l.Grave(&graves[i])
		}
	}
	return graves, err
}

func (l *Letters) Look(ctx context.Context, look adapters.Look, keep func([]adapters.Held) error) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.Looks++
	if l.Broken != nil {
		return l.Broken
	}
	return l.Broker.Look(ctx, look, keep)
}

func (l *Letters) Ledger(ctx context.Context, wanted func(key []byte) bool, each func(adapters.Entry) error) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.Broker.Ledger(ctx, wanted, each)
}

func (l *Letters) Reach(ctx context.Context, target adapters.Target) (adapters.Reach, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.Broker.Reach(ctx, target)
}

func (l *Letters) Redrive(ctx context.Context, order adapters.Order) (adapters.Redrive, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	redrive, err := l.Broker.Redrive(ctx, order)
	if err != nil {
		return nil, err
	}
	return &heldRedrive{redrive, l}, nil
}

func (l *Letters) Publisher(ctx context.Context) (adapters.Publisher, error) {
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

// heldRedrive is a redrive of the model broker, used by one at a time.
type heldRedrive struct {
	adapters.Redrive
	letters *Letters
}

func (r *heldRedrive) Next(ctx context.Context, most int) (held []adapters.Held, err error) {
	r.letters.Change(func() { held, err = r.Redrive.Next(ctx, most) })
	return held, err
}

func (r *heldRedrive) Send(ctx context.Context, copies []adapters.Copy, entries []adapters.Entry) (outcomes []error, err error) {
	r.letters.wait()
	r.letters.Change(func() { outcomes, err = r.Redrive.Send(ctx, copies, entries) })
	return outcomes, err
}

func (r *heldRedrive) Settle(ctx context.Context, held []adapters.Held) (err error) {
	r.letters.Change(func() { err = r.Redrive.Settle(ctx, held) })
	return err
}

func (r *heldRedrive) Close() (err error) {
	r.letters.Change(func() { err = r.Redrive.Close() })
	return err
}

// heldPublisher is the same for what is put back.
type heldPublisher struct {
	adapters.Publisher
	letters *Letters
}

func (p *heldPublisher) Publish(ctx context.Context, copies []adapters.Copy) (outcomes []error, err error) {
	p.letters.Change(func() { outcomes, err = p.Publisher.Publish(ctx, copies) })
	return outcomes, err
}

func (p *heldPublisher) Close() (err error) {
	p.letters.Change(func() { err = p.Publisher.Close() })
	return err
}
