package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/Azure/go-amqp"

	"eventscope/adapters/deadletter"
)

const (
	// renewBefore is how long before its end a token is shown anew.
	renewBefore = 10 * time.Minute
	// idle is after how long without a sign of life the connection is taken for lost.
	idle = time.Minute
)

// Conn is a connection to the namespace.
type Conn struct {
	client  *Client
	amqp    *amqp.Conn
	session *amqp.Session

	mu     sync.Mutex
	askers map[string]*Asker
	claims map[string]time.Time // until when what it may do with an entity is known
	cbs    *Asker
}

// Dial connects and logs in. What may be done with an entity is asked when it is used.
func (c *Client) Dial(ctx context.Context) (*Conn, error) {
	limited, cancel := Limit(ctx)
	defer cancel()
	conn := &Conn{client: c, askers: map[string]*Asker{}, claims: map[string]time.Time{}}
	err := conn.open(limited)
	if err != nil {
		conn.Close()
		return nil, c.Problem(ctx, "connect to "+c.host, err)
	}
	return conn, nil
}

func (c *Conn) open(ctx context.Context) (err error) {
	scheme, options := "amqps://", &amqp.ConnOptions{
		HostName: c.client.host, SASLType: amqp.SASLTypeAnonymous(), IdleTimeout: idle, TLSConfig: c.client.tls.Clone(), WriteTimeout: askTime,
		ContainerID: "eventscope", Properties: map[string]any{"product": "eventscope"},
	}
	if c.client.config.Plain {
		scheme, options.TLSConfig = "amqp://", nil
	}
	if c.amqp, err = amqp.Dial(ctx, scheme+c.client.config.Endpoint, options); err != nil {
		return err
	}
	if c.session, err = c.amqp.NewSession(ctx, nil); err != nil {
		return err
	}
	c.cbs, err = c.ask(ctx, "$cbs")
	return err
}

// Close ends it.
func (c *Conn) Close() {
	if c.amqp != nil {
		_ = c.amqp.Close() // whatever the other side thinks of it
	}
}

// lost reports whether the connection has ended.
func (c *Conn) lost() bool {
	select {
	case <-c.amqp.Done():
		return true
	default:
		return false
	}
}

// isLoss reports whether an error tells of a connection or link that has ended without a reason that would hold again.
func isLoss(err error) bool {
	var (
		conn    *amqp.ConnError
		session *amqp.SessionError
		dial    net.Error
	)
	return errors.As(err, &conn) || errors.As(err, &session) || errors.As(err, &dial) || errors.Is(err, io.EOF)
}

// Claim shows who one is to an entity, if that was not done or is over soon.
func (c *Conn) Claim(ctx context.Context, path string) error {
	audience := "amqp://" + c.client.host + "/" + path
	c.mu.Lock()
	until := c.claims[audience]
	c.mu.Unlock()
	if time.Until(until) > renewBefore {
		return nil
	}
	token, err := c.client.who.token(ctx, audience)
	if err != nil {
		return err
	}
	_, err = c.cbs.roundTrip(ctx, &amqp.Message{
		Value: token.text,
		ApplicationProperties: map[string]any{
			"operation": "put-token", "type": token.kind, "name": audience, "expiration": fmt.Sprint(token.until.Unix()),
		},
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.claims[audience] = token.until
	return nil
}

// Renew shows again who one is, where that is over soon: links outlive a token.
func (c *Conn) Renew(ctx context.Context) error {
	c.mu.Lock()
	var due []string
	for audience, until := range c.claims {
		if time.Until(until) <= renewBefore {
			due = append(due, strings.TrimPrefix(audience, "amqp://"+c.client.host+"/"))
		}
	}
	c.mu.Unlock()
	for _, path := range due {
		if err := c.Claim(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// Limit is ctx with an end, for one question: sooner where somebody wants an end.
func Limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return deadletter.Within(ctx, askTime, hurryTime)
}
