package rabbitmq

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
	"eventscope/adapters/rabbitmq/dlq"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/publish"
)

// Driver is how the program knows RabbitMQ.
var Driver = driver.Driver{
	Broker: "rabbitmq",
	Words: driver.Words{
		Product: "RabbitMQ", Read: "tap", ReadMany: "taps", Target: "a queue, or exchange:routing-key", Seen: adapters.Exchange,
	},
	Schemes:    []driver.Scheme{{Name: "amqp", Port: "5672"}, {Name: "amqps", Port: "5671", TLS: true}},
	Example:    "amqp://user@host:5672/vhost?tap=exchange:key",
	OneHost:    "name several sources for several nodes",
	Mechanisms: []driver.Mechanism{{Name: "plain"}, {Name: "external", Keyless: true}},
	Cost:       dlq.Redelivered,
	Naming:     "with ?queue=",
	Namespace:  true,
	ReadPath:   readVirtualHost,
	Parameters: []driver.Parameter{
		{Name: "tap", Value: "EXCHANGE:KEY", Several: true, Check: checkTap, Says: "read what the exchange routes by this key, through a private queue; without a key, everything"},
		{Name: "queue", Value: "NAME", Several: true, Says: "read a copy of what a queue receives, without taking it; needs management"},
		{Name: "stream", Value: "NAME", Several: true, Says: "read a stream, with its history"},
		{Name: "firehose", Value: "true", Check: driver.Switch, Says: "read everything, where rabbitmqctl trace_on has been run"},
		{Name: "management", Value: "http://HOST:15672", API: &driver.API{Port: "15672", TLSPort: "15671", Suffix: "/api"}, Says: "the management API, for finding exchanges, bindings, counts and drops"},
	},
	Named:    func(c *driver.Config) []string { return slices.Concat(c.Values["queue"], c.Values["stream"]) },
	Existing: existing,
	Target:   soleTarget,
	TargetOf: publish.TargetOf,
	Open: func(ctx context.Context, c driver.Config) (*driver.Source, error) {
		adapter, err := Open(ctx, configOf(&c))
		if err != nil {
			return nil, err
		}
		return adapter.Source(), nil
	},
}

// What an answer of the management API takes of a budget. It is large only for brokers of many
// thousands of queues.
const (
	answerShare = 8 // of all sources together
	leastAnswer = 2 << 20
)

// peeksFile is the file of the state folder that remembers peeks.
const peeksFile = "looks.json"

// configOf is a config in the terms of this package.
func configOf(c *driver.Config) Config {
	host, _ := url.PathUnescape(c.Path) // readVirtualHost has escaped it
	config := Config{
		Name: c.Name, Address: c.Hosts[0], VirtualHost: host, User: c.User, Password: c.Password, External: c.Mechanism == "external",
		Management: managementURL(c), TLS: c.TLS, Write: c.Write, LettersOnly: c.Purpose != driver.ToRead,
	}
	if c.Purpose != driver.ToSend { // it need not be there to be read
		config.Queues, config.Streams, config.Firehose = c.Values["queue"], c.Values["stream"], c.On("firehose")
		for _, tap := range c.Values["tap"] {
			config.Taps = append(config.Taps, tapOf(tap))
		}
	}
	if c.StateFolder != "" {
		config.PeeksFile = filepath.Join(c.StateFolder, peeksFile)
	}
	if c.Memory > 0 {
		config.AnswerBytes = min(max(c.Memory/answerShare/int64(max(1, c.Sources)), leastAnswer), 2*management.MostAnswer)
	}
	return config
}

// managementURL is the management API's URL with its user, if that is one of its own.
func managementURL(c *driver.Config) string {
	api := c.APIs["management"]
	user := api.User
	if user == "" && api.Password != "" {
		user = c.User
	}
	if api.URL == "" || user == "" {
		return api.URL
	}
	scheme, rest, _ := strings.Cut(api.URL, "://")
	return scheme + "://" + url.UserPassword(user, api.Password).String() + "@" + rest
}

// readVirtualHost reads the virtual host; none is "/", as every client has it.
func readVirtualHost(path string) (string, error) {
	if strings.ContainsRune(path, '/') {
		return "", errors.New("a slash within the virtual host is written %2F")
	}
	host, err := url.PathUnescape(path)
	if err != nil {
		return "", errors.New("in the virtual host, a % must be followed by two hexadecimal digits; a % itself is written %25")
	}
	if !utf8.ValidString(host) {
		return "", errors.New("the virtual host is not text in UTF-8; a % itself is written %25")
	}
	if host == "" {
		host = "/"
	}
	return url.PathEscape(host), nil
}

// checkTap checks exchange:key.
func checkTap(value string) error {
	if tap := tapOf(value); tap.Exchange == "" || tap.Exchange[0] == ':' {
		return errors.New("a tap names an exchange and a binding key, as in tap=orders:order.#; nothing can be bound to the default exchange, whose messages only firehose=true shows")
	}
	return nil
}

// tapOf reads exchange:key. The last colon divides, as exchange names hold colons (MassTransit's
// do) more often than binding keys; whether it is part of the name instead, opening finds out.
func tapOf(value string) Tap {
	if colon := strings.LastIndexByte(value, ':'); colon >= 0 {
		return Tap{Exchange: value[:colon], BindingKey: value[colon+1:]}
	}
	return Tap{Exchange: value} // no key is everything
}

// existing are the queues, streams and exchanges of the virtual host, as far as the management API
// tells.
func existing(ctx context.Context, c driver.Config) ([]driver.Existing, error) {
	config, err := configOf(&c).withDefaults()
	if err != nil || config.Management == "" {
		return nil, err
	}
	client, err := management.New(config.client())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	queues, streams, exchanges := driver.Existing{Named: config.Queues}, driver.Existing{Named: config.Streams}, driver.Existing{}
	for _, tap := range config.Taps {
		exchanges.Named = append(exchanges.Named, tap.Exchange)
	}
	all, err := client.Queues(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		queues.All = append(queues.All, all[i].Name)
		if all[i].Type == amqp.QueueTypeStream {
			streams.All = append(streams.All, all[i].Name)
		}
	}
	routes, err := client.Exchanges(ctx)
	for i := range routes {
		exchanges.All = append(exchanges.All, routes[i].Name)
	}
	return []driver.Existing{queues, streams, exchanges}, err
}

func soleTarget(c *driver.Config) (deadletter.Target, error) {
	queues, taps := c.Values["queue"], c.Values["tap"]
	switch {
	case len(queues) == 1 && len(taps) == 0:
		return deadletter.Routed("", queues[0]), nil
	case len(taps) == 1 && len(queues) == 0:
		tap := tapOf(taps[0])
		return deadletter.Routed(tap.Exchange, tap.BindingKey), nil
	}
	return "", errors.New("name one queue= or one tap=exchange:key")
}
