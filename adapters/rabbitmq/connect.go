package rabbitmq

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// heartbeat is negotiated with the broker; the client gives a connection up when
	// nothing came for one and a half of it, which also finds a broker that hangs.
	heartbeat    = 2 * time.Second
	silenceLimit = heartbeat + heartbeat/2

	// handshakeLimit is the time that connecting may take, from the first packet to
	// an open AMQP connection.
	handshakeLimit = 10 * time.Second

	// closeLimit is how long a connection waits for the broker's goodbye: somebody may want an end.
	closeLimit = 500 * time.Millisecond

	// answerLimit is how long the broker may owe the answer to a question. Its own limits, as
	// for a queue whose leader is away, are shorter.
	answerLimit = 30 * time.Second

	// readBuffer saves system calls: the client itself reads 4 KiB at a time.
	readBuffer = 64 << 10

	// writeLimit is how long the broker may not read what is written. It stops reading
	// from a publisher while it is low on memory or disk.
	writeLimit = 5 * time.Second

	// writeBuffer is how much is held back of what is written (see wire.hold).
	writeBuffer = 64 << 10
)

// errDial marks that not even a TCP connection came about.
var errDial = errors.New("dial")

// dialWired makes an AMQP connection. Its errors are problems in words.
func (c *Config) dialWired(ctx context.Context) (*amqp.Connection, *wire, error) {
	limited, cancel := context.WithTimeout(ctx, c.patience.handshake)
	defer cancel()
	wire, err := c.dialWire(limited)
	if err != nil {
		return nil, nil, c.dialFailure(ctx, err, nil)
	}
	deadline, _ := limited.Deadline()
	_ = wire.SetDeadline(deadline) // the client lifts it when the handshake is done
	unlink := context.AfterFunc(limited, func() { _ = wire.Close() })
	connection, err := amqp.Open(wire, c.handshake())
	if interrupted := !unlink(); interrupted {
		err = limited.Err() // and not that the wire was closed under the client
	}
	if err != nil {
		_ = wire.Close()
		return nil, nil, c.dialFailure(ctx, err, wire)
	}
	return connection, wire, nil
}

func (c *Config) dialFailure(ctx context.Context, err error, wire *wire) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if wire == nil {
		return c.connectProblem(err, nil, nil)
	}
	heard, readErr := wire.began()
	return c.connectProblem(err, readErr, heard)
}

// dialWire connects TCP and, where wanted, TLS.
func (c *Config) dialWire(ctx context.Context) (*wire, error) {
	var dialer net.Dialer
	plain, err := dialer.DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDial, err)
	}
	if c.TLS == nil {
		return newWire(plain), nil
	}
	settings, err := c.TLS.Settings(hostOf(c.Address))
	if err != nil {
		_ = plain.Close()
		return nil, err
	}
	encrypted := tls.Client(plain, settings)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, fmt.Errorf("%w: %w", errDial, err)
	}
	return newWire(encrypted), nil
}

// handshake is the client's side of the AMQP handshake. Recovery stays off: it hides
// gaps and gives up after some tries.
func (c *Config) handshake() amqp.Config {
	var auth amqp.Authentication = &amqp.PlainAuth{Username: c.User, Password: c.Password}
	if c.External {
		auth = &amqp.ExternalAuth{}
	}
	return amqp.Config{
		SASL: []amqp.Authentication{auth}, Vhost: c.VirtualHost, Heartbeat: heartbeat, Locale: "en_US",
		FrameSize:  128 << 10, // RabbitMQ's own default
		Properties: amqp.Table{"product": "eventscope", "connection_name": "eventscope " + c.Name},
	}
}

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

// hostOf is the host of host:port.
func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}
