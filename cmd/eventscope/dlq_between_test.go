package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/cmd/internal/exit"
	"eventscope/replay"
)

// between is a run that was killed after it had written down that it sends copies, and before one byte
// of them came to the broker.
type between struct {
	*testing.T
	state string
	begun chan struct{} // closed when the broker would have had something of a copy
	once  sync.Once
	over  atomic.Bool // the process is gone
}

// writtenDown reports whether the journal of the living process has it that copies are sent. Whoever asks
// before the broker hears of anything stands between the two.
func (b *between) writtenDown() bool {
	if b.over.Load() {
		return false
	}
	data, _ := os.ReadFile(journalIn(b.state)) // none yet has nothing
	if !bytes.Contains(data, []byte(`"step":"sent"`)) {
		return false
	}
	b.once.Do(func() { close(b.begun) })
	return true
}

// killed replays at a URL, and kills the run there.
func (b *between) killed(url string) {
	b.Helper()
	command := process(b.T, "dlq", "replay", url, "--write", "--confirm", "10")
	command.Env = append(command.Env, "XDG_STATE_HOME="+b.state)
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = command.Wait() }()
	select {
	case <-b.begun:
	case <-ended:
		b.Fatalf("it has sent nothing: %s", &said)
	case <-time.After(2 * time.Minute):
		b.Errorf("it sends nothing: %s", &said)
	}
	_ = command.Process.Kill() // SIGKILL
	<-ended
	b.over.Store(true)
	if line, _ := lastIn(b.T, b.state); line.Step != replay.StepSend || len(line.Letters) != 10 {
		b.Fatalf("the last line of the journal is %+v", line)
	}
}

// resumed takes the run up at a URL, and says how many copies it says may have come twice.
func (b *between) resumed(url, twice string) {
	b.Helper()
	out, said, code := dlqProcess(b.T, b.state, "resume", lastRun(b.T, b.state), url, "--write")
	if code != exit.Done || !strings.Contains(out, twice) {
		b.Errorf("resumed: exit code %d: %s%s", code, out, said)
	}
}

// forward passes on what comes for a broker, until copies are written down as sent.
func (b *between) forward(listener net.Listener, broker string) {
	for {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", broker)
		if err != nil {
			b.Error(err)
			return
		}
		go func() { _, _ = io.Copy(from, to) }()
		go func() {
			defer from.Close()
			defer to.Close()
			for part := make([]byte, 1<<16); ; {
				n, err := from.Read(part)
				if err != nil || b.writtenDown() {
					_, _ = io.Copy(io.Discard, from) // until the process is gone
					return
				}
				if _, err := to.Write(part[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// TestKilledBetweenTheJournalAndTheBroker: nobody can tell this from a run that was killed a moment
// later, so on RabbitMQ all of the window may have come twice, which is said; none is lost, and here
// none has come twice.
func TestKilledBetweenTheJournalAndTheBroker(t *testing.T) {
	t.Parallel()
	onEachRabbitMQ(t, func(t *testing.T, broker string, channel *amqp.Channel) {
		work, dlq, url := deadOnRabbitMQ(t, broker, channel, nil, 10)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		b := &between{T: t, state: t.TempDir(), begun: make(chan struct{})}
		address := broker[strings.LastIndex(broker, "@")+1:]
		address = address[:strings.Index(address, "/")]
		go b.forward(listener, address)
		b.killed(strings.Replace(url, address, listener.Addr().String(), 1))
		awaitDepth(t, channel, dlq, 10)
		if sent := drain(t, channel, work); len(sent) > 0 {
			t.Errorf("%d copies came to the target", len(sent))
		}
		b.resumed(url, `"maybe_twice":10`)
		awaitDepth(t, channel, dlq, 0)
		ids := map[string]bool{}
		for _, m := range drain(t, channel, work) {
			ids[m.MessageId] = true
		}
		if len(ids) != 10 {
			t.Errorf("%d letters of 10 have come", len(ids))
		}
	})
}

// TestKilledBetweenTheJournalAndTheTransaction: the ledger decides, so that nothing is in doubt.
func TestKilledBetweenTheJournalAndTheTransaction(t *testing.T) {
	t.Parallel()
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders", "orders.dlq"))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	address := kafka.ListenAddrs()[0]
	lettersOn(t, address, "orders.dlq", "orders", 10)
	b := &between{T: t, state: t.TempDir(), begun: make(chan struct{})}
	kafka.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		kafka.KeepControl()
		if b.writtenDown() {
			return nil, io.ErrUnexpectedEOF, true
		}
		return nil, nil, false
	})
	url := "kafka://" + address + "/orders.dlq"
	b.killed(url)
	b.resumed(url, `"maybe_twice":0`)
	eachOnce(t, address, "orders", 10)
}
