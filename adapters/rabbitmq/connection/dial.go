package connection

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
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
func (b *Broker) dialWired(ctx context.Context) (*amqp.Connection, *wire, error) {
	limited, cancel := context.WithTimeout(ctx, b.Timeouts.Handshake)
	defer cancel()
	wire, err := b.dialWire(limited)
	if err != nil {
		return nil, nil, b.dialFailure(ctx, err, nil)
	}
	deadline, _ := limited.Deadline()
	_ = wire.SetDeadline(deadline) // the client lifts it when the handshake is done
	unlink := context.AfterFunc(limited, func() { _ = wire.Close() })
	connection, err := amqp.Open(wire, b.handshake())
	if interrupted := !unlink(); interrupted {
		err = limited.Err() // and not that the wire was closed under the client
	}
	if err != nil {
		_ = wire.Close()
		return nil, nil, b.dialFailure(ctx, err, wire)
	}
	return connection, wire, nil
}

func (b *Broker) dialFailure(ctx context.Context, err error, wire *wire) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if wire == nil {
		return b.connectProblem(err, nil, nil)
	}
	heard, readErr := wire.began()
	return b.connectProblem(err, readErr, heard)
}

// dialWire connects TCP and, where wanted, TLS.
func (b *Broker) dialWire(ctx context.Context) (*wire, error) {
	var dialer net.Dialer
	plain, err := dialer.DialContext(ctx, "tcp", b.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDial, err)
	}
	if b.TLS == nil {
		return newWire(plain), nil
	}
	settings, err := b.TLS.Settings(hostOf(b.Address))
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
func (b *Broker) handshake() amqp.Config {
	var auth amqp.Authentication = &amqp.PlainAuth{Username: b.User, Password: b.Password}
	if b.External {
		auth = &amqp.ExternalAuth{}
	}
	return amqp.Config{
		SASL: []amqp.Authentication{auth}, Vhost: b.VirtualHost, Heartbeat: heartbeat, Locale: "en_US",
		FrameSize:  128 << 10, // RabbitMQ's own default
		Properties: amqp.Table{"product": "eventscope", "connection_name": "eventscope " + b.Source},
	}
}

// hostOf is the host of host:port.
func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}
