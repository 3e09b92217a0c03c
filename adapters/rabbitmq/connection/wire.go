package connection

import (
	"bufio"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// wire is the network connection below AMQP. It buffers reads and remembers how the
// other side began, which tells what speaks there when it is not AMQP.
type wire struct {
	net.Conn
	buffered *bufio.Reader
	pulse    pulse

	heard, answered atomic.Int64 // when anything, and when more than a heartbeat, was read last

	mu      sync.Mutex
	first   []byte // up to 8 bytes
	readErr error

	writing  sync.Mutex
	holding  bool
	heldBack []byte
}

func newWire(conn net.Conn) *wire {
	w := &wire{Conn: conn}
	w.buffered = bufio.NewReaderSize(listener{conn, &w.pulse}, readBuffer)
	w.heardNow(true)
	return w
}

// Read is called by the client's reader goroutine only.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.buffered.Read(p)
	if n > 0 {
		w.heardNow(n != heartbeatSize || p[0] != heartbeatFrame)
	}
	if err != nil || len(w.first) < 8 { // the reader itself is the only one to change first
		w.mu.Lock()
		w.first = append(w.first, p[:min(n, 8-len(w.first))]...)
		w.readErr = err
		w.mu.Unlock()
	}
	return n, err
}

// A heartbeat is a frame of its own type without content, AMQP 0-9-1 section 4.2.7.
const (
	heartbeatFrame = 8
	heartbeatSize  = 8
)

func (w *wire) heardNow(data bool) {
	now := time.Now().UnixNano()
	w.heard.Store(now)
	if data {
		w.answered.Store(now)
	}
}

// silence is for how long nothing was heard; with data, nothing but heartbeats.
func (w *wire) silence(data bool) time.Duration {
	last := &w.heard
	if data {
		last = &w.answered
	}
	return time.Duration(time.Now().UnixNano() - last.Load())
}

// hold holds writes back until release, or until there are enough of them: the client makes
// a system call for each message, which is half of what it spends on sending.
func (w *wire) hold() {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.holding = true
}

// release writes what was held back. Nothing may be waited for before.
func (w *wire) release() {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.holding = false
	_ = w.writeHeld() // the client's reader notices as well
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	w.writing.Lock()
	defer w.writing.Unlock()
	if !w.holding {
		return w.write(p)
	}
	w.heldBack = append(w.heldBack, p...)
	if len(w.heldBack) < writeBuffer {
		return len(p), nil
	}
	return len(p), w.writeHeld()
}

func (w *wire) write(p []byte) (int, error) {
	_ = w.SetWriteDeadline(time.Now().Add(writeLimit)) // if it cannot be set, the connection has ended
	return w.Conn.Write(p)
}

func (w *wire) writeHeld() error {
	if len(w.heldBack) == 0 {
		return nil
	}
	_, err := w.write(w.heldBack)
	w.heldBack = w.heldBack[:0]
	if err != nil {
		_ = w.Close() // the client takes for written what was not
	}
	return err
}

// began is what the other side sent first, and how reading ended, if it did.
func (w *wire) began() ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first, w.readErr
}
