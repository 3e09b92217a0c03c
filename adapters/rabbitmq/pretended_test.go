package rabbitmq

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/stream"
)

// pretended is an adapter without a broker, whose management API answers as a test wants.
func pretended(t testing.TB, c Config, answer http.HandlerFunc) *Adapter {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c.Address, c.Management = "127.0.0.1:1", server.URL
	c, err := c.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	broker := connection.New(c.connect())
	a := &Adapter{config: c, broker: broker, History: stream.NewHistory(broker)}
	if a.management, err = management.New(a.config.client()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.management.Close)
	return a
}
