package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// internalPrefix is how brokers and their tools name topics for themselves.
const internalPrefix = "__"

// catalog is what the cluster says it has, at one moment. It never changes.
type catalog struct {
	topics  map[string]*topic
	brokers map[int32]string // addresses by node id
}

// topic is one topic of a catalog.
type topic struct {
	name     string
	id       [16]byte // all zero before Kafka 2.8
	internal bool
	leaders  map[int32]int32 // node id by partition; -1 where there is none now
	err      error           // why the topic cannot be read: unknown, not allowed
	allowed  int32           // operations, as bits
}

// readCatalog asks for the topics named, or for all if there are none. It returns
// topics that are unknown or forbidden too, with their err.
func readCatalog(ctx context.Context, client *kgo.Client, names []string) (*catalog, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.AllowAutoTopicCreation = false
	request.IncludeTopicAuthorizedOperations = true
	for _, name := range names {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		request.Topics = append(request.Topics, t)
	}
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	c := &catalog{topics: make(map[string]*topic), brokers: make(map[int32]string)}
	for _, b := range response.Brokers {
		c.brokers[b.NodeID] = fmt.Sprintf("%s:%d", b.Host, b.Port)
	}
	for i := range response.Topics {
		if t := &response.Topics[i]; t.Topic != nil {
			c.topics[*t.Topic] = newTopic(t)
		}
	}
	unanswered := func(name string) bool { return c.topics[name] == nil }
	if len(c.brokers) == 0 || slices.ContainsFunc(names, unanswered) {
		return nil, errNotWhole
	}
	return c, nil
}

// errNotWhole says that an answer leaves out what was asked, which is not to say that there is none.
var errNotWhole = errors.New("the broker's answer leaves out what it was asked for")

func newTopic(t *kmsg.MetadataResponseTopic) *topic {
	out := &topic{
		name: *t.Topic, id: t.TopicID, leaders: make(map[int32]int32, len(t.Partitions)),
		internal: t.IsInternal || strings.HasPrefix(*t.Topic, internalPrefix) || *t.Topic == LedgerTopic,
		err:      kerr.ErrorForCode(t.ErrorCode),
		allowed:  t.AuthorizedOperations,
	}
	for _, p := range t.Partitions {
		out.leaders[p.Partition] = p.Leader
	}
	if out.err == nil && !may(kmsg.ACLOperationRead, out.allowed) {
		out.err = kerr.TopicAuthorizationFailed
	}
	return out
}

// may reads the bit field of allowed operations (KIP-430). The least integer means that
// the broker does not say; so does zero, from brokers without authorization that fill
// nothing in.
func may(operation kmsg.ACLOperation, allowed int32) bool {
	return allowed == math.MinInt32 || allowed == 0 || allowed&(1<<operation) != 0
}

// leader is the node that leads a partition, or -1.
func (t *topic) leader(partition int32) int32 {
	if t != nil && t.err == nil {
		if leader, ok := t.leaders[partition]; ok {
			return leader
		}
	}
	return -1
}

func (t *topic) forbidden() bool { return errors.Is(t.err, kerr.TopicAuthorizationFailed) }

func (t *topic) unknown() bool {
	return errors.Is(t.err, kerr.UnknownTopicOrPartition) || errors.Is(t.err, kerr.InvalidTopicException)
}

// selection is Config.Topics made ready.
type selection struct {
	names    []string // exact names
	patterns []*regexp.Regexp
}

func newSelection(c *Config) (*selection, error) {
	s := &selection{}
	for _, text := range c.Topics {
		expression, isPattern := strings.CutPrefix(text, "~")
		if !isPattern {
			if text == "" {
				return nil, c.usage("an empty topic name", "leave it out to read every topic")
			}
			s.names = append(s.names, text)
			continue
		}
		pattern, err := regexp.Compile("^(?:" + expression + ")$")
		if err != nil {
			return nil, c.usage(fmt.Sprintf("topic expression %q: %v", text, err), "see the syntax of Go's regexp package")
		}
		s.patterns = append(s.patterns, pattern)
	}
	return s, nil
}

// ask are the names to ask the cluster for; nil means that all are needed.
func (s *selection) ask() []string {
	if len(s.patterns) > 0 {
		return nil
	}
	return s.names
}

// wants says whether t is selected.
func (s *selection) wants(t *topic) bool {
	if slices.Contains(s.names, t.name) {
		return true
	}
	if t.internal {
		return false
	}
	if len(s.names) == 0 && len(s.patterns) == 0 {
		return true
	}
	return slices.ContainsFunc(s.patterns, func(p *regexp.Regexp) bool { return p.MatchString(t.name) })
}

// chosen returns the selected topics of c by name, and the problems of those that
// cannot be read, one sentence each.
func (s *selection) chosen(config *Config, c *catalog) (topics []*topic, problems []string) {
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		t := c.topics[name]
		switch {
		case !s.wants(t):
		case t.forbidden():
			problems = append(problems, config.notAllowed(name).Error())
		case t.err != nil:
			if slices.Contains(s.names, name) {
				problems = append(problems, fmt.Sprintf("topic %q: %s; reading goes on when it is there", name, inWords(t.err)))
			}
		default:
			topics = append(topics, t)
		}
	}
	if len(topics) == 0 && len(problems) == 0 {
		problems = append(problems, fmt.Sprintf("no topic of the cluster is selected: none matches %s, or user %s may describe none that does", s, config.user()))
	}
	return topics, problems
}

// String says what is selected.
func (s *selection) String() string {
	list := slices.Clone(s.names)
	for _, p := range s.patterns {
		list = append(list, "~"+strings.TrimSuffix(strings.TrimPrefix(p.String(), "^(?:"), ")$"))
	}
	if len(list) == 0 {
		return "(any but internal topics)"
	}
	return strings.Join(list, ", ")
}

// inWords is a broker's error in few words.
func inWords(err error) string {
	var e *kerr.Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "a broker calls itself " + dns.Name + ", and there is no such host (advertised.listeners)"
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return "the broker has no such topic now"
	case errors.Is(err, kerr.LeaderNotAvailable):
		return "no broker leads it now"
	case errors.As(err, &e):
		return strings.ToLower(strings.ReplaceAll(e.Message, "_", " "))
	}
	return err.Error()
}

// verify is what Open demands of a catalog: every exact name is known, and at least
// one topic may be read if any is named.
func (s *selection) verify(config *Config, c *catalog) error {
	readable := 0
	var refused error
	for _, name := range s.names {
		t := c.topics[name]
		switch {
		case t == nil || t.unknown():
			return config.unknown(name)
		case t.forbidden():
			refused = config.notAllowed(name)
		default:
			readable++
		}
	}
	if readable == 0 && len(s.patterns) == 0 {
		return refused
	}
	return nil
}
