package kafka_test

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// restricted is a cluster with topics open and closed, and how to open it as a user who
// may do only what acls say.
type restricted func(t *testing.T, acls ...kfake.ACL) (*cluster, kafka.Config)

// restrictedClusters tells a story on the embedded cluster and on a real broker of its own.
func restrictedClusters(t *testing.T, story func(*testing.T, restricted)) {
	t.Run("Embedded", func(t *testing.T) {
		story(t, func(t *testing.T, acls ...kfake.ACL) (*cluster, kafka.Config) {
			c, _ := fakeWithUser(t, acls...)
			return c, kafka.Config{Brokers: []string{c.address}, SASL: &kafka.SASL{Mechanism: "PLAIN", User: "reader", Password: secret}}
		})
	})
	t.Run("Real", func(t *testing.T) {
		b, c := ownBroker(t, "--secure", "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users=User:ANONYMOUS")
		c.create(t, "open", 1)
		c.create(t, "closed", 1)
		port, err := strconv.Atoi(b.port)
		if err != nil {
			t.Fatal(err)
		}
		story(t, func(t *testing.T, acls ...kfake.ACL) (*cluster, kafka.Config) {
			c.grant(t, "User:tester", acls)
			return c, kafka.Config{
				Brokers: []string{net.JoinHostPort("127.0.0.1", strconv.Itoa(port+saslPlaintext))},
				SASL:    &kafka.SASL{Mechanism: "PLAIN", User: "tester", Password: "tester-secret"},
			}
		})
	})
}

// grant gives a user these rights and no others, until the test ends.
func (c *cluster) grant(t *testing.T, user string, acls []kfake.ACL) {
	t.Helper()
	create, remove := kmsg.NewPtrCreateACLsRequest(), kmsg.NewPtrDeleteACLsRequest()
	for _, a := range acls {
		one := kmsg.NewCreateACLsRequestCreation()
		one.ResourceType, one.ResourceName, one.ResourcePatternType = a.Resource, a.Name, a.Pattern
		one.Principal, one.Host, one.Operation, one.PermissionType = user, "*", a.Operation, kmsg.ACLPermissionTypeAllow
		create.Creations = append(create.Creations, one)
	}
	all := kmsg.NewDeleteACLsRequestFilter()
	all.ResourceType, all.ResourcePatternType = kmsg.ACLResourceTypeAny, kmsg.ACLResourcePatternTypeAny
	all.Operation, all.PermissionType, all.Principal = kmsg.ACLOperationAny, kmsg.ACLPermissionTypeAny, &user
	remove.Filters = append(remove.Filters, all)
	for _, request := range []kmsg.Request{remove, create} {
		if _, err := c.client.Request(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	c.awaitRights(t, user, acls)
}

// awaitRights waits until the broker goes by just these rights: it learns of them a moment
// after the controller has taken them.
func (c *cluster) awaitRights(t *testing.T, user string, acls []kfake.ACL) {
	t.Helper()
	want := map[kfake.ACL]bool{}
	for _, a := range acls {
		want[kfake.ACL{Resource: a.Resource, Name: a.Name, Pattern: a.Pattern, Operation: a.Operation}] = true
	}
	describe := kmsg.NewPtrDescribeACLsRequest()
	describe.ResourceType, describe.ResourcePatternType = kmsg.ACLResourceTypeAny, kmsg.ACLResourcePatternTypeAny
	describe.Operation, describe.PermissionType, describe.Principal = kmsg.ACLOperationAny, kmsg.ACLPermissionTypeAny, &user
	for limit := time.Now().Add(time.Minute); ; {
		answer, err := describe.RequestWith(t.Context(), c.client)
		if err != nil {
			t.Fatal(err)
		}
		now := map[kfake.ACL]bool{}
		for _, resource := range answer.Resources {
			for _, a := range resource.ACLs {
				now[kfake.ACL{Resource: resource.ResourceType, Name: resource.ResourceName, Pattern: resource.ResourcePatternType, Operation: a.Operation}] = true
			}
		}
		if maps.Equal(now, want) {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("user %s has the rights %+v, not %+v", user, now, want)
		}
	}
}

func allow(kind kmsg.ACLResourceType, name string, operations ...kmsg.ACLOperation) (acls []kfake.ACL) {
	for _, operation := range operations {
		acls = append(acls, kfake.ACL{Resource: kind, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation, Allow: true})
	}
	return acls
}

// has says whether the cluster has a topic.
func (c *cluster) has(t testing.TB, topic string) bool {
	t.Helper()
	topics, err := c.admin.ListTopics(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return topics.Has(topic)
}

// TestNoPermission is about users who may look, and lack one right or another to act.
func TestNoPermission(t *testing.T) {
	const read, write, create = kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate
	dlq := allow(kmsg.ACLResourceTypeTopic, "closed", read)
	ledger := allow(kmsg.ACLResourceTypeTopic, kafka.LedgerTopic, read, write, create)
	makes := slices.Concat(allow(kmsg.ACLResourceTypeTopic, kafka.LedgerTopic, read, create), allow(kmsg.ACLResourceTypeCluster, "kafka-cluster", kmsg.ACLOperationDescribe, create))
	id := allow(kmsg.ACLResourceTypeTransactionalId, "eventscope.closed", write)
	restrictedClusters(t, func(t *testing.T, as restricted) {
		for _, test := range []struct {
			name  string
			acls  [][]kfake.ACL
			sends bool // it fails only then
		}{
			{name: "unwritten ledger", acls: [][]kfake.ACL{dlq, id, makes}}, // first: the cluster has never seen a transaction
			{name: "ledger", acls: [][]kfake.ACL{dlq, id}},
			{name: "transactional id", acls: [][]kfake.ACL{dlq, ledger}},
			{name: "target", acls: [][]kfake.ACL{dlq, ledger, id, allow(kmsg.ACLResourceTypeTopic, "open", read)}, sends: true},
			{name: "unseen target", acls: [][]kfake.ACL{dlq, ledger, id}, sends: true},
		} {
			name := test.name
			t.Run(name, func(t *testing.T) {
				c, config := as(t, slices.Concat(test.acls...)...)
				c.publish(t, "closed", letter(0, "k", "letter"))
				config.Topics, config.Write = []string{"closed"}, true
				a := opened(t, config)
				defer a.Close()
				held := peek(t, a, "closed")
				// A plan names what is missing before anything is tried, all of it.
				lacks, err := a.Lacks(t.Context(), "closed")
				said := strings.Join(lacks, "; ")
				if err != nil || strings.Contains(said, "transactional id eventscope.closed") != (name == "transactional id") || strings.HasSuffix(name, "ledger") && !strings.Contains(said, "Write and Read on topic "+kafka.LedgerTopic) && !strings.Contains(said, "Write on topic "+kafka.LedgerTopic) {
					t.Errorf("lacks %q, %v", said, err)
				}
				had := c.has(t, kafka.LedgerTopic)
				r, err := a.Redrive(t.Context(), deadletter.Order{DLQ: "closed", Letters: positions(held)})
				if !test.sends {
					isProblem(t, err, adapters.ErrNotAuthorized)
					if !had && c.has(t, kafka.LedgerTopic) {
						t.Error("a refusal has left the ledger behind")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				outcomes, err := r.Send(t.Context(), []deadletter.Copy{{Of: &held[0], To: deadletter.Target("open")}}, nil)(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				isProblem(t, outcomes[0], adapters.ErrNotAuthorized)
			})
		}
	})
}

// TestLookingTakesNoRightToTheLedger reads letters as a user who may read these alone. That
// the ledger may not be read is said, whether it is there or not.
func TestLookingTakesNoRightToTheLedger(t *testing.T) {
	restrictedClusters(t, func(t *testing.T, as restricted) {
		c, config := as(t, allow(kmsg.ACLResourceTypeTopic, "closed", kmsg.ACLOperationRead)...)
		c.publish(t, "closed", letter(0, "k", "letter"))
		config.Topics = []string{"closed"}
		a := opened(t, config)
		defer a.Close()
		if held := peek(t, a, "closed"); len(held) != 1 {
			t.Errorf("letters %v", held)
		}
		_, err := a.Ledger(t.Context(), deadletter.LedgerQuery{}, func(deadletter.Entry) error { return nil })
		isProblem(t, err, adapters.ErrNotAuthorized)
	})
}

// TestReachWithoutPermission says what cannot be known.
func TestReachWithoutPermission(t *testing.T) {
	topic := allow(kmsg.ACLResourceTypeTopic, "open", kmsg.ACLOperationRead, kmsg.ACLOperationWrite)
	shown := allow(kmsg.ACLResourceTypeGroup, "shown", kmsg.ACLOperationDescribe)
	cluster := allow(kmsg.ACLResourceTypeCluster, "kafka-cluster", kmsg.ACLOperationDescribe)
	restrictedClusters(t, func(t *testing.T, as restricted) {
		for name, test := range map[string]struct {
			acls    []kfake.ACL
			exists  bool
			unknown string
			denied  string
		}{
			"not all listed":   {slices.Concat(topic, shown), true, "not listed", ""},
			"may not write":    {slices.Concat(topic[:1], shown, cluster), true, "", "may not write to it"},
			"may not even see": {slices.Concat(allow(kmsg.ACLResourceTypeTopic, "other", kmsg.ACLOperationRead), shown, cluster), false, "", "may neither write to it nor see it"},
		} {
			t.Run(name, func(t *testing.T) {
				c, config := as(t, test.acls...)
				c.commits(t, "shown", "open")
				c.commits(t, "hidden", "open")
				config.Topics = []string{"~.*"}
				a := opened(t, config)
				defer a.Close()
				reach, err := reachOf(t, a, deadletter.Target("open"))
				if err != nil || reach.Exists != test.exists || !strings.Contains(reach.Unknown, test.unknown) || test.unknown == "" && test.denied == "" && reach.Unknown != "" {
					t.Errorf("reach %+v, %v", reach, err)
				}
				if (test.denied == "") != (reach.Denied == "") || !strings.Contains(reach.Denied, test.denied) {
					t.Errorf("denied: %q", reach.Denied)
				}
				if test.denied == "" && !slices.Equal(reach.Readers, []string{"shown"}) {
					t.Errorf("readers %v", reach.Readers)
				}
			})
		}
	})
}

// TestReachNotDescribed lists a group that may not be described. A real broker does so for
// those who may describe the cluster.
func TestReachNotDescribed(t *testing.T) {
	c, k := fakeWithUser(t, slices.Concat(allow(kmsg.ACLResourceTypeTopic, "open", kmsg.ACLOperationRead, kmsg.ACLOperationWrite),
		allow(kmsg.ACLResourceTypeGroup, "shown", kmsg.ACLOperationDescribe), allow(kmsg.ACLResourceTypeCluster, "kafka-cluster", kmsg.ACLOperationDescribe))...)
	c.commits(t, "shown", "open")
	c.commits(t, "hidden", "open")
	k.ControlKey(kmsg.ListGroups.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		response := request.ResponseKind().(*kmsg.ListGroupsResponse)
		response.Groups = []kmsg.ListGroupsResponseGroup{{Group: "shown"}, {Group: "hidden"}}
		return response, nil, true
	})
	a := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{"open"}, SASL: &kafka.SASL{Mechanism: "PLAIN", User: "reader", Password: secret}})
	defer a.Close()
	reach, err := reachOf(t, a, deadletter.Target("open"))
	if err != nil || !slices.Equal(reach.Readers, []string{"shown"}) || reach.Unknown != "1 groups may not be described" {
		t.Errorf("reach %+v, %v", reach, err)
	}
}
