package kafka

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka/cluster"
)

// Driver is how the program knows Apache Kafka, and whatever speaks its protocol.
var Driver = driver.Driver{
	Broker:  "kafka",
	Words:   driver.Words{Product: "Kafka", Read: "topic", ReadMany: "topics", Target: "a topic", Seen: adapters.Topic},
	Schemes: []driver.Scheme{{Name: "kafka", Port: "9092"}, {Name: "kafkas", Port: "9093", TLS: true}},
	Example: "kafka://host:9092/orders,payments",
	Mechanisms: []driver.Mechanism{
		{Name: "plain"}, {Name: "scram-sha-256", Proves: true}, {Name: "scram-sha-512", Proves: true}, {Name: "oauthbearer", Token: true},
		{Name: "aws-msk-iam", Keyless: true},
	},
	Parameters: []driver.Parameter{
		{Name: "committed", Value: "true", Says: "show only what transactions have committed", Check: driver.Switch},
		{Name: "token_url", Value: "https://HOST/PATH", Says: "where tokens for sasl=oauthbearer are asked for: the user is the OAuth client, the password its secret", Check: checkTokenURL},
		{Name: "token_scope", Value: "SCOPE", Says: "what these tokens are to be good for, if the server wants to know"},
		{Name: "token_extension", Value: "NAME:VALUE", Says: "what goes to the broker beside a token, such as logicalCluster:lkc-ID", Several: true, Check: checkExtension},
	},
	ReadPath: readPath,
	Named:    named,
	Existing: driver.OfOneKind(named, existing),
	Target:   soleTopic,
	TargetOf: targetOf,
	Open: func(ctx context.Context, c driver.Config) (*driver.Source, error) {
		adapter, err := Open(ctx, configOf(&c))
		if err != nil {
			return nil, err
		}
		return adapter.Source(), nil
	},
}

// What a source takes of a budget. It reads as fast with the half of mostFetch.
const (
	fetchShare = 128 // FetchBytes of all sources together
	mostFetch  = 8 << 20

	ledgerShare = 4 // LedgerBytes of all sources together

	batchShare    = 4
	leastUnpacked = 8 << 20 // a zstd window may be as large (RFC 8878)
	mostUnpacked  = 128 << 20
)

// configOf is a config in the terms of this package.
func configOf(c *driver.Config) Config {
	config := Config{
		Name: c.Name, Brokers: c.Hosts, Topics: topicsOf(c.Path), Committed: c.On("committed"), TLS: c.TLS, Write: c.Write, LettersOnly: c.Purpose != driver.ToRead,
	}
	if c.Memory > 0 {
		config.FetchBytes = int32(min(c.Memory/fetchShare/int64(max(1, c.Sources)), mostFetch))
		config.LedgerBytes = int(min(c.Memory/ledgerShare/int64(max(1, c.Sources)), mostLedger))
		config.BatchBytes = int32(min(max(c.Memory/batchShare, leastUnpacked), mostUnpacked))
	}
	switch {
	case c.Mechanism == "oauthbearer":
		config.SASL = bearer(c)
	case c.Mechanism == "aws-msk-iam":
		config.SASL = &cluster.SASL{Mechanism: mskIAM}
	case c.Mechanism != "":
		config.SASL = &cluster.SASL{Mechanism: strings.ToUpper(c.Mechanism), User: c.User, Password: c.Password}
	case c.User != "":
		config.SASL = &cluster.SASL{Mechanism: "PLAIN", User: c.User, Password: c.Password}
	}
	return config
}

// bearer is a login by a token, or by one that the client of OAuth is given.
func bearer(c *driver.Config) *cluster.SASL {
	s := &cluster.SASL{Mechanism: oauthBearer, Token: c.Password, Extensions: map[string]string{}}
	if at := c.Value("token_url"); at != "" {
		s.User, s.Password, s.Token = c.User, c.Password, ""
		s.Tokens = &cluster.Tokens{URL: at, Scope: c.Value("token_scope")}
	}
	for _, extension := range c.Values["token_extension"] {
		name, value, _ := strings.Cut(extension, ":")
		s.Extensions[name] = value
	}
	return s
}

// checkTokenURL refuses what would tell the secret to whoever is on the way.
func checkTokenURL(value string) error {
	at, err := url.Parse(value)
	switch {
	case err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http":
		return errors.New("it is written https://HOST/PATH")
	case at.User != nil:
		return errors.New("the client is the user of the source, and its secret the password")
	case at.Scheme == "http" && !driver.IsLoopback(at.Hostname()):
		return errors.New("the client's secret goes there, so that it must be https")
	}
	return nil
}

// extensionName is what the broker takes (KIP-342).
var extensionName = regexp.MustCompile(`^[A-Za-z]+:[\x21-\x7e \t\r\n]+$`)

func checkExtension(value string) error {
	if !extensionName.MatchString(value) || strings.HasPrefix(value, "auth:") {
		return errors.New("it is written NAME:VALUE, of letters and printable characters")
	}
	return nil
}

// readPath reads orders,payments or ~regular.expression.
func readPath(path string) (string, error) {
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return "", nil
	}
	var topics []string
	for i, part := range strings.Split(path, ",") {
		topic, err := url.PathUnescape(part)
		if err != nil {
			return "", fmt.Errorf("in topic %d, a %% must be followed by two hexadecimal digits", i+1)
		}
		if err := checkTopic(i+1, topic); err != nil {
			return "", err
		}
		if !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	return joinTopics(topics), nil
}

func checkTopic(number int, topic string) error {
	if topic == "" {
		return fmt.Errorf("topic %d of the list is empty", number)
	}
	if expression, isPattern := strings.CutPrefix(topic, "~"); isPattern {
		if _, err := regexp.Compile(expression); err != nil {
			return fmt.Errorf("the pattern of topic %d is not a regular expression (%s)", number, patternError(err))
		}
		return nil
	}
	if strings.ContainsRune(topic, '/') {
		return fmt.Errorf("topic %d holds a slash; topics are separated by commas", number)
	}
	if strings.ContainsFunc(topic, notInTopics) {
		return fmt.Errorf("topic %d holds a character that no topic has; a pattern begins with ~, as in ~orders.*", number)
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

// topicsOf are the topics of a path that readPath returned.
func topicsOf(path string) (topics []string) {
	if path == "" {
		return nil
	}
	for part := range strings.SplitSeq(path, ",") {
		topic, _ := url.PathUnescape(part) // readPath has escaped it
		topics = append(topics, topic)
	}
	return topics
}

func joinTopics(topics []string) string {
	escaped := make([]string, len(topics))
	for i, topic := range topics {
		escaped[i] = driver.Escape(topic, ",/?")
	}
	return strings.Join(escaped, ",")
}

// named are the topics that are no patterns.
func named(c *driver.Config) []string {
	return slices.DeleteFunc(topicsOf(c.Path), func(topic string) bool { return topic[0] == '~' })
}

// existing are the topics of the cluster that are not internal, as far as the user may know of them.
func existing(ctx context.Context, c driver.Config) (names []string, err error) {
	c.Path = ""
	all, err := Open(ctx, configOf(&c))
	if err != nil {
		return nil, err
	}
	defer all.Close()
	destinations, err := all.Destinations(ctx)
	for _, d := range destinations {
		names = append(names, d.Name)
	}
	return names, err
}

func soleTopic(c *driver.Config) (deadletter.Target, error) {
	topics := topicsOf(c.Path)
	if len(topics) != 1 || topics[0][0] == '~' {
		return "", errors.New("name one topic, as in kafka://host:9092/orders")
	}
	return deadletter.Target(topics[0]), nil
}
