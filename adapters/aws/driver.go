package aws

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/aws/dlq"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
)

const (
	brokerSQS adapters.Broker = "sqs"
	brokerSNS adapters.Broker = "sns"
)

// SQS is how the program knows the queues.
var SQS = driver.Driver{
	Broker:   brokerSQS,
	Words:    driver.Words{Product: "Amazon SQS", Read: "queue", ReadMany: "queues", Target: "a queue", Seen: adapters.Queue},
	Schemes:  []driver.Scheme{{Name: "sqs", TLS: true}},
	Example:  "sqs://region/queue",
	OneHost:  "name several sources for several regions",
	NoLogin:  noLogin,
	Cost:     dlq.Received,
	Naming:   "behind the slash, as in sqs://region/orders-dlq",
	ReadPath: readNames,
	Pasted:   func(text string) (string, bool) { return pasted(text, "sqs") },
	Parameters: append([]driver.Parameter{
		{Name: "create", Value: "true", Check: driver.Switch, Says: "read a copy of what SNS sends to the queue, by a queue and subscriptions that are made for this and removed at the end"},
	}, common...),
	Named:    func(c *driver.Config) []string { return namesOf(c.Path) },
	Existing: driver.OfOneKind(func(c *driver.Config) []string { return namesOf(c.Path) }, existing),
	Target: func(c *driver.Config) (deadletter.Target, error) {
		if names := namesOf(c.Path); len(names) == 1 {
			return deadletter.Target(names[0]), nil
		}
		return "", errors.New("name one queue, as in sqs://region/orders")
	},
	TargetOf: dlq.TargetOf,
	Open: func(ctx context.Context, c driver.Config) (*driver.Source, error) {
		return opened(Open(ctx, configOf(&c)))
	},
}

// SNS is how the program knows the topics.
var SNS = driver.Driver{
	Broker:   brokerSNS,
	Words:    driver.Words{Product: "Amazon SNS", Read: "topic", ReadMany: "topics", Target: "a queue of SQS", Seen: adapters.Topic},
	Schemes:  []driver.Scheme{{Name: "sns", TLS: true}},
	Example:  "sns://region/topic?create=true",
	OneHost:  "name several sources for several regions",
	NoLogin:  noLogin,
	ReadPath: readNames,
	Pasted:   func(text string) (string, bool) { return pasted(text, "sns") },
	Parameters: append([]driver.Parameter{
		{Name: "create", Value: "true", Check: driver.Switch, Says: "read what topics publish, by a queue and subscriptions that are made for this and removed at the end"},
		{Name: "filter", Value: "POLICY", Check: checkPolicy, Says: "a filter policy of SNS: only what it lets through is published to us"},
		{Name: "scope", Value: "body", Check: checkScope, Says: "the filter policy is about the body; it is about the attributes else"},
	}, common...),
	Named:    func(c *driver.Config) []string { return namesOf(c.Path) },
	Existing: driver.OfOneKind(func(c *driver.Config) []string { return namesOf(c.Path) }, existingTopics),
	Target: func(*driver.Config) (deadletter.Target, error) {
		return "", errors.New("copies go to a queue, as in sqs://region/orders: a topic would send them to all who subscribe")
	},
	TargetOf: dlq.TargetOf,
	Open: func(ctx context.Context, c driver.Config) (*driver.Source, error) {
		config := configOf(&c)
		config.Topics = true
		return opened(Open(ctx, config))
	},
}

const noLogin = "credentials are those of the aws command: a profile, single sign-on, or variables such as AWS_PROFILE"

// common are the parameters of both.
var common = []driver.Parameter{
	{Name: "profile", Value: "NAME", Says: "the profile of the shared config, if not that of AWS_PROFILE"},
	{Name: "role", Value: "ARN", Check: checkRole, Says: "a role to assume"},
	{Name: "account", Value: "NUMBER", Check: checkAccount, Says: "whose queues and topics are meant, if not the caller's own"},
	{Name: "endpoint", Value: "http://HOST:PORT", Check: checkEndpoint, Says: "another endpoint than that of the region, such as an emulator's"},
}

func opened(a *Adapter, err error) (*driver.Source, error) {
	if err != nil {
		return nil, err
	}
	return a.Source(), nil
}

func configOf(c *driver.Config) Config {
	config := Config{
		Config: client.Config{Profile: c.Value("profile"), Role: c.Value("role"), Account: c.Value("account"), Endpoint: c.Value("endpoint"), TLS: c.TLS},
		Name:   c.Name, Names: namesOf(c.Path), Create: c.On("create"), Filter: c.Value("filter"), Purpose: c.Purpose, Write: c.Write,
	}
	if len(c.Hosts) > 0 {
		config.Region = c.Hosts[0]
	}
	if c.Value("scope") == "body" {
		config.Scope = "MessageBody"
	}
	if c.Memory > 0 {
		config.Memory = c.Memory / int64(max(1, c.Sources))
	}
	return config
}

func namesOf(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, ",")
}

func readNames(path string) (string, error) {
	for _, name := range namesOf(path) {
		if err := client.CheckName(name); err != nil {
			return "", err
		}
	}
	return path, nil
}

// pasted is the address of a queue or topic, as the services write it, as a URL.
func pasted(text, service string) (string, bool) {
	arn, ok := client.ParseARN(text)
	if !ok {
		arn, ok = client.ParseQueueURL(text)
	}
	if !ok || arn.Service != service || strings.Count(text, ":") > 5 && strings.HasPrefix(text, "arn:") {
		return "", false
	}
	return service + "://" + arn.Region + "/" + arn.Name + "?account=" + arn.Account, true
}

func existing(ctx context.Context, c driver.Config) ([]string, error) {
	asked, err := client.Open(ctx, configOf(&c).Config)
	if err != nil {
		return nil, err
	}
	defer asked.Close()
	return asked.AllNames(ctx)
}

func existingTopics(ctx context.Context, c driver.Config) (names []string, err error) {
	asked, err := client.Open(ctx, configOf(&c).Config)
	if err != nil {
		return nil, err
	}
	defer asked.Close()
	topics, err := asked.Topics(ctx)
	for _, topic := range topics {
		names = append(names, topic.Name)
	}
	return names, err
}

func checkEndpoint(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("it is an http or https URL without a user, as in endpoint=http://127.0.0.1:4566")
	}
	return nil
}

var (
	accounts = regexp.MustCompile(`^\d{12}$`)
	roles    = regexp.MustCompile(`^arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+$`)
)

func checkAccount(value string) error {
	if !accounts.MatchString(value) {
		return errors.New("it is a number of twelve digits")
	}
	return nil
}

func checkRole(value string) error {
	if !roles.MatchString(value) {
		return errors.New("it is the ARN of a role, as in role=arn:aws:iam::123456789012:role/observer")
	}
	return nil
}

func checkPolicy(value string) error {
	if policy := map[string]any(nil); json.Unmarshal([]byte(value), &policy) != nil {
		return errors.New(`it is a JSON object, as in filter={"type":["OrderPlaced"]}`)
	}
	return nil
}

func checkScope(value string) error {
	if value != "attributes" && value != "body" {
		return errors.New("it is attributes or body")
	}
	return nil
}
