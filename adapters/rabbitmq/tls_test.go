package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/rabbitmq/connection"
)

func tlsAndExternal(t *testing.T, b *ownBroker) {
	exchange := b.exchange(t, "topic")
	file := func(name string) string { return filepath.Join(b.certificates, name) }
	plain := b.config()
	plain.Taps = []Tap{{Exchange: exchange}}
	secure := plain
	secure.Address = fmt.Sprintf("localhost:%d", b.port+1)
	secure.TLS = &driver.TLS{CA: file("authority.pem")}
	external := secure
	external.External, external.User, external.Password = true, "", ""
	external.TLS = &driver.TLS{CA: file("authority.pem"), Certificate: file("client.pem"), Key: file("client.key")}
	with := func(c Config, change func(*Config)) Config {
		if c.TLS != nil {
			settings := *c.TLS
			c.TLS = &settings
		}
		change(&c)
		return c
	}
	for name, c := range map[string]Config{"TLS": secure, "EXTERNAL": external} {
		t.Run(name, func(t *testing.T) {
			tl := tailing(t, open(t, c), adapters.End)
			b.publish(t, exchange, "k", bodies("over TLS", 1)...)
			tl.take(t, 1)
		})
	}
	for name, test := range map[string]struct {
		config Config
		kind   error
		want   string
	}{
		"AMQP to the TLS port": {with(plain, func(c *Config) { c.Address = fmt.Sprintf("127.0.0.1:%d", b.port+1) }), adapters.ErrTLS, "this port speaks TLS; use amqps://"},
		"TLS to the AMQP port": {with(secure, func(c *Config) { c.Address = b.address }), adapters.ErrTLS, "this port does not speak TLS; use amqp://, or the broker's TLS port, usually 5671"},
		"unknown authority":    {with(secure, func(c *Config) { c.TLS.CA = "" }), adapters.ErrTLS, "its certificate is signed by an authority unknown here; name that authority's certificate with ca="},
		"another name":         {with(secure, func(c *Config) { c.TLS.ServerName = "broker.example" }), adapters.ErrTLS, "x509: certificate is valid for localhost, not broker.example; give the name in the certificate with server_name="},
		"unknown user":         {with(external, func(c *Config) { c.TLS.Certificate, c.TLS.Key = file("stranger.pem"), file("stranger.key") }), adapters.ErrNotAuthenticated, "it knows no user for this client certificate; add a user of the name in the certificate, as ssl_cert_login_from in the broker's settings picks it"},
		"no such file":         {with(secure, func(c *Config) { c.TLS.CA = file("nothing.pem") }), adapters.ErrUsage, "open " + file("nothing.pem") + ": no such file or directory; check the path in ca="},
		"no certificate":       {with(secure, func(c *Config) { c.TLS.CA = file("broker.key") }), adapters.ErrUsage, file("broker.key") + " holds no PEM certificate; name a file that does in ca="},
	} {
		t.Run(name, func(t *testing.T) {
			if err := failure(t, test.config); !strings.HasSuffix(err.Error(), ": "+test.want) || !errors.Is(err, test.kind) {
				t.Errorf("got  %v\nwant … %v (%v)", err, test.want, test.kind)
			}
		})
	}
}

func TestExternalIsNotOffered(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		broker := connection.New(connection.Config{Address: b.address, External: true, VirtualHost: "/", Source: "test"})
		_, err := broker.Dial(context.Background())
		if err == nil || !errors.Is(err, adapters.ErrNotAuthenticated) || !strings.Contains(err.Error(), "does not offer the mechanism EXTERNAL") {
			t.Errorf("got %v", err)
		}
	})
}
