package management

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// managementLimit is how long the management API may take for one question, with all tries.
	managementLimit = 10 * time.Second

	// A question that failed because the API is busy or the connection was cut is asked again
	// so often: after retryPause, and then after so many times longer.
	retries     = 2
	retryPause  = 200 * time.Millisecond
	retryGrowth = 4

	// DefaultPassword is the broker's own, of user guest, and no secret.
	DefaultPassword = "guest"

	// idleLimit is how long a connection is kept for the next question.
	idleLimit = 30 * time.Second
)

// Config says where the API is, and who asks it. A password is never sent to another host
// than it was given for.
type Config struct {
	// URL is the base URL of the API, such as http://broker:15672, perhaps with a user of its own.
	URL string

	// Address is host:port of the broker, for which User and Password were given.
	Address        string
	User, Password string

	// VirtualHost is the one that is asked about.
	VirtualHost string

	// TLS, if not nil, is for https.
	TLS *driver.TLS

	// AnswerBytes is what one answer may take in memory.
	AnswerBytes int64

	// RetryPause is the time before the second try; 0 is 200 ms.
	RetryPause time.Duration
}

// Client asks the broker's management API. All of its answers come in here, and each has
// bounds: of time, and of what is kept of it. It may be used by several goroutines.
type Client struct {
	config         Config
	endpoint       string // without credentials
	user, password string
	transport      *http.Transport
	room           int64         // for one answer
	limit          time.Duration // for one question
	pause          time.Duration // before the second try

	mu   sync.Mutex
	used time.Time // by the clock on the wall, which goes on while the machine sleeps
}

// New checks the URL, and asks nothing yet.
func New(c Config) (*Client, error) {
	at, err := url.Parse(c.URL)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, &adapters.Problem{Doing: "use the management API", Cause: "its URL is not one of http or https", Remedy: "write it like http://broker:15672", Kind: adapters.ErrUsage}
	}
	m := &Client{config: c, user: c.User, password: c.Password, room: c.AnswerBytes, limit: managementLimit, pause: cmp.Or(c.RetryPause, retryPause)}
	if at.User != nil {
		m.user = at.User.Username()
		m.password, _ = at.User.Password()
		at.User = nil
	} else if err := c.maySendTo(at); err != nil {
		return nil, err
	}
	m.endpoint = strings.TrimSuffix(strings.TrimRight(at.String(), "/"), "/api")
	m.transport = &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 2, MaxConnsPerHost: 4, IdleConnTimeout: idleLimit, MaxResponseHeaderBytes: 64 << 10,
	}
	if c.TLS != nil && at.Scheme == "https" {
		settings, err := c.TLS.Settings(at.Hostname())
		if err != nil {
			return nil, err
		}
		m.transport.TLSClientConfig = settings
	}
	return m, nil
}

// maySendTo refuses to send the password of the broker to a host that it was not given for.
func (c *Config) maySendTo(at *url.URL) error {
	host, _, _ := net.SplitHostPort(c.Address)
	if c.Password == "" || c.Password == DefaultPassword || sameHost(host, at.Hostname()) {
		return nil
	}
	return &adapters.Problem{
		Doing: "use the management API at " + at.Host, Cause: fmt.Sprintf("the password is for %s, and is not sent to another host", host),
		Remedy: "name the user of the management API, as in management=http://user@" + at.Host, Kind: adapters.ErrUsage,
	}
}

// sameHost reports whether two names are those of one machine: the same name, or both this one's.
func sameHost(one, other string) bool {
	return strings.EqualFold(one, other) || driver.IsLoopback(one) && driver.IsLoopback(other)
}

// Close ends the connections that wait for another question.
func (c *Client) Close() {
	if c != nil {
		c.transport.CloseIdleConnections()
	}
}

// ask asks a question, again if that may help, and reads the answer by take. Doing is what
// for, in words. It tells the HTTP status, or 0 if there was no answer.
func (c *Client) ask(ctx context.Context, doing, path string, take func(*answer) error) (status int, err error) {
	limited, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	said := ""
	for tried, wait := 0, c.pause; ; tried, wait = tried+1, wait*retryGrowth {
		if status, said, err = c.try(limited, path, take); err == nil {
			return status, nil
		}
		if tried == retries || !mayPass(status, err) || !rest(limited, wait/2+rand.N(wait/2)) {
			break
		}
	}
	if ctx.Err() != nil {
		return status, ctx.Err()
	}
	return status, c.problem(doing, err, status, said)
}

// rest is false if ctx ended before the time was over.
func rest(ctx context.Context, long time.Duration) bool {
	select {
	case <-time.After(long):
		return true
	case <-ctx.Done():
		return false
	}
}

// mayPass reports whether the same question may be answered in a moment.
func mayPass(status int, err error) bool {
	return status >= http.StatusInternalServerError || wasCut(err)
}

// wasCut reports whether the other side ended the connection before the answer was whole.
func wasCut(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// try asks once. Said is why the API refuses, in its own words.
func (c *Client) try(ctx context.Context, path string, take func(*answer) error) (status int, said string, err error) {
	c.forgetStale()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint+"/api/"+path, nil)
	if err != nil {
		return 0, "", err // the URL was checked before
	}
	request.SetBasicAuth(c.user, c.password)
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return response.StatusCode, refusalIn(response.Body), errors.New(response.Status)
	}
	return response.StatusCode, "", take(newAnswer(response.Body, c.room))
}

// forgetStale closes the connections that waited too long, as they do while the machine sleeps:
// nobody answers there any more.
func (c *Client) forgetStale() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now().Round(0)
	if away := now.Sub(c.used); away > idleLimit || away < 0 {
		c.transport.CloseIdleConnections()
	}
	c.used = now
}

// listOf asks for a list.
func listOf[T any](ctx context.Context, m *Client, doing, path string) (items []T, err error) {
	_, err = m.ask(ctx, doing, path, func(a *answer) (err error) {
		items, err = list[T](a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// get asks about one queue. That there is none is only said if the user may see the others.
func (c *Client) get(ctx context.Context, doing, queue, query string, into interface{ called() string }) error {
	status, err := c.ask(ctx, doing, c.ofHost("queues")+"/"+url.PathEscape(queue)+query, func(a *answer) error {
		err := a.value(into)
		if err == nil && into.called() != queue {
			err = errors.New("it tells of another queue, or of none")
		}
		return err
	})
	if status != http.StatusNotFound || !errors.Is(err, adapters.ErrNotAuthorized) {
		return err
	}
	if _, err := c.Host(ctx, doing); err != nil {
		return err
	}
	return adapters.UnknownDestination("rabbitmq", c.config.Address, adapters.Queue, queue)
}

// ofHost is the path of a kind of things in the virtual host.
func (c *Client) ofHost(kind string) string {
	return kind + "/" + url.PathEscape(c.config.VirtualHost)
}

// Binding is one binding, as far as it decides where a message goes.
type Binding struct {
	Source          string   `json:"source"`
	Destination     string   `json:"destination"`
	DestinationType string   `json:"destination_type"`
	RoutingKey      string   `json:"routing_key"`
	Arguments       settings `json:"arguments"`
}

// Bindings lists all bindings of the virtual host.
func (c *Client) Bindings(ctx context.Context) ([]Binding, error) {
	return listOf[Binding](ctx, c, "list the bindings", c.ofHost("bindings")+"?columns=source,destination,destination_type,routing_key,arguments")
}

// Queues lists names, types and arguments. Other fields are not asked for: the broker is saved
// their statistics.
func (c *Client) Queues(ctx context.Context) ([]Queue, error) {
	return listOf[Queue](ctx, c, "list the queues", c.ofHost("queues")+"?disable_stats=true&columns=name,type,arguments")
}

// Host is a virtual host.
type Host struct {
	Name    string          `json:"name"`
	Tracing bool            `json:"tracing"`       // the firehose is on
	Stats   json.RawMessage `json:"message_stats"` // of all its queues together
}

// Host describes the virtual host. It is looked for in the list of those that the user may see,
// since only administrators may ask for one by its name.
func (c *Client) Host(ctx context.Context, doing string) (*Host, error) {
	hosts, err := listOf[Host](ctx, c, doing, "vhosts?columns=name,tracing,message_stats")
	if err != nil {
		return nil, err
	}
	for i := range hosts {
		if hosts[i].Name == c.config.VirtualHost {
			return &hosts[i], nil
		}
	}
	return nil, c.refusal(doing+" from the management API "+c.endpoint, noAccess)
}

// Queue is what decides about dead letters of a queue.
type Queue struct {
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

func (q *Queue) called() string { return q.Name }

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

// Setting is an argument of the queue, else what its policies say.
func (q *Queue) Setting(argument, policy string) any {
	if value, ok := q.Arguments[argument]; ok {
		return value
	}
	return q.Policy[policy]
}

// Queue describes one queue. Its error is [adapters.ErrUnknownDestination] if there is none.
func (c *Client) Queue(ctx context.Context, name string) (*Queue, error) {
	info := &Queue{}
	if err := c.get(ctx, "read queue "+wording.Quoted(name), name, "", info); err != nil {
		return nil, err
	}
	return info, nil
}

// Describe describes all queues of the virtual host.
func (c *Client) Describe(ctx context.Context) ([]Queue, error) {
	return listOf[Queue](ctx, c, "list the queues", c.ofHost("queues")+"?columns="+queueColumns)
}
