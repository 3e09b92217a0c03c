package rabbitmq

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// slowLine is a way to a broker on which what is sent is on its way for a while, and which
// can be cut: what is on its way then never arrives.
type slowLine struct {
	listener net.Listener
	delay    time.Duration
	cut      chan struct{}
	working  sync.WaitGroup
	once     sync.Once
}

func newSlowLine(t *testing.T, to string, delay time.Duration) *slowLine {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &slowLine{listener: listener, delay: delay, cut: make(chan struct{})}
	l.working.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			l.working.Go(func() { l.serve(from, to) })
		}
	})
	t.Cleanup(func() { l.end(); l.working.Wait() })
	return l
}

func (s *slowLine) serve(from net.Conn, address string) {
	to, err := net.Dial("tcp", address)
	if err != nil {
		from.Close()
		return
	}
	s.working.Go(func() {
		<-s.cut
		from.Close()
		to.Close()
	})
	s.working.Go(func() { _, _ = io.Copy(from, to) })
	for {
		part := make([]byte, 1<<16)
		n, err := from.Read(part)
		if err != nil {
			return
		}
		select {
		case <-time.After(s.delay):
		case <-s.cut:
			return
		}
		if _, err := to.Write(part[:n]); err != nil {
			return
		}
	}
}

// end cuts the line.
func (s *slowLine) end() {
	s.once.Do(func() {
		s.listener.Close()
		close(s.cut)
	})
}

// TestWhatIsSettledStaysSettled though the process and all it had on its way are gone in
// the next moment.
func TestWhatIsSettledStaysSettled(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for _, name := range []string{"classic", "quorum limit 100"} {
			t.Run(name, func(t *testing.T) {
				kind := takenKinds[name]
				settledThenGone(t, b, b.queue(t, kind.kind, kind.arguments))
			})
		}
	})
}

func settledThenGone(t *testing.T, b *testBroker, queue string) {
	b.publish(t, "", queue, bodies("letter", 30)...)
	config := b.managed()
	config.Write = true
	line := newSlowLine(t, config.Address, 20*time.Millisecond)
	config.Address = line.listener.Addr().String()
	a := open(t, config)
	r := begin(t, a, queue, make([]adapters.Position, 30))
	held, err := r.Next(t.Context(), 10)
	if err == nil {
		err = r.Acknowledge(t.Context(), held)
	}
	line.end()
	if err != nil || len(held) != 10 {
		t.Fatalf("%d letters, %v", len(held), err)
	}
	channel, left := b.channel(t), -1
	for end := time.Now().Add(10 * time.Second); left != 20 && time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		q, err := channel.QueueDeclarePassive(queue, false, false, false, false, amqp.Table{})
		if err != nil {
			t.Fatal(err)
		}
		left = q.Messages // what was held comes back when the broker has noticed
	}
	if left != 20 {
		t.Fatalf("%d letters are in the queue, want 20", left)
	}
}
