package rabbitmq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3" // knows the management API's answers by type

	"eventscope/adapters"
)

// managementLimit is how long the management API may take for one answer.
const managementLimit = 10 * time.Second

// management asks the broker's management API. It keeps no connection.
type management struct {
	config         *Config
	endpoint       string // without credentials
	user, password string
	transport      http.RoundTripper
}

// newManagement is nil if the config names no management API.
func newManagement(c *Config) (*management, error) {
	if c.Management == "" {
		return nil, nil
	}
	at, err := url.Parse(c.Management)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, c.problem("use the management API", "its URL is not one of http or https", "write it like http://broker:15672", adapters.ErrUsage)
	}
	m := &management{config: c, user: c.User, password: c.Password}
	if at.User != nil {
		m.user = at.User.Username()
		m.password, _ = at.User.Password()
		at.User = nil
	}
	m.endpoint = at.String()
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	if c.TLS != nil && at.Scheme == "https" {
		settings, err := c.TLS.settings(net443(at))
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = settings
	}
	m.transport = transport
	return m, nil
}

// net443 is host:port of a URL, for the name in the certificate.
func net443(at *url.URL) string {
	if at.Port() != "" {
		return at.Host
	}
	return at.Host + ":443"
}

// bounded sends requests within a context, which rabbit-hole itself does not take, and
// keeps the status code, which it does not always return.
type bounded struct {
	ctx    context.Context
	next   http.RoundTripper
	status int
}

func (b *bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(request.WithContext(b.ctx))
	if err == nil {
		b.status = response.StatusCode
	}
	return response, err
}

// ask runs one request. Doing is what for, in words.
func ask[T any](ctx context.Context, m *management, doing string, request func(*rabbithole.Client) (T, error)) (T, error) {
	limited, cancel := context.WithTimeout(ctx, managementLimit)
	defer cancel()
	send := &bounded{ctx: limited, next: m.transport}
	client, err := rabbithole.NewTLSClient(m.endpoint, m.user, m.password, send)
	if err != nil {
		var none T
		return none, err // the URL was checked before
	}
	answer, err := request(client)
	if err != nil {
		if ctx.Err() != nil {
			return answer, ctx.Err()
		}
		return answer, m.problem(doing, err, send.status)
	}
	return answer, nil
}

func (m *management) problem(doing string, err error, status int) error {
	doing += " from the management API " + m.endpoint
	problem := m.config.problem
	switch {
	case status == http.StatusUnauthorized:
		return problem(doing, fmt.Sprintf("it refused user %q", m.user),
			"check user and password; the user needs the tag monitoring (rabbitmqctl set_user_tags)", adapters.ErrNotAuthenticated)
	case status == http.StatusForbidden:
		return problem(doing, fmt.Sprintf("user %q may not see this", m.user), "give the user the tag monitoring and access to the virtual host", adapters.ErrNotAuthorized)
	case status == http.StatusNotFound:
		return problem(doing, "it has nothing of that name", "check the spelling", adapters.ErrUnknownDestination)
	case status >= 400:
		return problem(doing, fmt.Sprintf("it answered with HTTP status %d", status), "look into the broker's log", adapters.ErrNotConnected)
	case status != 0 || strings.Contains(err.Error(), "malformed HTTP"):
		return problem(doing, "what answers there is not a management API", "check the URL, usually http://broker:15672", adapters.ErrNotConnected)
	case isTimeout(err):
		return problem(doing, fmt.Sprintf("no answer within %v", managementLimit), "check the URL and the firewall", adapters.ErrNotConnected)
	}
	return problem(doing, networkCause(unwrapURL(err)), "check the URL and that the plugin rabbitmq_management runs", adapters.ErrNotConnected)
}

// unwrapURL takes away method and URL, which the sentence has already.
func unwrapURL(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// queues lists names, types and arguments. Other fields are not asked for: the broker is saved
// their statistics, and rabbit-hole fails on some of a queue that is a moment old.
func (m *management) queues(ctx context.Context) ([]rabbithole.QueueInfo, error) {
	return ask(ctx, m, "list the queues", func(c *rabbithole.Client) ([]rabbithole.QueueInfo, error) {
		return c.ListQueuesWithParametersIn(m.config.VirtualHost, url.Values{"disable_stats": {"true"}, "columns": {"name,type,arguments"}})
	})
}

// bindings lists all bindings of the virtual host.
func (m *management) bindings(ctx context.Context) ([]rabbithole.BindingInfo, error) {
	return ask(ctx, m, "list the bindings", func(c *rabbithole.Client) ([]rabbithole.BindingInfo, error) {
		return c.ListBindingsIn(m.config.VirtualHost)
	})
}

// tracing says whether the firehose is on.
func (m *management) tracing(ctx context.Context) (bool, error) {
	host, err := ask(ctx, m, "read the virtual host", func(c *rabbithole.Client) (*rabbithole.VhostInfo, error) {
		return c.GetVhost(m.config.VirtualHost)
	})
	if err != nil {
		return false, err
	}
	return host.Tracing, nil
}

// queueInfo is what decides about dead letters of a queue. Rabbit-hole does not know all
// of these fields.
type queueInfo struct {
	Name           string   `json:"name"`
	Type           string   `json:"type"`
	Arguments      settings `json:"arguments"`
	Policy         settings `json:"effective_policy_definition"`
	DeliveryLimit  any      `json:"delivery_limit"`
	DelayedRetry   any      `json:"delayed_retry"`
	AutoDelete     bool     `json:"auto_delete"`
	Messages       *int64   `json:"messages"`
	Unacknowledged int64    `json:"messages_unacknowledged"`
}

// settings are names and values. The API can write an empty table as an empty list.
type settings map[string]any

// UnmarshalJSON implements [json.Unmarshaler].
func (s *settings) UnmarshalJSON(text []byte) error {
	if string(text) == "[]" {
		return nil
	}
	return json.Unmarshal(text, (*map[string]any)(s))
}

const queueColumns = "name,type,arguments,effective_policy_definition,auto_delete,delivery_limit,delayed_retry,messages,messages_unacknowledged"

// setting is an argument of the queue, else what its policies say.
func (q *queueInfo) setting(argument, policy string) any {
	if value, ok := q.Arguments[argument]; ok {
		return value
	}
	return q.Policy[policy]
}

// queue describes one queue.
func (m *management) queue(ctx context.Context, name string) (*queueInfo, error) {
	info := &queueInfo{}
	err := m.read(ctx, "read queue "+quoted(name), "queues/"+url.PathEscape(m.config.VirtualHost)+"/"+url.PathEscape(name), info)
	if errors.Is(err, adapters.ErrUnknownDestination) {
		return nil, adapters.UnknownDestination(adapters.RabbitMQ, m.config.Address, adapters.Queue, name)
	}
	return info, err
}

// describe describes all queues of the virtual host.
func (m *management) describe(ctx context.Context) ([]queueInfo, error) {
	var list []queueInfo
	err := m.read(ctx, "list the queues", "queues/"+url.PathEscape(m.config.VirtualHost)+"?columns="+queueColumns, &list)
	return list, err
}

// read asks for what rabbit-hole has no type for.
func (m *management) read(ctx context.Context, doing, path string, into any) error {
	_, err := m.try(ctx, doing, path, into)
	return err
}

// try is read for a question that not every broker knows. It also tells the HTTP status, or
// 0 if there was no answer.
func (m *management) try(ctx context.Context, doing, path string, into any) (status int, err error) {
	limited, cancel := context.WithTimeout(ctx, managementLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodGet, m.endpoint+"/api/"+path, nil)
	if err != nil {
		return 0, err // the URL was checked before
	}
	request.SetBasicAuth(m.user, m.password)
	response, err := m.transport.RoundTrip(request)
	if err == nil {
		defer func() { _ = response.Body.Close() }()
		if status = response.StatusCode; status == http.StatusOK {
			err = json.NewDecoder(response.Body).Decode(into)
		} else {
			err = errors.New(response.Status)
		}
	}
	switch {
	case err == nil:
		return status, nil
	case ctx.Err() != nil:
		return status, ctx.Err()
	}
	return status, m.problem(doing, err, status)
}
