package connection

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// sink is a connection that remembers what is written to it.
type sink struct {
	net.Conn
	writes int
	bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.writes++
	return s.Buffer.Write(p)
}

func (s *sink) Close() error { return nil }

func (s *sink) SetWriteDeadline(time.Time) error { return nil }

func (s *sink) Read(p []byte) (int, error) { return s.Buffer.Read(p) }

func TestWritesAreHeldBackUntilRelease(t *testing.T) {
	to := &sink{}
	w := newWire(to)
	write := func(text string) {
		t.Helper()
		if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	write("a")
	w.hold()
	write("b")
	write("c")
	if got := to.String(); got != "a" {
		t.Errorf("%q is written before the release", got)
	}
	w.release()
	w.release()
	write("d")
	if got := to.String(); got != "abcd" || to.writes != 3 {
		t.Errorf("%q is written, by %d writes", got, to.writes)
	}
	w.hold()
	write(string(make([]byte, writeBuffer)))
	if to.Len() != 4+writeBuffer {
		t.Errorf("%d bytes are written", to.Len())
	}
}

// TestHeartbeatsAreNoAnswer: a broker that blocks a publisher still sends them.
func TestHeartbeatsAreNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &sink{}
		w := newWire(from)
		read := func(frame []byte) {
			t.Helper()
			from.Buffer.Write(frame)
			if n, err := w.Read(make([]byte, 100)); n != len(frame) || err != nil {
				t.Fatal(n, err)
			}
		}
		time.Sleep(time.Second)
		read([]byte{8, 0, 0, 0, 0, 0, 0, 0xce})
		if any, data := w.silence(false), w.silence(true); any != 0 || data != time.Second {
			t.Errorf("silent for %v, and without an answer for %v", any, data)
		}
		time.Sleep(time.Second)
		read([]byte{1, 0, 1, 0, 0, 0, 4, 0, 60, 0, 80, 0xce})
		if any, data := w.silence(false), w.silence(true); any != 0 || data != 0 {
			t.Errorf("silent for %v, and without an answer for %v", any, data)
		}
	})
}

// TestALinkThatIsBlockedEnds with the broker's reason; one that is blocked for a moment does not.
func TestALinkThatIsBlockedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Conn{Broker: New(Config{Address: "broker:5672"}), wire: newWire(&sink{})}
		notices := make(chan amqp.Blocking)
		go l.watchBlocking(notices)
		notices <- amqp.Blocking{Active: true, Reason: "low on memory"}
		time.Sleep(blockedLimit - time.Millisecond)
		notices <- amqp.Blocking{}
		time.Sleep(time.Hour)
		if err := l.aborted(); err != nil {
			t.Errorf("it ended after a moment: %v", err)
		}
		notices <- amqp.Blocking{Active: true, Reason: "low on disk"}
		time.Sleep(blockedLimit + time.Millisecond)
		if err := l.aborted(); !errors.Is(err, adapters.ErrNotConnected) || !strings.Contains(err.Error(), "low on disk") {
			t.Errorf("it ended with %v", err)
		}
		close(notices)
	})
}

// TestALinkIsCutForWhoIsInAHurry when the broker is silent, and not while it answers.
func TestALinkIsCutForWhoIsInAHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Conn{Broker: New(Config{Address: "broker:5672", Timeouts: Timeouts{Answer: 2 * time.Hour}}), wire: newWire(&sink{})}
		hurry, interrupt := context.WithCancel(context.Background())
		stop := l.LimitWaits(hurry, true)
		time.Sleep(time.Hour) // nobody wants an end
		l.wire.heardNow(true)
		interrupt()
		for range 10 {
			time.Sleep(hurryLimit / 2)
			l.wire.heardNow(true)
		}
		if err := l.aborted(); err != nil {
			t.Errorf("cut while it answers: %v", err)
		}
		time.Sleep(2 * hurryLimit)
		if err := l.aborted(); !errors.Is(err, adapters.ErrNotConnected) {
			t.Errorf("not cut: %v", err)
		}
		stop()
	})
}

// TestAConnectionIsCutWhenNothingButHeartbeatsComes, once a wait takes longer than an answer may.
func TestAConnectionIsCutWhenNothingButHeartbeatsComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Conn{Broker: New(Config{Address: "broker:5672", Timeouts: Timeouts{Answer: time.Minute}}), wire: newWire(&sink{})}
		defer c.LimitWaits(t.Context(), false)()
		for range 90 {
			time.Sleep(time.Second)
			c.wire.heardNow(true)
		}
		if err := c.aborted(); err != nil {
			t.Errorf("cut while it answers: %v", err)
		}
		for range 11 {
			time.Sleep(time.Second)
			c.wire.heardNow(false)
		}
		if err := c.aborted(); !errors.Is(err, adapters.ErrNotConnected) {
			t.Errorf("not cut: %v", err)
		}
	})
}
