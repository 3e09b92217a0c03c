package kafka_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
)

// portsGiven counts what freePort has given.
var portsGiven atomic.Int32

// freePort is a port of the loopback interface that nobody has now, together with those of
// the secure listeners behind it. It lies below those that the system gives to outgoing
// connections (32768 and up on Linux): one of these could take it while the broker is down.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 19_000 + int(portsGiven.Add(1))%24*40 // each to one test, whose broker may be down for a while
		if allFree(port, port+10, port+20, port+30) {
			return port
		}
	}
	t.Fatal("no free ports")
	return 0
}

func allFree(ports ...int) bool {
	for _, port := range ports {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		_ = listener.Close()
	}
	return true
}

// TestBrokerDies stops the embedded cluster under a tail and starts it again on the
// same port with its data.
func TestBrokerDies(t *testing.T) {
	port, folder := freePort(t), t.TempDir()
	start := func(t testing.TB) *kfake.Cluster {
		t.Helper()
		k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.DataDir(folder), kfake.SyncWrites())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(k.Close)
		return k
	}
	k := start(t)
	conform(t, connect(t, k.ListenAddrs()[0]), func(t testing.TB) func() {
		k.Close()
		return func() { k = start(t) }
	})
}

// TestBrokerKilled kills a real broker of its own with SIGKILL. The environment names
// the folder of the script that starts and kills brokers.
func TestBrokerKilled(t *testing.T) {
	folderOfScripts := os.Getenv("EVENTSCOPE_BROKER_SCRIPTS")
	if folderOfScripts == "" {
		t.Skip("EVENTSCOPE_BROKER_SCRIPTS does not name the folder of the script that starts and kills a broker")
	}
	script := filepath.Join(folderOfScripts, "kafka")
	port, folder := freePort(t), filepath.Join(t.TempDir(), "kafka")
	run := func(t testing.TB, arguments ...string) {
		t.Helper()
		if out, err := exec.Command(script, arguments...).CombinedOutput(); err != nil {
			t.Fatalf("%s %q: %v\n%s", script, arguments, err, out)
		}
	}
	start := func(t testing.TB) { run(t, "start", folder, fmt.Sprint(port)) }
	start(t)
	t.Cleanup(func() { run(t, "kill", folder) })
	conform(t, connect(t, fmt.Sprintf("127.0.0.1:%d", port)), func(t testing.TB) func() {
		run(t, "kill", folder)
		return func() { start(t) }
	})
}

// conform runs the subtest of the suite that breaks the broker, and no other.
func conform(t *testing.T, c *cluster, breaker func(testing.TB) func()) {
	adaptertest.RunOne(t, c.conformance(breaker), "BrokerDiesAndReturns")
}

// TestBrokerFreezes keeps the broker from answering while its connections stay.
func TestBrokerFreezes(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 1)
	c.publish(t, topic, value("before"))
	run := follow(t, c.open(t, topic), adapters.Beginning)
	run.await("before")
	thaw := make(chan struct{})
	k.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		select {
		case <-thaw:
		case <-t.Context().Done():
		}
		return nil, nil, false
	})
	lost := run.until(func(s adapters.Status) bool { return s.Connection == adapters.Lost })
	if lost.Err == nil || !strings.Contains(lost.Err.Error(), "no answer") {
		t.Errorf("frozen, and the state says %v", lost.Err)
	}
	close(thaw)
	run.until(func(s adapters.Status) bool { return s.Connection == adapters.Live })
	c.publish(t, topic, value("after"))
	run.await("after")
	run.sawOnce("before", "after")
}
