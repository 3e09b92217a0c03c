package client

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

const (
	// askTime is how long the service may take to answer one question.
	askTime = 30 * time.Second
	// hurryTime is how long it may take once somebody wants an end.
	hurryTime = time.Second
	// suffix is that of namespaces in the public cloud.
	suffix = ".servicebus.windows.net"
	port   = "5671"
)

// Config says which namespace, and as whom.
type Config struct {
	// Address is host:port of the namespace. A host without a dot is the name of a namespace in the
	// public cloud.
	Address string
	// Endpoint is host:port to which connections go in place of the namespace's own.
	Endpoint string
	// Management is the URL of the management API in place of the namespace's own.
	Management string
	// Plain says that nothing is encrypted, as with an emulator.
	Plain bool
	TLS   *driver.TLS // files; nil is the system's

	Secret *Secret // nil is the vendor's default chain of credentials
	Tenant string
	// Entra, if not nil, is used in place of that chain.
	Entra azcore.TokenCredential
}

// Client asks one namespace.
type Client struct {
	host   string // of the namespace, by which it knows itself
	config Config
	tls    *tls.Config
	who    credential
	admin  *admin.Client
	web    *http.Client

	mu     sync.Mutex
	shared *Conn
}

// Open reads the settings. Nothing is asked.
func Open(c Config) (*Client, error) {
	host, given, err := net.SplitHostPort(c.Address)
	if err != nil {
		host, given = c.Address, port
	}
	if !strings.Contains(host, ".") && host != "localhost" {
		host += suffix
	}
	client := &Client{host: host, config: c, who: credential{secret: c.Secret, tenant: c.Tenant, entra: c.Entra}}
	client.config.Endpoint = cmp.Or(c.Endpoint, net.JoinHostPort(host, given))
	if c.TLS == nil {
		c.TLS = &driver.TLS{}
	}
	if client.tls, err = c.TLS.Settings(hostOf(client.config.Endpoint)); err != nil {
		return nil, err
	}
	return client, client.openAdmin()
}

// hostOf is the host of an address.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// Place is where it asks, for people.
func (c *Client) Place() string { return c.host }

// Address is host:port of the connections.
func (c *Client) Address() string { return c.config.Endpoint }

// Shared is a connection for questions, made when the first one comes and made anew when it is lost.
func (c *Client) Shared(ctx context.Context) (*Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shared != nil && !c.shared.lost() {
		return c.shared, nil
	}
	if c.shared != nil {
		c.shared.Close()
		c.shared = nil
	}
	conn, err := c.Dial(ctx)
	if err == nil {
		c.shared = conn
	}
	return conn, err
}

// Close ends the connections.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shared != nil {
		c.shared.Close()
	}
	c.web.CloseIdleConnections()
}

// wrong is a problem of settings.
func wrong(doing, cause, remedy string) error {
	return &adapters.Problem{Doing: doing, Cause: cause, Remedy: remedy, Kind: adapters.ErrUsage}
}
