package servicebus

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/dlq"
)

const broker adapters.Broker = "servicebus"

// Driver is how the program knows Service Bus.
var Driver = driver.Driver{
	Broker: broker,
	Words:  driver.Words{Product: "Azure Service Bus", Read: "queue or subscription", ReadMany: "queues and subscriptions", Target: "a queue or topic", Seen: adapters.Queue},
	Schemes: []driver.Scheme{
		{Name: "servicebus", Port: "5671", TLS: true},
		{Name: "sb", Port: "5671", TLS: true},
	},
	Example:  "servicebus://namespace/queue",
	OneHost:  "name several sources for several namespaces",
	Pasted:   pasted,
	ReadPath: readNames,
	Parameters: []driver.Parameter{
		{Name: "tap", Value: "TOPIC", Several: true, Check: checkTopic, Says: "read what a topic publishes, by a subscription of our own; needs create"},
		{Name: "create", Value: "true", Check: driver.Switch, Says: "allow to make that subscription, which is removed at the end, or by the service when it was idle for five minutes"},
		{Name: "filter", Value: "SQL", Says: "what of the tapped topics, in the filter language of the service"},
		{Name: "tenant", Value: "ID", Says: "the tenant of Entra ID, if not that of the login"},
		{Name: "endpoint", Value: "HOST:PORT", Check: checkEndpoint, Says: "connect there, in place of the host of the namespace"},
		{Name: "management", Value: "http://HOST:PORT", Check: checkManagement, Says: "another management API than that of the namespace, such as an emulator's"},
		{Name: "emulator", Value: "true", Check: driver.Switch, Says: "speak without encryption, as emulators do; the port stands in the URL"},
	},
	// Dead letters lie beside what is named, under another name.
	Named: func(*driver.Config) []string { return nil },
	Target: func(c *driver.Config) (deadletter.Target, error) {
		if names := namesOf(c.Path); len(names) == 1 {
			return deadletter.Target(names[0]), nil
		}
		return "", errors.New("name one queue or topic, as in servicebus://namespace/orders")
	},
	TargetOf: dlq.TargetOf,
	Open: func(ctx context.Context, c driver.Config) (*driver.Source, error) {
		config, err := configOf(&c)
		if err != nil {
			return nil, err
		}
		a, err := Open(ctx, config)
		if err != nil {
			return nil, err
		}
		return a.Source(), nil
	},
}

func configOf(c *driver.Config) (Config, error) {
	config := Config{
		Config: client.Config{Address: c.Hosts[0], Endpoint: c.Value("endpoint"), Management: c.Value("management"), Plain: c.On("emulator"), TLS: c.TLS, Tenant: c.Value("tenant")},
		Name:   c.Name, Names: namesOf(c.Path), Purpose: c.Purpose, Write: c.Write,
		Taps: c.Values["tap"], Create: c.On("create"), Filter: c.Value("filter"),
	}
	var err error
	config.Secret, err = secretOf(c, os.Getenv)
	return config, err
}

// secretOf is the secret that was given for the namespace; nil is the vendor's own chain of credentials.
func secretOf(c *driver.Config, getenv func(string) string) (*client.Secret, error) {
	refuse := func(cause, remedy string) (*client.Secret, error) {
		return nil, &adapters.Problem{Doing: "log in to " + c.Hosts[0], Cause: cause, Remedy: remedy, Kind: adapters.ErrUsage}
	}
	text := c.Password
	switch {
	case c.User != "" && text == "":
		return refuse("the URL names a policy, and its key is not given", "give it by password_file= or EVENTSCOPE_PASSWORD, or leave out the user to log in as az does")
	case c.User != "":
		return &client.Secret{KeyName: c.User, Key: text}, nil
	case text == "":
		if text = getenv(client.ConnectionVariable); text == "" {
			return nil, nil
		}
	}
	secret, err := client.ParseConnectionString(text)
	if err != nil {
		return refuse(err.Error(), "copy it anew, or name its policy as the user, as in servicebus://POLICY@namespace")
	}
	if given := hostOf(secret.Host); given != hostOf(c.Hosts[0]) && !strings.HasPrefix(given, hostOf(c.Hosts[0])+".") {
		if c.Password == "" { // the variable is for another source
			return nil, nil
		}
		return refuse("the connection string is for another namespace", "give each source its own")
	}
	return &secret, nil
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return strings.ToLower(address)
	}
	return strings.ToLower(host)
}

func namesOf(path string) []string {
	if path == "" {
		return nil
	}
	names := strings.Split(path, ",")
	for i := range names {
		if decoded, err := url.PathUnescape(names[i]); err == nil {
			names[i] = decoded
		}
	}
	return names
}

func readNames(path string) (string, error) {
	for _, name := range namesOf(path) {
		if _, err := client.Parse(name); err != nil {
			return "", err
		}
	}
	return path, nil
}

// pasted is the address of an entity, as the portal shows it, as a URL.
func pasted(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || !strings.HasSuffix(u.Hostname(), ".servicebus.windows.net") {
		return "", false
	}
	return "servicebus://" + u.Hostname() + u.EscapedPath(), true
}

func checkTopic(value string) error {
	if e, err := client.Parse(value); err != nil || e.Topic != "" || e.Part != client.Main {
		return errors.New("it is the name of a topic, as in tap=events")
	}
	return nil
}

func checkEndpoint(value string) error {
	if host, port, err := net.SplitHostPort(value); err != nil || host == "" || port == "" {
		return errors.New("it is a host and a port, as in endpoint=127.0.0.1:5671")
	}
	return nil
}

func checkManagement(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("it is an http or https URL without a user, as in management=http://127.0.0.1:5300")
	}
	return nil
}
