package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/kafka"
)

// TestLagWithoutPermission lists what may not be described as such, and goes on.
func TestLagWithoutPermission(t *testing.T) {
	topic := allow(kmsg.ACLResourceTypeTopic, "open", kmsg.ACLOperationRead)
	shown := allow(kmsg.ACLResourceTypeGroup, "shown", kmsg.ACLOperationDescribe)
	restrictedClusters(t, func(t *testing.T, as restricted) {
		c, config := as(t, slices.Concat(topic, shown)...)
		config.Topics = []string{"open"}
		c.commit(t, "shown", "open", 0)
		c.commit(t, "hidden", "open", 0)
		a := opened(t, config)
		defer a.Close()
		var groups []string
		for lag, err := range a.Lag(t.Context(), consumer.LagQuery{Groups: []string{"hidden", "shown"}}) {
			groups = append(groups, lag.Group)
			if lag.Group == "hidden" {
				isProblem(t, err, adapters.ErrNotAuthorized)
				continue
			}
			if err != nil || len(lag.Logs) != 1 || lag.Logs[0].State != consumer.LagOK {
				t.Errorf("lag %+v, %v", lag, err)
			}
		}
		if !slices.Equal(groups, []string{"hidden", "shown"}) {
			t.Errorf("groups %q", groups)
		}
		groups = nil
		for lag, err := range a.Lag(t.Context(), consumer.LagQuery{}) {
			if groups = append(groups, lag.Group); lag.Group == "" {
				isProblem(t, err, adapters.ErrNotAuthorized)
			}
		}
		if !slices.Equal(groups, []string{"", "shown"}) {
			t.Errorf("of all there are %q", groups)
		}
	})
}

// TestLagAgainstKafkasTool compares with what Kafka's own command says.
func TestLagAgainstKafkasTool(t *testing.T) {
	c := real(t)
	scripts := os.Getenv("EVENTSCOPE_BROKER_SCRIPTS")
	if scripts == "" {
		t.Skip("EVENTSCOPE_BROKER_SCRIPTS does not name the folder of the script that runs Kafka's tools")
	}
	topic := c.topic(t, 3)
	c.publish(t, topic, numbered(3, 20, time.Now())...)
	c.commit(t, topic, topic, 5, 20, 13)
	c.streams(t, topic+"-streams", topic).commit(t, topic, c.id(t, topic), 7)
	c.acknowledges(t, topic+"-share", topic, 60, 2, 5)
	a := c.reader(t, topic)
	for group, tool := range map[string]string{topic: "consumer-groups", topic + "-streams": "streams-groups", topic + "-share": "share-groups"} {
		out, err := exec.Command(filepath.Join(scripts, "kafka"), "tool", tool, "--bootstrap-server", c.address, "--describe", "--offsets", "--group", group).Output()
		if err != nil {
			t.Fatal(err)
		}
		want, counted := toolLags(string(out)), 0
		for _, l := range lags(t, a, group)[group].Logs {
			if !l.State.Counted() {
				continue // Kafka's tool for streams groups takes the start of the log for what was never committed
			}
			if counted++; want[fmt.Sprint(l.Partition)] != fmt.Sprint(l.Lag) {
				t.Errorf("lag %d of %s in %v, Kafka's tool says\n%s", l.Lag, group, l.Log, out)
			}
		}
		if counted == 0 {
			t.Errorf("nothing to compare with\n%s", out)
		}
	}
}

// toolLags are the lags by partition that a table of Kafka's tools has.
func toolLags(table string) map[string]string {
	found, header := make(map[string]string), []string(nil)
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		switch {
		case slices.Contains(fields, "PARTITION"):
			header = fields
		case header != nil && len(fields) >= len(header):
			found[fields[slices.Index(header, "PARTITION")]] = fields[slices.IndexFunc(header, func(s string) bool { return strings.HasSuffix(s, "LAG") })]
		}
	}
	return found
}

// id is the id of a topic.
func (c *cluster) id(t testing.TB, topic string) [16]byte {
	t.Helper()
	details, err := c.admin.ListTopics(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return details[topic].ID
}

// BenchmarkLag sweeps 5,000 groups of 10 partitions each.
func BenchmarkLag(b *testing.B) {
	const groups, perTopic = 5000, 100
	c, _ := fake(b, kfake.NumBrokers(3))
	for i := range groups / perTopic {
		topic := fmt.Sprintf("topic-%02d", i)
		c.create(b, topic, 10)
		offsets := make(kadm.Offsets)
		for p := range int32(10) {
			offsets.AddOffset(topic, p, 0, -1)
		}
		for g := range perTopic {
			if err := c.admin.CommitAllOffsets(b.Context(), fmt.Sprintf("group-%02d-%02d", g, i), offsets); err != nil {
				b.Fatal(err)
			}
		}
	}
	a := c.open(b)
	defer a.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var first time.Duration
	for b.Loop() {
		began, n, logs := time.Now(), 0, 0
		for lag, err := range a.Lag(b.Context(), consumer.LagQuery{}) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n == 100 {
				first = time.Since(began)
			}
			logs += len(lag.Logs)
		}
		if n != groups || logs != groups*10 {
			b.Fatalf("%d groups of %d partitions", n, logs)
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(first.Milliseconds()), "first-page-ms")
	b.ReportMetric(float64(after.HeapSys-before.HeapSys)/(1<<20), "grown-MiB")
}

var _ consumer.LagReader = (*kafka.Adapter)(nil)

// TestLagOfTopicsThatMayNotBeDescribed: what a group has committed there is left out by the
// broker without a sign, which must not look as if there were nothing.
func TestLagOfTopicsThatMayNotBeDescribed(t *testing.T) {
	const describe = kmsg.ACLOperationDescribe
	some := slices.Concat(allow(kmsg.ACLResourceTypeTopic, "open", describe), allow(kmsg.ACLResourceTypeGroup, "*", describe), allow(kmsg.ACLResourceTypeCluster, "kafka-cluster", describe))
	restrictedClusters(t, func(t *testing.T, as restricted) {
		for name, test := range map[string]struct {
			acls   []kfake.ACL
			hidden bool
		}{
			"some topics": {some, true},
			"all topics":  {append(allow(kmsg.ACLResourceTypeTopic, "*", describe), some...), false},
		} {
			t.Run(name, func(t *testing.T) {
				c, config := as(t, test.acls...)
				c.commit(t, "on-closed", "closed", 0)
				c.commit(t, "on-both", "closed", 0)
				c.commit(t, "on-both", "open", 0)
				c.entered(t, "member").given("closed", 0)
				a := opened(t, config)
				defer a.Close()
				for _, groups := range [][]string{{"member", "on-both", "on-closed"}, nil} {
					told, all := map[string]consumer.Lag{}, 0
					for lag, err := range a.Lag(t.Context(), consumer.LagQuery{Groups: groups}) {
						if lag.Group == "" {
							isProblem(t, err, adapters.ErrNotAuthorized)
							if !strings.Contains(err.Error(), "may describe are counted") {
								t.Error(err)
							}
							all++
							continue
						}
						if err != nil {
							t.Error(err)
						}
						told[lag.Group] = lag
					}
					if (all == 1) != test.hidden || len(told) != 3 {
						t.Errorf("%d sentences about topics that may not be described, %d groups", all, len(told))
					}
					for group, lag := range told {
						if (lag.Unseen != "") != test.hidden {
							t.Errorf("%s: unseen %q", group, lag.Unseen)
						}
					}
					for _, l := range slices.Concat(told["on-closed"].Logs, told["on-both"].Logs) { // real brokers leave those on closed out
						if l.State.Counted() != (l.Destination == "open" || !test.hidden) {
							t.Errorf("told %+v", l)
						}
					}
					if member := told["member"].Logs; len(member) != 1 || test.hidden != strings.Contains(member[0].Why, "may not describe the topic") {
						t.Errorf("of the member %+v", member)
					}
				}
			})
		}
	})
}

// TestLagOfWhatIsNotThere tells a topic from a partition.
func TestLagOfWhatIsNotThere(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		for group, wanted := range map[string]struct{ topic, why string }{
			topic + "-partition": {topic, "the topic has no such partition now"},
			topic + "-topic":     {topic + "-gone", "the broker has no such topic now"},
		} {
			c.entered(t, group).given(wanted.topic, 9)
			if logs := lags(t, c.reader(t), group)[group].Logs; len(logs) != 1 || logs[0].State != consumer.LagUnknown || logs[0].Why != wanted.why {
				t.Errorf("of %s: %+v", group, logs)
			}
		}
	})
}

// TestLagOfGroupsThatAreNotListed: a broker that has just started lists only the groups that it
// has loaded, without a sign that there are more.
func TestLagOfGroupsThatAreNotListed(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 1)
	c.commit(t, "loaded", topic, 0)
	c.commit(t, "loading", topic, 0)
	a := c.reader(t, topic)
	groups := func() []string { return slices.Sorted(maps.Keys(lags(t, a))) }
	if got := groups(); !slices.Equal(got, []string{"loaded", "loading"}) {
		t.Fatalf("at first %q", got)
	}
	k.ControlKey(kmsg.ListGroups.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		response := request.ResponseKind().(*kmsg.ListGroupsResponse)
		response.Groups = []kmsg.ListGroupsResponseGroup{{Group: "loaded"}}
		return response, nil, true
	})
	for range 2 {
		if got := groups(); !slices.Equal(got, []string{"loaded", "loading"}) {
			t.Errorf("listed in part %q", got)
		}
	}
	if _, err := c.admin.DeleteGroups(t.Context(), "loading"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := groups(); !slices.Equal(got, []string{"loaded"}) {
			t.Errorf("deleted, and there are %q", got)
		}
	}
}

// memberOf is a member of a classic group, which does what a test tells it and no more.
type memberOf struct {
	t           testing.TB
	coordinator *kgo.Broker
	joined      *kmsg.JoinGroupResponse
	group       string
}

// entered joins a group alone, without taking up what it is given, and leaves at the end.
func (c *cluster) entered(t testing.TB, group string) *memberOf {
	t.Helper()
	join := kmsg.NewPtrJoinGroupRequest()
	join.Group, join.ProtocolType, join.SessionTimeoutMillis, join.RebalanceTimeoutMillis = group, "consumer", 30_000, 30_000
	protocol := kmsg.NewJoinGroupRequestProtocol()
	protocol.Name = "range"
	join.Protocols = append(join.Protocols, protocol)
	m := &memberOf{t: t, coordinator: c.coordinator(t, group), group: group}
	limit := time.Now().Add(time.Minute)
	for joined := false; !joined; {
		var err error
		m.joined, err = join.RequestWith(t.Context(), m.coordinator)
		if err != nil {
			t.Fatal(err)
		}
		switch err := kerr.ErrorForCode(m.joined.ErrorCode); {
		case err == nil:
			joined = true
		case errors.Is(err, kerr.MemberIDRequired):
			join.MemberID = m.joined.MemberID
		case !kerr.IsRetriable(err) || time.Now().After(limit): // a new coordinator is not ready at once
			t.Fatal(err)
		default:
			m.coordinator = c.coordinator(t, group)
		}
	}
	t.Cleanup(m.leave)
	return m
}

// leave leaves the group, if it has not.
func (m *memberOf) leave() {
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group, leave.MemberID = m.group, m.joined.MemberID
	one := kmsg.NewLeaveGroupRequestMember()
	one.MemberID = m.joined.MemberID
	leave.Members = append(leave.Members, one)
	_, _ = leave.RequestWith(context.Background(), m.coordinator)
}

// given takes up partitions of a topic.
func (m *memberOf) given(topic string, partitions ...int32) {
	m.t.Helper()
	var all kmsg.ConsumerMemberAssignment
	one := kmsg.NewConsumerMemberAssignmentTopic()
	one.Topic, one.Partitions = topic, partitions
	all.Topics = append(all.Topics, one)
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.Generation, sync.MemberID = m.group, m.joined.Generation, m.joined.MemberID
	sync.ProtocolType, sync.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range")
	own := kmsg.NewSyncGroupRequestGroupAssignment()
	own.MemberID, own.MemberAssignment = m.joined.MemberID, all.AppendTo(nil)
	sync.GroupAssignment = append(sync.GroupAssignment, own)
	if answer, err := sync.RequestWith(m.t.Context(), m.coordinator); err != nil || answer.ErrorCode != 0 {
		m.t.Fatalf("%+v, %v", answer, err)
	}
}

// TestLagWhileAGroupRebalances: a member that joins and never says more keeps its group from
// reading.
func TestLagWhileAGroupRebalances(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		c.commit(t, topic, topic, 0)
		c.entered(t, topic)
		if lag := lags(t, c.reader(t), topic)[topic]; !lag.Rebalancing || lag.Phase != "CompletingRebalance" || len(lag.Members) != 1 {
			t.Errorf("%+v", lag)
		}
	})
}
