package source

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"eventscope/adapters"
)

// Source is one broker cluster and what to read of it, as an operator named it.
type Source struct {
	// Name tells this source from the others; see [Number].
	Name   string
	Broker adapters.Broker
	Hosts  []string // host:port, at least one; exactly one for RabbitMQ

	User     string
	Password string
	// PasswordFrom says where Password was found: "URL", "config",
	// "EVENTSCOPE_PASSWORD", "file PATH", or "" when there is none.
	PasswordFrom string
	PasswordFile string
	Mechanism    string // SASL mechanism in lower case, or "" for the broker's usual one

	TLS                  bool
	CA, Certificate, Key string // PEM files
	ServerName           string // expected in the broker's certificate, when not the host
	Topics               []string
	Committed            bool  // Kafka: only what transactions have committed
	FetchBytes           int32 // Kafka: the most to fetch at once, in bytes; 0 is the adapter's choice
	VirtualHost          string
	Taps                 []Tap
	Queues, Streams      []string
	Firehose             bool
	Management           string // http or https URL of the management API, without user
	ManagementUser       string // "" is User
	ManagementPassword   string // "" is Password
	// DeadLetters: it is opened for its dead letters alone, so that nothing is tapped.
	DeadLetters bool
	// Write: what changes the broker is allowed.
	Write bool
	// LooksFile: where RabbitMQ's looks at queues are remembered.
	LooksFile string
	// ManagementPasswordFrom says where ManagementPassword was found: "URL",
	// "config", or "" when there is none.
	ManagementPasswordFrom string
}

// Tap is a copy of what one exchange routes by one binding key; an empty key is
// everything that it routes.
type Tap struct{ Exchange, Key string }

// String is the source as a URL without its secrets, for people.
func (s Source) String() string {
	var b strings.Builder
	b.WriteString(s.scheme() + "://")
	if s.User != "" {
		b.WriteString(url.PathEscape(s.User))
		if s.Password != "" {
			b.WriteString(":***")
		}
		b.WriteByte('@')
	}
	b.WriteString(strings.Join(s.Hosts, ","))
	if s.Broker == adapters.RabbitMQ {
		b.WriteString("/" + url.PathEscape(s.VirtualHost))
	} else if len(s.Topics) > 0 {
		b.WriteString("/" + joinEscaped(s.Topics))
	}
	for i, parameter := range s.parameters() {
		b.WriteString([]string{"?", "&"}[min(i, 1)] + parameter)
	}
	return b.String()
}

// WithoutSecrets is the source without its passwords.
func (s Source) WithoutSecrets() Source {
	s.Password, s.ManagementPassword = "", ""
	return s
}

// Cluster says which broker it is, without who reads it or what of it: a URL in the same
// words each time.
func (s Source) Cluster() string {
	text := s.scheme() + "://" + strings.Join(s.Hosts, ",")
	if s.Broker == adapters.RabbitMQ {
		text += "/" + url.PathEscape(s.VirtualHost)
	}
	return text
}

func (s Source) scheme() string {
	scheme := "kafka"
	if s.Broker == adapters.RabbitMQ {
		scheme = "amqp"
	}
	if s.TLS {
		scheme += "s"
	}
	return scheme
}

// parameters lists what stands behind the question mark, in a fixed order.
func (s Source) parameters() []string {
	var list []string
	add := func(name, value string) {
		if value != "" {
			list = append(list, name+"="+escape(value, "&"))
		}
	}
	add("sasl", s.Mechanism)
	add("password_file", s.PasswordFile)
	add("ca", s.CA)
	add("cert", s.Certificate)
	add("key", s.Key)
	add("server_name", s.ServerName)
	if s.Committed {
		add("committed", "true")
	}
	for _, tap := range s.Taps {
		if strings.ContainsRune(tap.Exchange, ':') || tap.Key != "" {
			tap.Exchange += ":"
		}
		add("tap", tap.Exchange+tap.Key)
	}
	for _, queue := range s.Queues {
		add("queue", queue)
	}
	for _, stream := range s.Streams {
		add("stream", stream)
	}
	if s.Firehose {
		add("firehose", "true")
	}
	if s.Management != "" {
		scheme, rest, _ := strings.Cut(s.Management, "://")
		if s.ManagementUser != "" {
			user := url.PathEscape(s.ManagementUser)
			if s.ManagementPassword != "" {
				user += ":***"
			}
			rest = user + "@" + rest
		}
		add("management", scheme+"://"+rest)
	}
	return list
}

// escape writes the bytes of reserved, percent signs and control characters as %xx.
func escape(text, reserved string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c == 0x7f || c == '%' || strings.IndexByte(reserved, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func joinEscaped(names []string) string {
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = escape(name, ",/?")
	}
	return strings.Join(escaped, ",")
}

// Loopback says that every host of the source is this machine, so that a password on
// its way there, and one in a shell history that only opens a door here, is no news.
func (s Source) Loopback() bool {
	for _, address := range s.Hosts {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return false
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// Number gives sources that have no name the name of their broker, and those that
// share one a number: kafka, kafka-2, rabbitmq.
func Number(sources []Source) {
	taken := map[string]bool{}
	for _, s := range sources {
		taken[s.Name] = true
	}
	used := map[string]bool{}
	for i := range sources {
		name := sources[i].Name
		if name == "" {
			name = string(sources[i].Broker)
		}
		unique := name
		for n := 2; used[unique] || (unique != sources[i].Name && taken[unique]); n++ {
			unique = fmt.Sprintf("%s-%d", name, n)
		}
		used[unique] = true
		sources[i].Name = unique
	}
}
