package kafka_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
)

// TestLagWithoutPermission lists what may not be described as such, and goes on.
func TestLagWithoutPermission(t *testing.T) {
	topic := allow(kmsg.ACLResourceTypeTopic, "open", kmsg.ACLOperationDescribe)
	shown := allow(kmsg.ACLResourceTypeGroup, "shown", kmsg.ACLOperationDescribe)
	restrictedClusters(t, func(t *testing.T, as restricted) {
		c, config := as(t, slices.Concat(topic, shown)...)
		c.commit(t, "shown", "open", 0)
		c.commit(t, "hidden", "open", 0)
		a := opened(t, config)
		defer a.Close()
		var groups []string
		for lag, err := range a.Lag(t.Context(), adapters.LagQuery{Groups: []string{"hidden", "shown"}}) {
			groups = append(groups, lag.Group)
			if lag.Group == "hidden" {
				isProblem(t, err, adapters.ErrNotAuthorized)
				continue
			}
			if err != nil || len(lag.Logs) != 1 || lag.Logs[0].State != adapters.LagOK {
				t.Errorf("lag %+v, %v", lag, err)
			}
		}
		if !slices.Equal(groups, []string{"hidden", "shown"}) {
			t.Errorf("groups %q", groups)
		}
		groups = nil
		for lag, err := range a.Lag(t.Context(), adapters.LagQuery{}) {
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
		for lag, err := range a.Lag(b.Context(), adapters.LagQuery{}) {
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

var _ adapters.LagReader = (*kafka.Adapter)(nil)
