package kafka_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	"eventscope/adapters/kafka"
)

// TestRedriveUnknownOutcome breaks the connection under every commit. The ledger says
// what became of the letters once a new redrive has begun.
func TestRedriveUnknownOutcome(t *testing.T) {
	t.Parallel() // it waits
	c, k := fake(t)
	grave, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, grave, letter(0, "k", "letter"))
	a := c.writer(t, grave)
	chosen := positions(look(t, a, grave))
	r := redrive(t, a, grave, chosen)
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
	outcomes, err := r.Send(t.Context(), copies, entries)
	isProblem(t, outcomes[0], adapters.ErrUnknownOutcome)
	isProblem(t, err, adapters.ErrNotConnected)
	if _, err := r.Send(t.Context(), copies, entries); err == nil {
		t.Error("a redrive in doubt goes on")
	}
	mended.Store(true)
	again := redrive(t, a, grave, chosen)
	if entries := ledgerOf(t, a, grave); len(entries) != 0 {
		t.Errorf("nothing was committed, and the ledger has %v", entries)
	}
	if sent := sendAll(t, again, 10, target); sent != 1 {
		t.Errorf("sent %d", sent)
	}
	c.await(t, target)
	c.sawOnce(t, target, "letter")
}

// TestRedriveFencedBeforeCommit has another redrive begin while a commit is on its way.
func TestRedriveFencedBeforeCommit(t *testing.T) {
	c, k := fake(t)
	grave, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, grave, letter(0, "k", "letter"))
	a := c.writer(t, grave)
	chosen := positions(look(t, a, grave))
	r := redrive(t, a, grave, chosen)
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
	outcomes, err := r.Send(t.Context(), copies, entries)
	isProblem(t, err, adapters.ErrBusy)
	isKind(t, outcomes[0], adapters.ErrUnknownOutcome)
}

// TestRedriveSilence has brokers that take records and never answer.
func TestRedriveSilence(t *testing.T) {
	t.Parallel() // it waits
	c, k := fake(t)
	grave, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, grave, letter(0, "k", "letter"))
	a := c.writer(t, grave)
	r := redrive(t, a, grave, positions(look(t, a, grave)))
	held, err := r.Next(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	silent := make(chan struct{})
	k.ControlKey(kmsg.Produce.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.SleepControl(func() { <-silent })
		return nil, errors.New("broken off"), true
	})
	copies, entries := copiesOf(held, target)
	outcomes, err := r.Send(t.Context(), copies, entries)
	isProblem(t, err, adapters.ErrNotConnected)
	isKind(t, outcomes[0], adapters.ErrNotSent)
	close(silent)
}

// TestRedriveOfAnotherTopic makes the grave again under its name while it is acted on.
func TestRedriveOfAnotherTopic(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		grave := c.topic(t, 1)
		c.publish(t, grave, letter(0, "k", "letter"))
		a := c.writer(t, grave)
		r := redrive(t, a, grave, positions(look(t, a, grave)))
		if _, err := c.admin.DeleteTopics(t.Context(), grave); err != nil {
			t.Fatal(err)
		}
		for { // until the broker has done it
			if _, err := c.admin.CreateTopic(t.Context(), 1, 1, nil, grave); err == nil {
				break
			} else if !errors.Is(err, kerr.TopicAlreadyExists) {
				t.Fatal(err)
			}
		}
		again := connect(t, c.address)
		again.publish(t, grave, letter(0, "k", "another letter"))
		held, err := r.Next(t.Context(), 10)
		if len(held) > 0 {
			t.Errorf("handed over %v of a topic that is not the one", held)
		}
		isProblem(t, err, adapters.ErrGone)
	})
}

// TestRedriveBrokerKilled kills a real broker of its own in the middle, and goes on with
// what the ledger does not have.
func TestRedriveBrokerKilled(t *testing.T) {
	scripts := os.Getenv("EVENTSCOPE_BROKER_SCRIPTS")
	if scripts == "" {
		t.Skip("EVENTSCOPE_BROKER_SCRIPTS does not name the folder of the script that starts and kills a broker")
	}
	port, folder := freePort(t), filepath.Join(t.TempDir(), "kafka")
	run := func(arguments ...string) {
		t.Helper()
		if out, err := exec.Command(filepath.Join(scripts, "kafka"), arguments...).CombinedOutput(); err != nil {
			t.Fatalf("kafka %q: %v\n%s", arguments, err, out)
		}
	}
	start := func() { run("start", folder, fmt.Sprint(port)) }
	start()
	t.Cleanup(func() { run("kill", folder) })
	c := connect(t, fmt.Sprintf("127.0.0.1:%d", port))
	grave, target := c.topic(t, 2), c.topic(t, 2)
	c.publish(t, grave, letters(3000)...)
	a := c.writer(t, grave)
	chosen := positions(look(t, a, grave))
	r := redrive(t, a, grave, chosen)
	sends := 0
	for {
		held, err := r.Next(t.Context(), 100)
		if err != nil {
			t.Log(err)
			break
		}
		if sends++; sends == 5 {
			go func() { exec.Command(filepath.Join(scripts, "kafka"), "kill", folder).Run() }()
		}
		copies, entries := copiesOf(held, target)
		outcomes, err := r.Send(t.Context(), copies, entries)
		if err != nil {
			t.Log(err, outcomes[0])
			if outcomes[0] == nil {
				t.Error("a copy is confirmed by a redrive that has failed")
			}
			break
		}
	}
	start()
	second := redrive(t, a, grave, nil)
	done := ledgerOf(t, a, grave)
	second.Close()
	var left []adapters.Position
	for _, position := range chosen {
		if done[position.String()] == "" {
			left = append(left, position)
		}
	}
	t.Logf("%d of 3000 were done", len(done))
	if len(done) < 400 || len(done) == 3000 {
		t.Errorf("%d of 3000 were done when the broker was killed after 400", len(done))
	}
	if sent := sendAll(t, redrive(t, a, grave, left), 500, target); sent != len(left) {
		t.Errorf("sent %d of %d", sent, len(left))
	}
	c.await(t, target)
	var want []string
	for i := range 3000 {
		want = append(want, fmt.Sprint("letter-", i))
	}
	c.sawOnce(t, target, want...)
}

// TestRedriveProperty runs redrives that end anywhere: before a send, within one, or
// properly. At the end committed readers see each letter once.
func TestRedriveProperty(t *testing.T) {
	c, _ := fake(t)
	rapid.Check(t, func(rt *rapid.T) {
		const n = 12
		grave, target := c.topic(t, 2), c.topic(t, 2)
		c.publish(t, grave, letters(n)...)
		a := c.writer(t, grave)
		all := look(t, a, grave)
		step := func(crash bool, windows int) (finished bool) {
			r := redrive(t, a, grave, nil)
			done := ledgerOf(t, a, grave)
			r.Close()
			var left []adapters.Held
			for _, l := range all {
				if done[l.Position.String()] == "" {
					left = append(left, l)
				}
			}
			r = redrive(t, a, grave, positions(left))
			defer r.Close()
			for range windows {
				held, err := r.Next(t.Context(), rapid.IntRange(1, 5).Draw(rt, "window"))
				if err != nil {
					rt.Fatal(err)
				}
				if len(held) == 0 {
					return true
				}
				send(t, r, held, target)
			}
			if held, _ := r.Next(t.Context(), 1); crash && len(held) > 0 {
				c.crash(t, grave, &kgo.Record{Topic: target, Value: held[0].Value},
					&kgo.Record{Topic: kafka.LedgerTopic, Key: []byte(held[0].Position.String()), Value: []byte("sent")})
			}
			return false
		}
		for range rapid.IntRange(0, 4).Draw(rt, "runs") {
			step(rapid.Bool().Draw(rt, "crash"), rapid.IntRange(0, 3).Draw(rt, "windows"))
		}
		if !step(false, n+1) {
			rt.Fatal("the last run did not finish")
		}
		c.await(t, target)
		var want []string
		for i := range n {
			want = append(want, fmt.Sprint("letter-", i))
		}
		c.sawOnce(t, target, want...)
	})
}

// TestGuaranteeOfOldTransactions has a cluster before KIP-890.
func TestGuaranteeOfOldTransactions(t *testing.T) {
	c, _ := fake(t, kfake.MaxVersions(kversion.V3_7_0()))
	grave, target := c.topic(t, 1), c.topic(t, 1)
	c.publish(t, grave, letter(0, "k", "letter"))
	a := c.writer(t, grave)
	chosen := positions(look(t, a, grave))
	r := redrive(t, a, grave, chosen)
	if r.Guarantee() != adapters.Atomic {
		t.Errorf("guarantee %v", r.Guarantee())
	}
	sendAll(t, r, 10, target)
	c.crash(t, grave, &kgo.Record{Topic: target, Value: []byte("letter")})
	second := redrive(t, a, grave, chosen)
	held, _ := second.Next(t.Context(), 1)
	redrive(t, a, grave, nil)
	copies, entries := copiesOf(held, target)
	_, err := second.Send(t.Context(), copies, entries)
	isProblem(t, err, adapters.ErrBusy)
	c.await(t, target)
	c.sawOnce(t, target, "letter")
}

// BenchmarkRedrive acts on 100,000 letters of 1 KB, in windows of two sizes.
func BenchmarkRedrive(b *testing.B) {
	c := real(b)
	b.Setenv("EVENTSCOPE_BENCH_RECORDS", "100000")
	grave, n := flood(b, c)
	target := c.topic(b, 6)
	a := c.writer(b, grave)
	var chosen []adapters.Position
	if err := a.Look(b.Context(), adapters.Look{Grave: grave}, func(part []adapters.Held) error {
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
				r := redrive(b, a, grave, chosen)
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
					if _, err := r.Send(b.Context(), copies, entries); err != nil {
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
