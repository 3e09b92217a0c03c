package rabbitmq

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

const (
	// heartbeat is negotiated with the broker; the client gives a connection up when
	// nothing came for one and a half of it, which also finds a broker that hangs.
	heartbeat    = 2 * time.Second
	silenceLimit = heartbeat + heartbeat/2

	// handshakeLimit is the time that connecting may take, from the first packet to
	// an open AMQP connection.
	handshakeLimit = 10 * time.Second

	// closeLimit is how long a connection waits for the broker's goodbye.
	closeLimit = 2 * time.Second

	// readBuffer saves system calls: the client itself reads 4 KiB at a time.
	readBuffer = 64 << 10

	// writeBuffer is how much is held back of what is written (see wire.hold).
	writeBuffer = 64 << 10
)

// errDial marks that not even a TCP connection came about.
var errDial = errors.New("dial")

// dial makes an AMQP connection. Its errors are problems in words.
func (c *Config) dial(ctx context.Context) (*amqp.Connection, error) {
	connection, _, err := c.dialWired(ctx)
	return connection, err
}

// dialWired is dial for who wants to hold back writes.
func (c *Config) dialWired(ctx context.Context) (*amqp.Connection, *wire, error) {
	limited, cancel := context.WithTimeout(ctx, handshakeLimit)
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
	heard, readErr := wire.heard()
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
	settings, err := c.TLS.settings(c.Address)
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

// settings reads the PEM files.
func (t *TLS) settings(address string) (*tls.Config, error) {
	host, _, _ := net.SplitHostPort(address)
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if t.ServerName != "" {
		settings.ServerName = t.ServerName
	}
	usage := func(doing string, err error, remedy string) error {
		return &adapters.Problem{Doing: doing, Cause: err.Error(), Remedy: remedy, Kind: adapters.ErrUsage}
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, usage("read the authority's certificate", err, "check the path")
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, usage("read the authority's certificate", fmt.Errorf("%s holds no PEM certificate", t.CAFile), "name a file that does")
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, usage("read the client certificate", err, "check cert= and key=")
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return settings, nil
}

// wire is the network connection below AMQP. It buffers reads and remembers how the
// other side began, which tells what speaks there when it is not AMQP.
type wire struct {
	net.Conn
	buffered *bufio.Reader

	mu      sync.Mutex
	first   []byte // up to 8 bytes
	readErr error

	writing  sync.Mutex
	holding  bool
	heldBack []byte
}

func newWire(conn net.Conn) *wire {
	return &wire{Conn: conn, buffered: bufio.NewReaderSize(conn, readBuffer)}
}

// Read is called by the client's reader goroutine only.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.buffered.Read(p)
	if err != nil || len(w.first) < 8 { // the reader itself is the only one to change first
		w.mu.Lock()
		w.first = append(w.first, p[:min(n, 8-len(w.first))]...)
		w.readErr = err
		w.mu.Unlock()
	}
	return n, err
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
		return w.Conn.Write(p)
	}
	w.heldBack = append(w.heldBack, p...)
	if len(w.heldBack) < writeBuffer {
		return len(p), nil
	}
	return len(p), w.writeHeld()
}

func (w *wire) writeHeld() error {
	if len(w.heldBack) == 0 {
		return nil
	}
	_, err := w.Conn.Write(w.heldBack)
	w.heldBack = w.heldBack[:0]
	if err != nil {
		_ = w.Close() // the client takes for written what was not
	}
	return err
}

// heard is what the other side sent first, and how reading ended, if it did.
func (w *wire) heard() ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first, w.readErr
}

// hangUp closes a connection, with a goodbye if the broker answers in time.
func hangUp(connection *amqp.Connection) {
	_ = connection.CloseDeadline(time.Now().Add(closeLimit)) // it is closed whatever the error
}
