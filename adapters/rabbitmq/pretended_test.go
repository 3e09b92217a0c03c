package rabbitmq

import (
	"net/http"
	"net/http/httptest"
	"testing"
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
	a, err := newAdapter(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.management.Close)
	return a
}
