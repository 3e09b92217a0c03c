package source

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/cmd/internal/spelling"
)

// parameter is one name that may stand behind the question mark.
type parameter struct {
	name    string
	brokers []adapters.Broker // nil is all
	several bool              // may be given more than once
	read    func(s *Source, value string) error
}

var (
	onKafka    = []adapters.Broker{adapters.Kafka}
	onRabbitMQ = []adapters.Broker{adapters.RabbitMQ}
)

// mechanisms that each broker's adapter speaks, as the sasl parameter spells them.
var mechanisms = map[adapters.Broker][]string{
	adapters.Kafka:    {"plain", "scram-sha-256", "scram-sha-512", "oauthbearer"},
	adapters.RabbitMQ: {"plain", "external"},
}

var parameters = []parameter{
	{name: "name", read: func(s *Source, v string) error { s.Name = v; return nil }},
	{name: "sasl", read: readMechanism},
	{name: "password_file", read: func(s *Source, v string) error { s.PasswordFile = v; return nil }},
	{name: "ca", read: func(s *Source, v string) error { s.CA = v; return needTLS(s) }},
	{name: "cert", read: func(s *Source, v string) error { s.Certificate = v; return needTLS(s) }},
	{name: "key", read: func(s *Source, v string) error { s.Key = v; return needTLS(s) }},
	{name: "server_name", read: func(s *Source, v string) error { s.ServerName = v; return needTLS(s) }},
	{name: "committed", brokers: onKafka, read: func(s *Source, v string) error { return readSwitch(&s.Committed, v) }},
	{name: "tap", brokers: onRabbitMQ, several: true, read: readTap},
	{name: "queue", brokers: onRabbitMQ, several: true, read: func(s *Source, v string) error { s.Queues = append(s.Queues, v); return nil }},
	{name: "stream", brokers: onRabbitMQ, several: true, read: func(s *Source, v string) error { s.Streams = append(s.Streams, v); return nil }},
	{name: "firehose", brokers: onRabbitMQ, read: func(s *Source, v string) error { return readSwitch(&s.Firehose, v) }},
	{name: "management", brokers: onRabbitMQ, read: readManagement},
}

// readParameters reads name=value&name=value.
func (s *Source) readParameters(query string) error {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p, err := s.parameter(name)
		if err != nil {
			return err
		}
		if seen[name] && !p.several {
			return fmt.Errorf("the parameter %s is given twice", name)
		}
		seen[name] = true
		// Only %xx is an escape: a plus sign is itself, for it is common in topic
		// patterns and binding keys.
		if value, err = url.PathUnescape(value); err != nil {
			return fmt.Errorf("in the parameter %s, a %% must be followed by two hexadecimal digits", name)
		}
		if value == "" {
			return fmt.Errorf("the parameter %s has no value", name)
		}
		if err := p.read(s, value); err != nil {
			return err
		}
	}
	if (s.Certificate == "") != (s.Key == "") {
		return errors.New("a client certificate needs both cert= and key=")
	}
	return nil
}

func (s *Source) parameter(name string) (parameter, error) {
	var known []string
	for _, p := range parameters {
		if p.brokers != nil && !slices.Contains(p.brokers, s.Broker) {
			continue
		}
		if p.name == name {
			return p, nil
		}
		known = append(known, p.name)
	}
	// Anything but a plain word may be a piece of a password and is not repeated.
	shown := "there is no such parameter"
	if name != "" && len(name) < 24 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == "" {
		shown = fmt.Sprintf("there is no parameter %q", name)
	}
	if guess := spelling.Nearest(name, known); guess != "" {
		return parameter{}, fmt.Errorf("%s, did you mean %s?", shown, guess)
	}
	return parameter{}, fmt.Errorf("%s among %s", shown, strings.Join(known, ", "))
}

func readSwitch(field *bool, value string) error {
	switch value {
	case "true", "false":
		*field = value == "true"
		return nil
	}
	return errors.New("a switch such as committed or firehose is true or false")
}

func readMechanism(s *Source, value string) error {
	value = strings.ToLower(value)
	if known := mechanisms[s.Broker]; !slices.Contains(known, value) {
		return fmt.Errorf("the SASL mechanism is none of %s", strings.Join(known, ", "))
	}
	s.Mechanism = value
	return nil
}

// readTap reads exchange:key. The last colon divides, as exchange names hold colons
// (MassTransit's do) more often than binding keys.
func readTap(s *Source, value string) error {
	exchange, key := value, "" // no key is everything
	if colon := strings.LastIndexByte(value, ':'); colon >= 0 {
		exchange, key = value[:colon], value[colon+1:]
	}
	if exchange == "" {
		return errors.New("a tap names an exchange and a binding key, as in tap=orders:order.#; nothing can be bound to the default exchange")
	}
	s.Taps = append(s.Taps, Tap{Exchange: exchange, Key: key})
	return nil
}

func readManagement(s *Source, value string) error {
	scheme, rest, found := strings.Cut(value, "://")
	if !found || (scheme != "http" && scheme != "https") {
		return errors.New("management is an http or https URL, as in management=http://host:15672")
	}
	authority, path := cutAuthority(rest)
	hosts := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, password, err := readUser(authority[:at])
		if err != nil {
			return fmt.Errorf("in the management URL: %w", err)
		}
		s.ManagementUser, s.ManagementPassword = user, password
		if password != "" {
			s.ManagementPasswordFrom = "URL"
		}
		hosts = authority[at+1:]
	}
	defaultPort := "15672"
	if scheme == "https" {
		defaultPort = "15671"
	}
	address, err := hostPort(hosts, defaultPort)
	if err != nil {
		return fmt.Errorf("in the management URL: %w", err)
	}
	if strings.ContainsAny(path, "?@") {
		return errors.New("in the management URL, nothing may follow the host but a path")
	}
	s.Management = scheme + "://" + address + strings.TrimSuffix(path, "/")
	return nil
}

func needTLS(s *Source) error {
	if s.TLS {
		return nil
	}
	return fmt.Errorf("certificates need TLS: use %ss:// in place of %s://", s.scheme(), s.scheme())
}
