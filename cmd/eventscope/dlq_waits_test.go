package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/cmd/internal/exit"
	"eventscope/replay"
)

// newestRabbitMQVariable names a broker that is tested where there is one.
const newestRabbitMQVariable = "EVENTSCOPE_TEST_RABBITMQ43"

// endsWithin is how long a command may take to say what it waits for, or to heed ctrl+c. It says
// so within 5 s, and heeds it within 2; the rest is for a busy machine.
const endsWithin = 30 * time.Second

// onMortalRabbitMQs runs a test on a broker of its own of each version, side by side.
func onMortalRabbitMQs(t *testing.T, test func(b *mortalRabbitMQ)) {
	t.Helper()
	versions := []string{"3", "4"}
	if os.Getenv(newestRabbitMQVariable) != "" {
		versions = append(versions, "4-sid")
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			port := freePorts(t, 10_000, 20_000, 5_000, 6_000)
			test(&mortalRabbitMQ{mortal: newMortal(t, "rabbitmq", port, version), at: fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", port)})
		})
	}
}

// mortalRabbitMQ is a broker that may be frozen and told to raise alarms.
type mortalRabbitMQ struct {
	*mortal
	at string // URL
}

func (b *mortalRabbitMQ) ctl(arguments ...string) {
	b.Helper()
	b.run(append([]string{"ctl", b.folder}, arguments...)...)
}

// signal sends a signal to the broker's process.
func (b *mortalRabbitMQ) signal(s syscall.Signal) {
	b.Helper()
	data, err := os.ReadFile(filepath.Join(b.folder, "beam.pid"))
	if err != nil {
		b.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		b.Fatal(err)
	}
	if err := syscall.Kill(pid, s); err != nil {
		b.Fatal(err)
	}
}

// letters buries letters in a queue of its own and returns the URL to deal with it.
func (b *mortalRabbitMQ) letters(kind string, count int) (channel *amqp.Channel, work, dlq, url string) {
	b.Helper()
	channel = channelTo(b.T, b.at)
	work, dlq, url = deadOnRabbitMQ(b.T, b.at, channel, amqp.Table{amqp.QueueTypeArg: kind}, count)
	return channel, work, dlq, url
}

// endsSoon waits for the end of a command, and returns its exit code and what it says.
func (u *underway) endsSoon() (code int, said string) {
	u.Helper()
	limit, began := time.NewTimer(endsWithin), time.Now()
	defer limit.Stop()
	select {
	case <-u.ended:
	case <-limit.C:
		_ = u.command.Process.Kill()
		<-u.ended
		u.Fatalf("it has not ended after %v: %s", endsWithin, &u.errors)
	}
	code, said = u.command.ProcessState.ExitCode(), u.errors.String()
	u.Logf("exit code %d after %v: %s", code, time.Since(began).Round(10*time.Millisecond), strings.TrimSpace(said))
	return code, said
}

// interrupt interrupts the command, which may have ended.
func (u *underway) interrupt() {
	u.Helper()
	if err := u.command.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		u.Fatal(err)
	}
}

// awaitStuck waits until the run is at its copies for longer than a broker takes that is well,
// or has ended.
func (u *underway) awaitStuck(state string) {
	u.Helper()
	const pause, enough = 20 * time.Millisecond, 20
	again := time.NewTicker(pause)
	defer again.Stop()
	for sent, stuck := 0, 0; stuck < enough; {
		select {
		case <-again.C:
		case <-u.ended:
			return
		}
		line, lines := lastIn(u.T, state)
		if stuck++; line.Step != replay.StepSend || lines != sent {
			sent, stuck = lines, 0
		}
	}
}

// TestABrokerThatTakesNothingEndsAReplay: a broker that is low on memory or disk, or frozen, is
// called that, ctrl+c is heeded meanwhile, and when it is well again the run goes on to its
// end: no letter is lost.
func TestABrokerThatTakesNothingEndsAReplay(t *testing.T) {
	t.Parallel()
	onMortalRabbitMQs(t, func(b *mortalRabbitMQ) {
		for _, c := range []struct {
			name, says  string
			begin, over func()
		}{
			{"memory", "low on memory",
				func() { b.ctl("set_vm_memory_high_watermark", "0.00001") }, func() { b.ctl("set_vm_memory_high_watermark", "0.6") }},
			{"disk", "low on disk",
				func() { b.ctl("set_disk_free_limit", "99999GB") }, func() { b.ctl("set_disk_free_limit", "50MB") }},
			{"frozen", "no sign of life",
				func() { b.signal(syscall.SIGSTOP) }, func() { b.signal(syscall.SIGCONT) }},
		} {
			for _, interrupted := range []bool{false, true} {
				stopped := false
				for range 5 { // a run on a busy machine may be over before the alarm comes
					if stopped = b.stopped(c.name, c.says, interrupted, c.begin, c.over); stopped {
						break
					}
				}
				if !stopped {
					b.Errorf("%s: no run lasted until the broker stopped", c.name)
				}
			}
		}
	})
}

// stopped replays while something happens to the broker, lets it pass and resumes; false says that
// the run was over before.
func (b *mortalRabbitMQ) stopped(name, says string, interrupted bool, begin, over func()) bool {
	b.Helper()
	channel, work, dlq, url := b.letters(amqp.QueueTypeClassic, stoppedLetters)
	state := b.TempDir()
	run := dlqUnderway(b.T, state, "replay", url, "--rate", "20/s") // slower than an alarm comes
	b.Logf("%s, interrupted %v", name, interrupted)
	begun := make(chan struct{})
	go func() { defer close(begun); begin() }()
	if interrupted {
		if name == "frozen" { // where nothing new is sent
			<-begun
		} else {
			run.awaitStuck(state)
		}
		run.interrupt()
	}
	// A run that is interrupted too late has ended by itself, which it must then say.
	code, said := run.endsSoon()
	heeded := interrupted && code == exit.Interrupted
	if !heeded && code != exit.Done && (code != exit.Partly || !strings.Contains(said, says)) {
		b.Errorf("%s: exit code %d: %s", name, code, said)
	}
	<-begun
	over()
	if code != exit.Done {
		resumeWhatIsLeft(b.T, state, url)
	}
	awaitDepth(b.T, channel, dlq, 0)
	checkArrived(b.T, drain(b.T, channel, work))
	return code != exit.Done
}

// resumeWhatIsLeft resumes, at a better pace, until all letters are settled. A broker that was frozen may count a consumer
// that has ended for a while.
func resumeWhatIsLeft(t *testing.T, state, url string) {
	t.Helper()
	for range 20 {
		_, said, code := dlqProcess(t, state, "resume", lastRun(t, state), url, "--write", "--rate", "1000/s")
		if code == exit.Done {
			return
		}
		t.Logf("resumed: exit code %d: %s", code, said)
	}
	t.Fatal("it cannot be resumed")
}

// TestASlowPaceOutlivesTheConsumerTimeout: letters are not held for as long as the broker allows
// a consumer, however slow the pace.
func TestASlowPaceOutlivesTheConsumerTimeout(t *testing.T) {
	t.Parallel()
	const letters, pace = 12, "10/m" // 72 s, and a minute is allowed
	onMortalRabbitMQs(t, func(b *mortalRabbitMQ) {
		b.ctl("eval", "application:set_env(rabbit, consumer_timeout, 60000), application:set_env(rabbit, channel_tick_interval, 5000).")
		var runs sync.WaitGroup
		for _, kind := range []string{amqp.QueueTypeClassic, amqp.QueueTypeQuorum} { // side by side
			channel, work, dlq, url := b.letters(kind, letters)
			state := b.TempDir()
			command := process(b.T, "dlq", "replay", url, "--write", "--confirm", strconv.Itoa(letters), "--rate", pace)
			command.Env = append(command.Env, "XDG_STATE_HOME="+state)
			runs.Go(func() {
				if out, err := command.CombinedOutput(); err != nil {
					b.Errorf("%s: %v: %s", kind, err, out)
				}
			})
			defer func() {
				runs.Wait()
				awaitDepth(b.T, channel, dlq, 0)
				if copies := drain(b.T, channel, work); len(copies) != letters {
					b.Errorf("%s: %d copies of %d letters", kind, len(copies), letters)
				}
			}()
		}
	})
}
