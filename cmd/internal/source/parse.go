package source

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"eventscope/adapters"
)

// examples are shown behind what is wrong with a URL.
const (
	kafkaExample    = "kafka://host:9092/orders,payments"
	rabbitMQExample = "amqp://user@host:5672/vhost?tap=exchange:key"
)

// schemes are those that name a broker; others are refused with this list.
var schemes = map[string]Source{
	"kafka":  {Broker: adapters.Kafka},
	"kafkas": {Broker: adapters.Kafka, TLS: true},
	"amqp":   {Broker: adapters.RabbitMQ},
	"amqps":  {Broker: adapters.RabbitMQ, TLS: true},
}

var defaultPorts = map[string]string{"kafka": "9092", "kafkas": "9093", "amqp": "5672", "amqps": "5671"}

// Parse reads a URL. An error is an [adapters.Problem] of kind [adapters.ErrUsage]
// that names the part at fault and shows an example, and never holds a password.
func Parse(text string) (Source, error) {
	s, example, err := parse(text)
	if err != nil {
		return Source{}, &adapters.Problem{
			Doing: fmt.Sprintf("read the source %q", Redact(text)), Cause: err.Error(),
			Remedy: "write it like " + example, Kind: adapters.ErrUsage,
		}
	}
	return s, nil
}

func parse(text string) (s Source, example string, err error) {
	example = kafkaExample + " or " + rabbitMQExample
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return s, example, errors.New("it holds a control character")
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return s, example, errors.New("it is not a URL, for it has no scheme such as kafka://")
	}
	s, found = schemes[strings.ToLower(scheme)]
	if !found {
		return s, example, errors.New("its scheme is none of kafka, kafkas, amqp and amqps")
	}
	example = kafkaExample
	if s.Broker == adapters.RabbitMQ {
		example = rabbitMQExample
	}
	authority, rest := cutAuthority(rest)
	if err := s.readAuthority(authority, rest, defaultPorts[strings.ToLower(scheme)]); err != nil {
		return s, example, err
	}
	path, query, _ := strings.Cut(rest, "?")
	if s.Broker == adapters.Kafka {
		err = s.readTopics(strings.TrimPrefix(path, "/"))
	} else {
		err = s.readVirtualHost(strings.TrimPrefix(path, "/"))
	}
	if err == nil {
		err = s.readParameters(query)
	}
	return s, example, err
}

// readAuthority reads user:password@host:port,host:port.
func (s *Source) readAuthority(authority, rest, defaultPort string) error {
	hosts := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		hosts = authority[at+1:]
		user, password, err := readUser(authority[:at])
		if err != nil {
			return err
		}
		s.User, s.Password = user, password
		if password != "" {
			s.PasswordFrom = "URL"
		}
	} else if path, _, _ := strings.Cut(rest, "?"); strings.ContainsRune(path, '@') {
		return errors.New("there is an @ behind the first slash; a / in a user name or password is written %2F")
	}
	if hosts == "" {
		return errors.New("the host is missing")
	}
	for host := range strings.SplitSeq(hosts, ",") {
		address, err := hostPort(host, defaultPort)
		if err != nil {
			return err
		}
		s.Hosts = append(s.Hosts, address)
	}
	if s.Broker == adapters.RabbitMQ && len(s.Hosts) > 1 {
		return errors.New("a RabbitMQ source has one host; name several sources for several nodes")
	}
	return nil
}

func readUser(text string) (user, password string, err error) {
	user, password, _ = strings.Cut(text, ":")
	if user, err = url.PathUnescape(user); err != nil {
		return "", "", errors.New("in the user name, a % must be followed by two hexadecimal digits; a % itself is written %25")
	}
	if password, err = url.PathUnescape(password); err != nil {
		return "", "", errors.New("in the password, a % must be followed by two hexadecimal digits; a % itself is written %25")
	}
	if user == "" {
		return "", "", errors.New("the user name before the @ is empty")
	}
	return user, password, nil
}

// hostPort is host as host:port. Its errors do not repeat host: what looks like one
// may be part of a password.
func hostPort(host, defaultPort string) (string, error) {
	name, port := host, defaultPort
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 || net.ParseIP(host[1:end]) == nil {
			return "", errors.New("an IPv6 address is written in brackets, as in [::1]:9092")
		}
		if name, host = host[1:end], host[end+1:]; host != "" && host[0] != ':' {
			return "", errors.New("only :port may follow an address in brackets")
		} else if host != "" {
			port = host[1:]
		}
	} else if before, after, found := strings.Cut(host, ":"); found {
		name, port = before, after
	}
	if name == "" {
		return "", errors.New("a host is missing before a colon or a comma")
	}
	if strings.ContainsAny(name, " %\"<>\\^`{|}@#") {
		return "", errors.New("a host name holds a character that no host name has")
	}
	if _, ok := portNumber(port); !ok {
		return "", errors.New("the port is not a number from 1 to 65535")
	}
	return net.JoinHostPort(name, port), nil
}

// readTopics reads orders,payments or ~regular.expression.
func (s *Source) readTopics(path string) error {
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return nil
	}
	for i, part := range strings.Split(path, ",") {
		topic, err := url.PathUnescape(part)
		if err != nil {
			return fmt.Errorf("in topic %d, a %% must be followed by two hexadecimal digits", i+1)
		}
		if topic == "" {
			return fmt.Errorf("topic %d of the list is empty", i+1)
		}
		if expression, isPattern := strings.CutPrefix(topic, "~"); isPattern {
			if _, err := regexp.Compile(expression); err != nil {
				return fmt.Errorf("the pattern of topic %d is not a regular expression (%s)", i+1, patternError(err))
			}
		} else if strings.ContainsRune(topic, '/') {
			return fmt.Errorf("topic %d holds a slash; topics are separated by commas", i+1)
		} else if strings.ContainsFunc(topic, notInTopics) {
			return fmt.Errorf("topic %d holds a character that no topic has; a pattern begins with ~, as in ~orders.*", i+1)
		}
		if !slices.Contains(s.Topics, topic) {
			s.Topics = append(s.Topics, topic)
		}
	}
	return nil
}

// notInTopics tells the characters that Kafka allows in no topic's name
// (org.apache.kafka.common.internals.Topic).
func notInTopics(r rune) bool {
	return r > 'z' || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r)
}

// patternError is what is wrong with a regular expression, without repeating it.
func patternError(err error) string {
	if wrong := (*syntax.Error)(nil); errors.As(err, &wrong) {
		return string(wrong.Code)
	}
	return "unreadable"
}

// readVirtualHost reads the virtual host; none is "/", as every client has it.
func (s *Source) readVirtualHost(path string) error {
	if strings.ContainsRune(path, '/') {
		return errors.New("a slash within the virtual host is written %2F")
	}
	host, err := url.PathUnescape(path)
	if err != nil {
		return errors.New("in the virtual host, a % must be followed by two hexadecimal digits")
	}
	s.VirtualHost = host
	if host == "" {
		s.VirtualHost = "/"
	}
	return nil
}
