package rabbitmq

import (
	"bytes"
	"net"
	"testing"
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
