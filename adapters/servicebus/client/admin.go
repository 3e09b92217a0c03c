package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin" // what it says of entities; see package doc

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// attempts is how often a question about entities is asked.
const attempts = 2

// elsewhere asks another address than that of the namespace.
type elsewhere struct {
	web *http.Client
	to  *url.URL // nil is the namespace itself
}

// Do implements policy.Transporter.
func (e *elsewhere) Do(request *http.Request) (*http.Response, error) {
	if e.to != nil {
		request.URL.Scheme, request.URL.Host, request.Host = e.to.Scheme, e.to.Host, e.to.Host
	}
	return e.web.Do(request)
}

func (c *Client) openAdmin() (err error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	files := c.config.TLS
	if files == nil {
		files = &driver.TLS{}
	}
	if transport.TLSClientConfig, err = files.Settings(""); err != nil {
		return err
	}
	c.web = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	asked := &elsewhere{web: c.web}
	if c.config.Management != "" {
		if asked.to, err = url.Parse(c.config.Management); err != nil {
			return wrong("read management=", "it is no URL", "write it as http://127.0.0.1:5300")
		}
	}
	options := &admin.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: asked, Retry: policy.RetryOptions{MaxRetries: attempts - 1, RetryDelay: time.Second, TryTimeout: askTime}}}
	if c.who.secret != nil {
		c.admin, err = admin.NewClientFromConnectionString(c.who.secret.connectionString(c.host), options)
	} else {
		c.admin, err = admin.NewClient(c.host, &c.who, options)
	}
	if err != nil {
		return wrong("read the connection string", "the vendor's client does not take it", "copy it anew")
	}
	return nil
}

// Settings are how an entity is set up, as far as it matters here.
type Settings struct {
	Entity
	IsTopic bool

	Active          bool
	Sessions        bool
	Duplicates      bool // those of the same id are dropped
	Partitioned     bool
	Lock            time.Duration // how long a message is locked; 0 is not told
	ForwardTo       string        // the name of an entity, or empty
	ForwardLetterTo string
}

// Counts are how many messages an entity holds.
type Counts struct {
	Entity
	Active, Dead, Scheduled, TransferDead int64
}

var durations = regexp.MustCompile(`^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$`)

// duration is an ISO 8601 duration of at most some days, or 0.
func duration(setting *string) (d time.Duration) {
	if setting == nil {
		return 0
	}
	parts := durations.FindStringSubmatch(*setting)
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if parts == nil {
			return 0
		}
		if n, err := strconv.ParseFloat(parts[i+1], 64); err == nil && n < 1e4 {
			d += time.Duration(n * float64(unit))
		}
	}
	return d
}

func yes(b *bool) bool { return b != nil && *b }

// target is the entity that a setting names, which may be a URL.
func target(setting *string) string {
	if setting == nil || *setting == "" {
		return ""
	}
	if u, err := url.Parse(*setting); err == nil && u.Host != "" {
		return strings.Trim(u.Path, "/")
	}
	return strings.Trim(*setting, "/")
}

func active(status *admin.EntityStatus) bool {
	return status == nil || *status == admin.EntityStatusActive
}

func settingsOfQueue(name string, p *admin.QueueProperties) Settings {
	return Settings{Entity: Entity{Name: name}, Active: active(p.Status), Sessions: yes(p.RequiresSession), Duplicates: yes(p.RequiresDuplicateDetection), Partitioned: yes(p.EnablePartitioning), Lock: duration(p.LockDuration), ForwardTo: target(p.ForwardTo), ForwardLetterTo: target(p.ForwardDeadLetteredMessagesTo)}
}

func settingsOfTopic(name string, p *admin.TopicProperties) Settings {
	return Settings{Entity: Entity{Name: name}, IsTopic: true, Active: active(p.Status), Duplicates: yes(p.RequiresDuplicateDetection), Partitioned: yes(p.EnablePartitioning)}
}

func settingsOfSubscription(topic, name string, p *admin.SubscriptionProperties) Settings {
	return Settings{Entity: Entity{Topic: topic, Name: name}, Active: active(p.Status), Sessions: yes(p.RequiresSession), Lock: duration(p.LockDuration), ForwardTo: target(p.ForwardTo), ForwardLetterTo: target(p.ForwardDeadLetteredMessagesTo)}
}

// unasked is why nobody can be asked about entities, or nil.
func (c *Client) unasked() error {
	if !c.config.Plain || c.config.Management != "" {
		return nil
	}
	return &adapters.Problem{Doing: "ask about entities in " + c.Place(), Cause: "where the management API of an emulator is was not told", Remedy: "add management=http://HOST:PORT", Kind: adapters.ErrNotAuthorized}
}

// Settings are those of one entity.
func (c *Client) Settings(ctx context.Context, e Entity) (Settings, error) {
	if err := c.unasked(); err != nil {
		return Settings{}, err
	}
	if e.Topic != "" {
		response, err := c.admin.GetSubscription(ctx, e.Topic, e.Name, nil)
		if err != nil || response == nil {
			return Settings{}, c.absent(ctx, e, err)
		}
		return settingsOfSubscription(response.TopicName, response.SubscriptionName, &response.SubscriptionProperties), nil
	}
	queue, err := c.admin.GetQueue(ctx, e.Name, nil)
	if err != nil {
		return Settings{}, c.absent(ctx, e, err)
	}
	if queue != nil && queue.Status != nil { // of a topic the vendor's client makes a queue without settings
		return settingsOfQueue(queue.QueueName, &queue.QueueProperties), nil
	}
	topic, err := c.admin.GetTopic(ctx, e.Name, nil)
	if err != nil || topic == nil {
		return Settings{}, c.absent(ctx, e, err)
	}
	return settingsOfTopic(topic.TopicName, &topic.TopicProperties), nil
}

// absent is the problem of an entity about which nothing was told.
func (c *Client) absent(ctx context.Context, e Entity, err error) error {
	if err == nil {
		err = &azcore.ResponseError{StatusCode: http.StatusNotFound}
	}
	return c.Problem(ctx, "ask about "+e.String(), err)
}

// All are the settings of all entities, sorted by name: queues, topics, and the subscriptions of each.
func (c *Client) All(ctx context.Context) (all []Settings, err error) {
	if err := c.unasked(); err != nil {
		return nil, err
	}
	queues := c.admin.NewListQueuesPager(nil)
	for queues.More() {
		page, err := queues.NextPage(ctx)
		if err != nil {
			return nil, c.Problem(ctx, "list the queues", err)
		}
		for i := range page.Queues {
			all = append(all, settingsOfQueue(page.Queues[i].QueueName, &page.Queues[i].QueueProperties))
		}
	}
	topics := c.admin.NewListTopicsPager(nil)
	for topics.More() {
		page, err := topics.NextPage(ctx)
		if err != nil {
			return nil, c.Problem(ctx, "list the topics", err)
		}
		for i := range page.Topics {
			all = append(all, settingsOfTopic(page.Topics[i].TopicName, &page.Topics[i].TopicProperties))
			subscriptions, err := c.Subscriptions(ctx, page.Topics[i].TopicName)
			if err != nil && !errors.Is(err, adapters.ErrUnknownDestination) { // it was deleted meanwhile
				return nil, err
			}
			all = append(all, subscriptions...)
		}
	}
	slices.SortFunc(all, func(a, b Settings) int { return strings.Compare(a.String(), b.String()) })
	return all, nil
}

// Subscriptions are those of a topic.
func (c *Client) Subscriptions(ctx context.Context, topic string) (all []Settings, err error) {
	pager := c.admin.NewListSubscriptionsPager(topic, nil)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, c.Problem(ctx, "list the subscriptions of "+topic, err)
		}
		for i := range page.Subscriptions {
			all = append(all, settingsOfSubscription(topic, page.Subscriptions[i].SubscriptionName, &page.Subscriptions[i].SubscriptionProperties))
		}
	}
	return all, nil
}

// untold is what the vendor's client says of an answer that has no counts in it.
const untold = "CountDetails"

// Counts are those of one queue or subscription, -1 where the service does not tell.
func (c *Client) Counts(ctx context.Context, e Entity) (Counts, error) {
	if err := c.unasked(); err != nil {
		return Counts{}, err
	}
	if e.Topic != "" {
		response, err := c.admin.GetSubscriptionRuntimeProperties(ctx, e.Topic, e.Name, nil)
		switch {
		case err != nil && strings.Contains(err.Error(), untold):
			return Counts{e, -1, -1, -1, -1}, nil
		case err != nil || response == nil:
			return Counts{}, c.absent(ctx, e, err)
		}
		return countsOfSubscription(e, &response.SubscriptionRuntimeProperties), nil
	}
	response, err := c.admin.GetQueueRuntimeProperties(ctx, e.Name, nil)
	switch {
	case err != nil && strings.Contains(err.Error(), untold):
		return Counts{e, -1, -1, -1, -1}, nil
	case err != nil || response == nil:
		return Counts{}, c.absent(ctx, e, err)
	}
	return countsOfQueue(e, &response.QueueRuntimeProperties), nil
}

func countsOfQueue(e Entity, p *admin.QueueRuntimeProperties) Counts {
	return Counts{e, int64(p.ActiveMessageCount), int64(p.DeadLetterMessageCount), int64(p.ScheduledMessageCount), int64(p.TransferDeadLetterMessageCount)}
}

func countsOfSubscription(e Entity, p *admin.SubscriptionRuntimeProperties) Counts {
	return Counts{e, int64(p.ActiveMessageCount), int64(p.DeadLetterMessageCount), 0, int64(p.TransferDeadLetterMessageCount)}
}

// AllCounts are those of all queues and subscriptions.
func (c *Client) AllCounts(ctx context.Context) (all []Counts, err error) {
	if err := c.unasked(); err != nil {
		return nil, err
	}
	all, err = c.listedCounts(ctx)
	if err == nil || !strings.Contains(err.Error(), untold) {
		return all, c.Problem(ctx, "count the messages of all", err)
	}
	there, err := c.All(ctx) // of a list with one that is not told nothing is
	if err != nil {
		return nil, err
	}
	all = nil
	for i := range there {
		if there[i].IsTopic {
			continue
		}
		one, err := c.Counts(ctx, there[i].Entity)
		if err != nil && !errors.Is(err, adapters.ErrUnknownDestination) { // it was deleted meanwhile
			return nil, err
		} else if err == nil {
			all = append(all, one)
		}
	}
	return all, nil
}

func (c *Client) listedCounts(ctx context.Context) (all []Counts, err error) {
	queues := c.admin.NewListQueuesRuntimePropertiesPager(nil)
	for queues.More() {
		page, err := queues.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for i := range page.QueueRuntimeProperties {
			one := &page.QueueRuntimeProperties[i]
			all = append(all, countsOfQueue(Entity{Name: one.QueueName}, &one.QueueRuntimeProperties))
		}
	}
	topics := c.admin.NewListTopicsPager(nil)
	for topics.More() {
		page, err := topics.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for i := range page.Topics {
			if all, err = c.countsOfTopic(ctx, page.Topics[i].TopicName, all); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// countsOfTopic adds those of the subscriptions of a topic.
func (c *Client) countsOfTopic(ctx context.Context, topic string, all []Counts) ([]Counts, error) {
	pager := c.admin.NewListSubscriptionsRuntimePropertiesPager(topic, nil)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			var response *azcore.ResponseError
			if errors.As(err, &response) && response.StatusCode == http.StatusNotFound {
				return all, nil // it was deleted meanwhile
			}
			return nil, err
		}
		for i := range page.SubscriptionRuntimeProperties {
			one := &page.SubscriptionRuntimeProperties[i]
			all = append(all, countsOfSubscription(Entity{Topic: topic, Name: one.SubscriptionName}, &one.SubscriptionRuntimeProperties))
		}
	}
	return all, nil
}

// Rule is which messages a subscription gets.
type Rule struct {
	Name string
	All  bool // it lets everything through
	None bool
	Text string // the filter as people write it
}

// Rules are those of a subscription.
func (c *Client) Rules(ctx context.Context, e Entity) (all []Rule, err error) {
	pager := c.admin.NewListRulesPager(e.Topic, e.Name, nil)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, c.Problem(ctx, "list the rules of "+e.String(), err)
		}
		for i := range page.Rules {
			all = append(all, ruleOf(&page.Rules[i]))
		}
	}
	return all, nil
}

func ruleOf(p *admin.RuleProperties) Rule {
	rule := Rule{Name: p.Name}
	switch filter := p.Filter.(type) {
	case *admin.TrueFilter:
		rule.All = true
	case *admin.FalseFilter:
		rule.None = true
	case *admin.SQLFilter:
		rule.Text = filter.Expression
		rule.All, rule.None = strings.TrimSpace(rule.Text) == "1=1", strings.TrimSpace(rule.Text) == "1=0"
	case *admin.CorrelationFilter:
		rule.Text = correlation(filter)
	default:
		rule.Text = cmp.Or(p.Name, "a filter")
	}
	return rule
}

// correlation is such a filter as the filter language would say it.
func correlation(f *admin.CorrelationFilter) string {
	var parts []string
	for _, one := range []struct {
		name  string
		value *string
	}{
		{"sys.ContentType", f.ContentType}, {"sys.CorrelationId", f.CorrelationID}, {"sys.MessageId", f.MessageID}, {"sys.ReplyTo", f.ReplyTo},
		{"sys.ReplyToSessionId", f.ReplyToSessionID}, {"sys.SessionId", f.SessionID}, {"sys.Label", f.Subject}, {"sys.To", f.To},
	} {
		if one.value != nil {
			parts = append(parts, fmt.Sprintf("%s = '%s'", one.name, *one.value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.ApplicationProperties)) {
		parts = append(parts, fmt.Sprintf("%s = '%v'", name, f.ApplicationProperties[name]))
	}
	return strings.Join(parts, " AND ")
}
