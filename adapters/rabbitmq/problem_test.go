package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// speaker is a server that says a few bytes to whoever connects, and then hangs up
// unless it is to stay silent.
func speaker(t *testing.T, says string, silent bool) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(says))
			if silent {
				defer func() { _ = conn.Close() }()
				continue
			}
			_, _ = conn.Read(make([]byte, 8)) // the client's own first word, so that it is not reset
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String()
}

const secret = "correct-horse-battery"

func failure(t *testing.T, c Config) error {
	t.Helper()
	a, err := Open(t.Context(), c)
	if err == nil {
		_ = a.Close()
		t.Fatalf("%v opened", c)
	}
	return err
}

func TestWhatAnswersIsNotAMQP(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	plainTLS := &driver.TLS{}
	for name, test := range map[string]struct {
		address string
		tls     *driver.TLS
		kind    error
		want    string // behind the address
	}{
		"refused":      {closed.Addr().String(), nil, adapters.ErrNotConnected, "connection refused; check host and port, and whether the broker runs"},
		"unknown host": {"no-such-host.invalid:5672", nil, adapters.ErrNotConnected, `the host name "no-such-host.invalid" is not known; check host and port, and whether the broker runs`},
		"http":         {speaker(t, "HTTP/1.1 400 Bad Request\r\n\r\n", false), nil, adapters.ErrNotConnected, "this port speaks HTTP; use the AMQP port, usually 5672; the HTTP one belongs into management="},
		"AMQP 1.0":     {speaker(t, "AMQP\x00\x01\x00\x00", false), nil, adapters.ErrNotConnected, "it speaks another version of AMQP than 0-9-1; connect to a RabbitMQ broker"},
		"SSH":          {speaker(t, "SSH-2.0-OpenSSH_9.2\r\n", false), nil, adapters.ErrNotConnected, "what answers there does not speak AMQP; check host and port"},
		"TLS":          {speaker(t, "\x15\x03\x03\x00\x02\x02\x46", false), nil, adapters.ErrTLS, "this port speaks TLS; use amqps://"},
		"wordless":     {speaker(t, "", false), nil, adapters.ErrNotConnected, "it closed the connection without a word; check the port; one that speaks TLS needs amqps://"},
		"wordless TLS": {speaker(t, "", false), plainTLS, adapters.ErrTLS, "it hung up on TLS; use amqp://, or the broker's TLS port, usually 5671"},
		"plain":        {speaker(t, "AMQP\x00\x00\x09\x01", false), plainTLS, adapters.ErrTLS, "this port does not speak TLS; use amqp://, or the broker's TLS port, usually 5671"},
	} {
		t.Run(name, func(t *testing.T) {
			err := failure(t, Config{Address: test.address, TLS: test.tls, User: "ann", Password: secret, Taps: []Tap{{Exchange: "orders"}}})
			want := "cannot connect to rabbitmq " + test.address + ": " + test.want
			if err.Error() != want || !errors.Is(err, test.kind) {
				t.Errorf("got  %v\nwant %v (%v)", err, want, test.kind)
			}
		})
	}
}

// TestSilenceIsLimited, and heeds the end of the context meanwhile.
func TestSilenceIsLimited(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := Config{Address: speaker(t, "", true), Taps: []Tap{{Exchange: "orders"}}}
	stop := time.AfterFunc(50*time.Millisecond, cancel)
	defer stop.Stop()
	if _, err := Open(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	c.timeouts.Handshake = 50 * time.Millisecond
	err := failure(t, c)
	if want := "cannot connect to rabbitmq " + c.Address + ": no answer within 50ms; check host, port and firewall"; err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
}

func TestConfigRefused(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   string
	}{
		"no port":          {Config{Address: "broker"}, "cannot open rabbitmq broker: the address is not host:port; write it like broker:5672"},
		"default exchange": {Config{Address: "b:1", Taps: []Tap{{}}}, "cannot open rabbitmq b:1: the default exchange allows no bindings, so it cannot be tapped; use firehose=true after rabbitmqctl trace_on, or tap the exchanges that messages are published to"},
		"trace exchange":   {Config{Address: "b:1", Taps: []Tap{{Exchange: "amq.rabbitmq.trace"}}}, "cannot open rabbitmq b:1: the firehose is not read as a tap; use firehose=true"},
		"external":         {Config{Address: "b:1", External: true}, "cannot open rabbitmq b:1: EXTERNAL authenticates by a client certificate, and none is named; use amqps:// with cert= and key="},
		"room":             {Config{Address: "b:1", TapMessages: -1}, "cannot open rabbitmq b:1: a tap's queue must have room for a message; give it a length and a size above 0"},
		"management":       {Config{Address: "b:1", Management: "broker:15672"}, "cannot use the management API: its URL is not one of http or https; write it like http://broker:15672"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := failure(t, test.config); err.Error() != test.want || !errors.Is(err, adapters.ErrUsage) {
				t.Errorf("got  %v\nwant %v", err, test.want)
			}
		})
	}
}

func TestConfigHidesThePassword(t *testing.T) {
	c := Config{Address: "broker:5672", User: "ann", Password: secret}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, c); strings.Contains(text, secret) || !strings.Contains(text, "broker:5672") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
