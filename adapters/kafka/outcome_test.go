package kafka_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// TestRedriveUnknownOutcome breaks the connection under every commit. The ledger says
// what became of the letters once a new redrive has begun.
func TestRedriveUnknownOutcome(t *testing.T) {
	t.Parallel() // it waits
	c, k := fake(t)
	dlq, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, dlq, letter(0, "k", "letter"))
	a := c.writer(t, dlq)
	chosen := positions(peek(t, a, dlq))
	r := redrive(t, a, dlq, chosen)
	held, err := r.Next(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	var mended atomic.Bool
	k.ControlKey(kmsg.EndTxn.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		return nil, errors.New("broken off"), !mended.Load()
	})
	copies, entries := copiesOf(held, target)
	outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
	isProblem(t, outcomes[0], deadletter.ErrUnknownOutcome)
	isProblem(t, err, adapters.ErrNotConnected)
	if _, err := r.Send(t.Context(), copies, entries)(t.Context()); err == nil {
		t.Error("a redrive in doubt goes on")
	}
	mended.Store(true)
	again := redrive(t, a, dlq, chosen)
	if entries := ledgerOf(t, a, dlq); len(entries) != 0 {
		t.Errorf("nothing was committed, and the ledger has %v", entries)
	}
	if sent := sendAll(t, again, 10, target); sent != 1 {
		t.Errorf("sent %d", sent)
	}
	c.await(t, target)
	c.sawOnce(t, target, "letter")
}

// TestRedriveCommitLost has commits that arrive and are carried out, and whose answers are
// lost: nothing may be sent again.
func TestRedriveCommitLost(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		c.publish(t, dlq, letter(0, "k", "letter"))
		lossy := opened(t, kafka.Config{
			Brokers: []string{c.address}, Topics: []string{dlq}, Write: true,
			Options: []kgo.Opt{kgo.Dialer(func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				return &deafToCommits{Conn: conn}, err
			})},
		})
		defer lossy.Close()
		chosen := positions(peek(t, lossy, dlq))
		r := redrive(t, lossy, dlq, chosen)
		held, err := r.Next(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		copies, entries := copiesOf(held, target)
		outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
		isProblem(t, err, adapters.ErrNotConnected)
		isProblem(t, outcomes[0], deadletter.ErrUnknownOutcome)
		a := c.writer(t, dlq)
		redrive(t, a, dlq, chosen)
		if entries := ledgerOf(t, a, dlq); len(entries) != 1 {
			t.Errorf("the letter was sent, and the ledger has %v", entries)
		}
		c.await(t, target)
		c.sawOnce(t, target, "letter")
	})
}

// deafToCommits is a connection that never hears the answer to an EndTxn request.
type deafToCommits struct {
	net.Conn
	deaf atomic.Bool
}

func (d *deafToCommits) Write(request []byte) (int, error) {
	if len(request) > 6 && binary.BigEndian.Uint16(request[4:]) == uint16(kmsg.EndTxn.Int16()) {
		d.deaf.Store(true)
	}
	return d.Conn.Write(request)
}

func (d *deafToCommits) Read(answer []byte) (int, error) {
	n, err := d.Conn.Read(answer)
	if d.deaf.Load() {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// TestRedriveCancelled ends the context while records are on their way. They are taken
// back, or were there already; either way the redrive goes on.
func TestRedriveCancelled(t *testing.T) {
	c, k := fake(t)
	dlq, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, dlq, letter(0, "k", "letter"))
	a := c.writer(t, dlq)
	r := redrive(t, a, dlq, positions(peek(t, a, dlq)))
	held, err := r.Next(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k.ControlKey(kmsg.Produce.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.DropControl()
		cancel()
		return nil, nil, false
	})
	copies, entries := copiesOf(held, target)
	outcomes, err := r.Send(ctx, copies, entries)(ctx)
	if sent := outcomes[0] == nil; sent != (err == nil) {
		t.Errorf("outcome %v, error %v", outcomes[0], err)
	} else if !sent {
		isKind(t, outcomes[0], deadletter.ErrNotSent)
		isKind(t, err, context.Canceled)
		send(t, r, held, target)
	}
	if outcomes, err := r.Send(ctx, copies, entries)(ctx); !errors.Is(err, context.Canceled) || !errors.Is(outcomes[0], deadletter.ErrNotSent) {
		t.Errorf("a context that has ended, and outcome %v, error %v", outcomes[0], err)
	}
	c.await(t, target)
	c.sawOnce(t, target, "letter")
}

// TestRedriveWithoutDescribeConfigs sends more than goes into a usual batch, and a letter
// that does not go into one, to a topic whose limit cannot be asked for.
func TestRedriveWithoutDescribeConfigs(t *testing.T) {
	c, k := fake(t)
	dlq, target, small := c.topic(t, 1), c.topic(t, 1), c.topic(t, 1, "max.message.bytes", "2000")
	for i := range 40 {
		c.publish(t, dlq, letter(0, "k", strings.Repeat(string(rune('A'+i)), 100_000)))
	}
	c.publish(t, dlq, letter(0, "k", strings.Repeat("x", 2_000_000)))
	k.ControlKey(kmsg.DescribeConfigs.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		response := request.ResponseKind().(*kmsg.DescribeConfigsResponse)
		response.Resources = []kmsg.DescribeConfigsResponseResource{{ErrorCode: kerr.TopicAuthorizationFailed.Code}}
		return response, nil, true
	})
	a := c.writer(t, dlq)
	chosen := positions(peek(t, a, dlq))
	if sent := sendAll(t, redrive(t, a, dlq, chosen), 100, target); sent != 41 {
		t.Errorf("sent %d", sent)
	}
	c.await(t, target)
	if got := len(c.records(t, target)); got != 41 {
		t.Errorf("%d copies", got)
	}
	r := redrive(t, a, dlq, chosen)
	held, err := r.Next(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	copies, entries := copiesOf(held, small)
	outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
	isProblem(t, err, adapters.ErrTooLarge)
	isKind(t, outcomes[0], deadletter.ErrNotSent)
}

// TestRedriveFencedBeforeCommit has another redrive begin while a commit is on its way.
func TestRedriveFencedBeforeCommit(t *testing.T) {
	c, k := fake(t)
	dlq, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, dlq, letter(0, "k", "letter"))
	a := c.writer(t, dlq)
	chosen := positions(peek(t, a, dlq))
	r := redrive(t, a, dlq, chosen)
	held, err := r.Next(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	k.ControlKey(kmsg.EndTxn.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		response := request.ResponseKind().(*kmsg.EndTxnResponse)
		response.ErrorCode = kerr.ProducerFenced.Code
		return response, nil, true
	})
	copies, entries := copiesOf(held, target)
	outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
	isProblem(t, err, adapters.ErrBusy)
	isKind(t, outcomes[0], deadletter.ErrUnknownOutcome)
}

// TestRedriveSilence has brokers that take records and never answer.
func TestRedriveSilence(t *testing.T) {
	t.Parallel() // it waits
	c, k := fake(t)
	dlq, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, dlq, letter(0, "k", "letter"))
	a := c.writer(t, dlq)
	r := redrive(t, a, dlq, positions(peek(t, a, dlq)))
	held, err := r.Next(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	silent := make(chan struct{})
	k.ControlKey(kmsg.Produce.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.SleepControl(func() {
			select {
			case <-silent:
			case <-t.Context().Done():
			}
		})
		return nil, errors.New("broken off"), true
	})
	copies, entries := copiesOf(held, target)
	outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
	isProblem(t, err, adapters.ErrNotConnected)
	isKind(t, outcomes[0], deadletter.ErrNotSent)
	close(silent)
}

// TestWhoWantsAnEndIsNotKeptByASilentBroker, whatever it is that the broker does not answer: what is
// in doubt is told from what was not sent.
func TestWhoWantsAnEndIsNotKeptByASilentBroker(t *testing.T) {
	const silence = 4 * time.Second // less than whoever wants no end waits for a broker
	for name, c := range map[string]struct {
		request kmsg.Request
		kind    error
	}{
		"asked for topics": {kmsg.NewPtrMetadataRequest(), deadletter.ErrNotSent}, "sent copies": {kmsg.NewPtrProduceRequest(), deadletter.ErrNotSent},
		"asked to commit": {kmsg.NewPtrEndTxnRequest(), deadletter.ErrUnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, k := fake(t)
			dlq, target := f.topic(t, 1), f.topic(t, 1)
			f.publish(t, dlq, letter(0, "k", "letter"))
			a := f.writer(t, dlq)
			r := redrive(t, a, dlq, positions(peek(t, a, dlq)))
			held, err := r.Next(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			operator, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			over := make(chan struct{})
			k.ControlKey(c.request.Key(), func(kmsg.Request) (kmsg.Response, error, bool) {
				k.KeepControl()
				interrupt()
				k.SleepControl(func() {
					select {
					case <-over:
					case <-t.Context().Done():
					}
				})
				return nil, errors.New("broken off"), true
			})
			copies, entries := copiesOf(held, target)
			began := time.Now()
			outcomes, err := r.Send(deadletter.Finishing(operator), copies, entries)(t.Context())
			took := time.Since(began)
			close(over)
			if isKind(t, outcomes[0], c.kind); err == nil || took > silence {
				t.Errorf("after %v: %v", took, err)
			}
		})
	}
}

// TestRedriveOfAnotherTopic makes the dead-letter queue again under its name while it is acted on.
func TestRedriveOfAnotherTopic(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq := c.topic(t, 1)
		c.publish(t, dlq, letter(0, "k", "letter"))
		a := c.writer(t, dlq)
		r := redrive(t, a, dlq, positions(peek(t, a, dlq)))
		old, err := c.admin.Metadata(t.Context(), dlq)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.admin.DeleteTopics(t.Context(), dlq); err != nil {
			t.Fatal(err)
		}
		adaptertest.Await(t, "the name of the topic to be free", func() bool {
			_, err := c.admin.CreateTopic(t.Context(), 1, 1, nil, dlq)
			if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
				t.Fatal(err)
			}
			return err == nil
		})
		adaptertest.Await(t, "the new topic, as a busy broker serves the old one for a while", func() bool {
			now, err := c.admin.Metadata(t.Context(), dlq)
			if err != nil {
				t.Fatal(err)
			}
			topic := now.Topics[dlq]
			return topic.Err == nil && topic.ID != old.Topics[dlq].ID
		})
		again := connect(t, c.address)
		again.publish(t, dlq, letter(0, "k", "another letter"))
		held, err := r.Next(t.Context(), 10)
		if len(held) > 0 {
			t.Errorf("handed over %v of a topic that is not the one", held)
		}
		isProblem(t, err, adapters.ErrGone)
	})
}

// broker is a real broker of a test's own.
type broker struct {
	testing.TB
	script, folder, port string
	settings             []string
}

// ownBroker starts one, or skips: the environment names the folder of the script that does.
func ownBroker(t testing.TB, settings ...string) (*broker, *cluster) {
	t.Helper()
	scripts := os.Getenv("EVENTSCOPE_BROKER_SCRIPTS")
	if scripts == "" {
		t.Skip("EVENTSCOPE_BROKER_SCRIPTS does not name the folder of the script that starts and kills a broker")
	}
	b := &broker{t, filepath.Join(scripts, "kafka"), filepath.Join(t.TempDir(), "kafka"), fmt.Sprint(freePort(t)), settings}
	b.start()
	t.Cleanup(b.kill)
	return b, connect(t, "127.0.0.1:"+b.port)
}

func (b *broker) start() {
	arguments := []string{"start", b.folder, b.port}
	if slices.Contains(b.settings, "--secure") {
		arguments = slices.Insert(arguments, 1, "--secure")
	}
	b.run(append(arguments, slices.DeleteFunc(slices.Clone(b.settings), func(s string) bool { return s == "--secure" })...)...)
}

func (b *broker) kill() { b.run("kill", b.folder) }

func (b *broker) run(arguments ...string) {
	b.Helper()
	if out, err := exec.Command(b.script, arguments...).CombinedOutput(); err != nil {
		b.Errorf("%s %q: %v\n%s", b.script, arguments, err, out)
	}
}

// TestRedriveBrokerKilled kills a real broker of its own in the middle, and goes on with
// what the ledger does not have.
func TestRedriveBrokerKilled(t *testing.T) {
	b, c := ownBroker(t)
	dlq, target := c.topic(t, 2), c.topic(t, 2)
	c.publish(t, dlq, letters(3000)...)
	a := c.writer(t, dlq)
	chosen := positions(peek(t, a, dlq))
	untilFailure(t, redrive(t, a, dlq, chosen), target, 4, b.kill)
	b.start()
	left := left(t, a, dlq, chosen, deadletter.Target(target))
	if done := len(chosen) - len(left); done < 400 || done == len(chosen) {
		t.Errorf("%d of %d were done when the broker was killed after 400", done, len(chosen))
	}
	if sent := sendAll(t, redrive(t, a, dlq, left), 500, target); sent != len(left) {
		t.Errorf("sent %d of %d", sent, len(left))
	}
	c.await(t, target)
	c.sawOnce(t, target, valuesOf(3000)...)
}

// untilFailure sends windows of 100, breaks something while there are more to come than
// were sent before, and returns when the redrive has failed and it is broken.
func untilFailure(t testing.TB, r deadletter.Redrive, topic string, before int, breakIt func()) {
	t.Helper()
	broken := make(chan struct{})
	for sends := 0; ; sends++ {
		held, err := r.Next(t.Context(), 100)
		if err != nil {
			t.Log(err)
			break
		}
		if sends == before {
			go func() { breakIt(); close(broken) }()
		}
		copies, entries := copiesOf(held, topic)
		outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
		if err != nil {
			t.Log(err, outcomes[0])
			if outcomes[0] == nil {
				t.Error("a copy is confirmed by a redrive that has failed")
			}
			break
		}
	}
	adaptertest.Received(t, "the end of the broker", broken)
}

// left begins a redrive, so that nothing is in doubt, and returns what the ledger does not have.
func left(t testing.TB, a *kafka.Adapter, dlq string, chosen []adapters.Position, targets ...deadletter.Target) (open []adapters.Position) {
	t.Helper()
	if err := a.Mend(t.Context(), dlq, targets, func(what string) error { t.Log(what); return nil }); err != nil {
		t.Fatal(err)
	}
	defer redrive(t, a, dlq, nil).Close()
	done := settledLedgerOf(t, a, dlq)
	for _, position := range chosen {
		if done[position.String()] == "" {
			open = append(open, position)
		}
	}
	return open
}

func valuesOf(letters int) (values []string) {
	for i := range letters {
		values = append(values, fmt.Sprint("letter-", i))
	}
	return values
}

// TestRedriveProperty runs redrives that end anywhere: before a send, within one, with a send
// that the broker refused (the embedded one does now and then, out of sequence), or properly. At
// the end committed readers see each letter once.
func TestRedriveProperty(t *testing.T) {
	c, _ := fake(t)
	rapid.Check(t, func(rt *rapid.T) {
		const n = 12
		dlq, target := c.topic(t, 2), c.topic(t, 2)
		c.publish(t, dlq, letters(n)...)
		a := c.writer(t, dlq)
		chosen := positions(peek(t, a, dlq))
		sent := func(r deadletter.Redrive, held []deadletter.Delivery) bool {
			copies, entries := copiesOf(held, target)
			_, err := r.Send(t.Context(), copies, entries)(t.Context())
			if err != nil {
				rt.Log(err)
			}
			return err == nil
		}
		for range rapid.IntRange(0, 4).Draw(rt, "runs") {
			r := redrive(t, a, dlq, left(t, a, dlq, chosen))
			var held []deadletter.Delivery
			for range rapid.IntRange(0, 3).Draw(rt, "windows") {
				if !sent(r, held) {
					held = nil
					break
				}
				held, _ = r.Next(t.Context(), rapid.IntRange(1, 5).Draw(rt, "window"))
			}
			if len(held) > 0 && rapid.Bool().Draw(rt, "crash") {
				c.crash(t, dlq, &kgo.Record{Topic: target, Value: held[0].Value},
					&kgo.Record{Topic: kafka.LedgerTopic, Key: []byte(held[0].Position.String()), Value: []byte("sent")})
			}
			r.Close()
		}
		for tries, open := 0, left(t, a, dlq, chosen); len(open) > 0; tries, open = tries+1, left(t, a, dlq, chosen) {
			if tries == 5 {
				t.Fatalf("%d letters are left after five redrives of all", len(open))
			}
			r := redrive(t, a, dlq, open)
			for held, _ := r.Next(t.Context(), n); len(held) > 0 && sent(r, held); {
				held, _ = r.Next(t.Context(), n)
			}
			r.Close()
		}
		c.await(t, target)
		c.sawOnce(t, target, valuesOf(n)...)
	})
}

// TestGuaranteeOfOldTransactions has a cluster before KIP-890.
func TestGuaranteeOfOldTransactions(t *testing.T) {
	c, _ := fake(t, kfake.MaxVersions(kversion.V3_7_0()))
	dlq, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, dlq, letter(0, "k", "letter"))
	a := c.writer(t, dlq)
	chosen := positions(peek(t, a, dlq))
	r := redrive(t, a, dlq, chosen)
	if r.Guarantee() != deadletter.Atomic {
		t.Errorf("guarantee %v", r.Guarantee())
	}
	sendAll(t, r, 10, target)
	c.crash(t, dlq, &kgo.Record{Topic: target, Value: []byte("letter")})
	second := redrive(t, a, dlq, chosen)
	held, _ := second.Next(t.Context(), 1)
	redrive(t, a, dlq, nil)
	copies, entries := copiesOf(held, target)
	_, err := second.Send(t.Context(), copies, entries)(t.Context())
	isProblem(t, err, adapters.ErrBusy)
	c.await(t, target)
	c.sawOnce(t, target, "letter")
}

// BenchmarkRedrive acts on 100,000 letters of 1 KB, in windows of two sizes.
func BenchmarkRedrive(b *testing.B) {
	c := real(b)
	b.Setenv("EVENTSCOPE_BENCH_RECORDS", "100000")
	dlq, n := flood(b, c)
	target := c.topic(b, 6)
	a := c.writer(b, dlq)
	var chosen []adapters.Position
	if err := a.Peek(b.Context(), deadletter.Peek{DLQ: dlq}, func(part []deadletter.Delivery) error {
		chosen = append(chosen, positions(part)...)
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	value := []byte(strings.Repeat("v", 200))
	for _, window := range []int{500, 1000} {
		b.Run(fmt.Sprint(window), func(b *testing.B) {
			var reading, sending time.Duration
			measure(b, n, func() {
				r := redrive(b, a, dlq, chosen)
				for {
					began := time.Now()
					held, err := r.Next(b.Context(), window)
					if err != nil {
						b.Fatal(err)
					}
					if len(held) == 0 {
						break
					}
					read := time.Now()
					copies, entries := copiesOf(held, target)
					for i := range entries {
						entries[i].Value = value
					}
					if _, err := r.Send(b.Context(), copies, entries)(b.Context()); err != nil {
						b.Fatal(err)
					}
					reading, sending = reading+read.Sub(began), sending+time.Since(read)
				}
				r.Close()
			})
			b.ReportMetric(reading.Seconds()/float64(b.N), "s-reading")
			b.ReportMetric(sending.Seconds()/float64(b.N), "s-sending")
		})
	}
}
