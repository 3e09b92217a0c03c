package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

// scriptsVariable names the folder of the scripts that start and kill brokers.
const scriptsVariable = "EVENTSCOPE_BROKER_SCRIPTS"

// mortal is a broker of this test's own, which it may kill.
type mortal struct {
	*testing.T
	script string
	start  []string // arguments that bring it up
	folder string
}

// mortals has room for as many brokers of tests' own as there may be at once.
var mortals = make(chan struct{}, 4)

// mayStart waits until there is room for one more broker, up to the end of the test.
func mayStart(t *testing.T) {
	t.Helper()
	mortals <- struct{}{}
	t.Cleanup(func() { <-mortals })
}

func newMortal(t *testing.T, script string, port int, version ...string) *mortal {
	t.Helper()
	scripts := os.Getenv(scriptsVariable)
	if scripts == "" {
		t.Skip(scriptsVariable + " does not name the folder of the scripts that start and kill brokers")
	}
	mayStart(t)
	folder, err := os.MkdirTemp("", "eventscope-"+script) // RabbitMQ's own user must be able to enter it
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	b := &mortal{T: t, script: filepath.Join(scripts, script), folder: folder}
	b.start = append(append([]string{"start"}, version...), folder, fmt.Sprint(port))
	if script == "kafka" { // it is back as soon as it can be
		b.start = append(b.start, "broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500")
	}
	t.Cleanup(func() {
		b.run("kill", folder)
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	b.run(b.start...)
	return b
}

func (b *mortal) run(arguments ...string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processWithin) // also at the end of a test
	defer cancel()
	command := exec.CommandContext(ctx, b.script, arguments...)
	command.WaitDelay = time.Minute // for what the broker holds open
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("%s %q: %v\n%s", b.script, arguments, err, out)
	}
}

func (b *mortal) kill() { b.Helper(); b.run("kill", b.folder) }
func (b *mortal) back() { b.Helper(); b.run(b.start...) }

// portsGiven counts the ports that tests have asked for.
var portsGiven atomic.Int32

// freePorts is a port of loopback that nobody has now, nor those at these distances. It is
// below those that the system gives to connections, one of which could take it while the
// broker is down.
func freePorts(t *testing.T, distances ...int) int {
	t.Helper()
	const first, last, step = 11_500, 12_500, 10
	for range (last - first) / step {
		port := first + (os.Getpid()+int(portsGiven.Add(1)))*step%(last-first) // each to one test, as they and other processes run side by side
		free := true
		for _, distance := range append(distances, 0) {
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+distance))
			if err != nil {
				free = false
				break
			}
			listener.Close()
		}
		if free {
			return port
		}
	}
	t.Fatal("no free ports")
	return 0
}

// running is a started command with its lines as they come.
type running struct {
	*testing.T
	command     *exec.Cmd
	out, errors *bufio.Reader
}

func start(t *testing.T, command *exec.Cmd) *running {
	t.Helper()
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errors, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return &running{t, command, bufio.NewReader(out), bufio.NewReader(errors)}
}

// until reads lines up to one that has a part in it, and returns that.
func (r *running) until(from *bufio.Reader, part string) string {
	r.Helper()
	var before strings.Builder
	for {
		line, err := from.ReadString('\n')
		if strings.Contains(line, part) {
			return line
		}
		if before.WriteString(line); err != nil {
			r.Fatalf("%v before %q; there was:\n%s", err, part, before.String())
		}
	}
}

// end interrupts the command and returns what else it says.
func (r *running) end() (out, errors string) {
	r.Helper()
	if err := r.command.Process.Signal(os.Interrupt); err != nil {
		r.Fatal(err)
	}
	rest, _ := io.ReadAll(r.out)
	words, _ := io.ReadAll(r.errors)
	_ = r.command.Wait()
	return string(rest), string(words)
}

// A Kafka that is killed in the middle of a stream and comes back costs no event and
// repeats none, while a producer goes on around it; what happened is said.
func TestKafkaKilledUnderTail(t *testing.T) {
	t.Parallel()
	port := freePorts(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	broker := newMortal(t, "kafka", port)
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	produced := 0
	produce := func(n int) {
		for range n {
			produced++
			client.Produce(context.Background(), kgo.StringRecord(fmt.Sprintf(`{"n":"event-%06d."}`, produced)), func(_ *kgo.Record, err error) {
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	flush := func() {
		if err := client.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	const some = 500
	produce(some)
	flush()
	tail := start(t, process(t, "tail", "kafka://"+address+"/orders", "--from", "beginning"))
	var seen strings.Builder
	tail.out = bufio.NewReader(io.TeeReader(tail.out, &seen))
	last := func() string { return fmt.Sprintf("event-%06d.", produced) }
	tail.until(tail.out, last())
	for range 2 {
		produce(some)
		broker.kill()
		tail.until(tail.errors, "cannot")
		produce(some) // for a broker that is not there
		broker.back()
		tail.until(tail.errors, "connected again after")
		produce(some)
		flush()
		tail.until(tail.out, last())
	}
	if _, words := tail.end(); strings.Contains(words, "dropped") {
		t.Errorf("at the end it says %s", words)
	}
	for n := 1; n <= produced; n++ {
		if times := strings.Count(seen.String(), fmt.Sprintf("event-%06d.", n)); times != 1 {
			t.Fatalf("event %d of %d was printed %d times", n, produced, times)
		}
	}
}

// A tap of a RabbitMQ that is killed and comes back says for how long it saw nothing.
func TestRabbitMQKilledUnderTail(t *testing.T) {
	t.Parallel()
	port := freePorts(t, 10_000, 20_000, 5_000, 6_000)
	url := fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", port)
	broker := newMortal(t, "rabbitmq", port, "4")
	tail := start(t, process(t, "tail", url+"?tap=amq.topic:%23"))
	publishHere := func(order string) {
		done, finished := make(chan struct{}), make(chan struct{})
		connection, err := amqp.Dial(url)
		if err != nil {
			t.Fatal(err)
		}
		channel, err := connection.Channel()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer close(finished)
			publishUntil(done, func(n int) {
				if err := channel.PublishWithContext(t.Context(), "amq.topic", "order.x", false, false, shipment(n, order)); err != nil {
					t.Error(err)
				}
			})
		}()
		tail.until(tail.out, order)
		close(done)
		<-finished
		connection.Close()
	}
	publishHere("ord-before")
	broker.kill()
	tail.until(tail.errors, "rabbitmq: ")
	broker.back()
	said := tail.until(tail.errors, "tap was away ")
	if !strings.Contains(said, " s (") || !strings.Contains(said, "messages in between are not shown") {
		t.Errorf("it says %q", said)
	}
	publishHere("ord-after")
	if _, words := tail.end(); strings.Contains(words, "tap was away") {
		t.Errorf("it says so again: %s", words)
	}
}
