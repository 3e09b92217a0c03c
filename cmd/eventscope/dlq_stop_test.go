package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/cmd/internal/exit"
	"eventscope/replay"
)

const (
	stoppedLetters = 400
	stoppedWindow  = 20
	// stopsWithin is how long a run may take to stop when its broker or its target is gone:
	// what the adapters wait for an answer, and some.
	stopsWithin = time.Minute
)

// underway is a dlq command at work.
type underway struct {
	*testing.T
	command *exec.Cmd
	errors  bytes.Buffer
	ended   chan struct{}
}

// dlqUnderway starts a slow run and waits until it has sent and settled some letters.
func dlqUnderway(t *testing.T, state string, args ...string) *underway {
	t.Helper()
	args = slices.Concat([]string{"dlq", args[0], "--write", "--confirm", strconv.Itoa(stoppedLetters), "--window", strconv.Itoa(stoppedWindow), "--rate", "200/s"}, args[1:])
	u := &underway{T: t, command: process(t, args...), ended: make(chan struct{})}
	u.command.Env = append(u.command.Env, "XDG_STATE_HOME="+state)
	u.command.Stderr = &u.errors
	if err := u.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(u.ended)
		_ = u.command.Wait() // its code is looked at by stops
	}()
	const twoWindows = 1 + 2*3
	awaitLines(journalIn(state), twoWindows, u.ended)
	return u
}

// stops waits until it has stopped by itself, partly done, and returns the reason.
func (u *underway) stops() string {
	u.Helper()
	deadline := time.NewTimer(stopsWithin)
	defer deadline.Stop()
	select {
	case <-u.ended:
	case <-deadline.C:
		_ = u.command.Process.Kill()
		<-u.ended
		u.Fatalf("it did not stop within %v: %s", stopsWithin, &u.errors)
	}
	said := u.errors.String()
	if code := u.command.ProcessState.ExitCode(); code != exit.Partly || !strings.Contains(said, "dlq resume") {
		u.Fatalf("exit code %d: %s", code, said)
	}
	return said
}

func resumeToTheEnd(t *testing.T, state, url string) {
	t.Helper()
	out, errors, code := dlqProcess(t, state, "resume", lastRun(t, state), url, "--write")
	if code != exit.Done || !strings.Contains(out, fmt.Sprintf(`"state":"done","replayed":%d,"failed":0,"skipped":0`, stoppedLetters)) {
		t.Fatalf("exit code %d: %s%.2000s", code, errors, out)
	}
}

func createTopics(t *testing.T, address string, topics ...string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	created, err := kadm.NewClient(client).CreateTopics(t.Context(), 1, 1, nil, topics...)
	if err == nil {
		err = created.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestKafkaKilledUnderReplay: the run stops, says why, and when the broker is back it goes
// on to the end: each letter is there once.
func TestKafkaKilledUnderReplay(t *testing.T) {
	t.Parallel()
	port := freePorts(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	broker := newMortal(t, "kafka", port)
	createTopics(t, address, "orders", "orders.dlq")
	lettersOn(t, address, "orders.dlq", "orders", stoppedLetters)
	url, state := "kafka://"+address+"/orders.dlq", t.TempDir()
	run := dlqUnderway(t, state, "replay", url)
	broker.kill()
	if said := run.stops(); !strings.Contains(said, address) {
		t.Errorf("it says %s", said)
	}
	broker.back()
	resumeToTheEnd(t, state, url)
	eachOnce(t, address, "orders", stoppedLetters)
}

// TestRabbitMQKilledUnderReplay: the same, where no letter is lost, and what came twice is
// no more than was on its way.
func TestRabbitMQKilledUnderReplay(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3", "4"} {
		for _, kind := range []string{amqp.QueueTypeClassic, amqp.QueueTypeQuorum} {
			t.Run(version+"/"+kind, func(t *testing.T) { t.Parallel(); rabbitMQKilledUnderReplay(t, version, kind) })
		}
	}
}

func rabbitMQKilledUnderReplay(t *testing.T, version, kind string) {
	port := freePorts(t, 10_000, 20_000, 5_000, 6_000)
	at := fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", port)
	broker := newMortal(t, "rabbitmq", port, version)
	channel := channelTo(t, at)
	work, dlq, url := deadOnRabbitMQ(t, at, channel, amqp.Table{amqp.QueueTypeArg: kind}, 0)
	if err := channel.Confirm(false); err != nil {
		t.Fatal(err)
	}
	for i := range stoppedLetters { // on disk when it is confirmed, which dead-lettering does not wait for
		id := strconv.Itoa(i)
		confirmation, err := channel.PublishWithDeferredConfirm("", dlq, true, false, amqp.Publishing{MessageId: id, Body: []byte(id), DeliveryMode: amqp.Persistent})
		if err != nil || !confirmation.Wait() {
			t.Fatal(err)
		}
	}
	// The broker is late to write down which queues it has. One that it forgets is empty or
	// gone when it is back.
	broker.run("ctl", broker.folder, "eval", "[dets:sync(T) || T <- dets:all()], mnesia:sync_log().")
	state := t.TempDir()
	run := dlqUnderway(t, state, "replay", url)
	broker.kill()
	said := run.stops()
	settled := journalled(t, state, lastRun(t, state), replay.StepSettle)
	if !strings.Contains(said, "connection") {
		t.Errorf("it says %s", said)
	}
	broker.back()
	resumeToTheEnd(t, state, url)
	channel = channelTo(t, at)
	left, most := drain(t, channel, dlq), 0
	if kind == amqp.QueueTypeClassic { // which forgets acknowledgements when it is killed
		most = settled
	}
	if len(left) > most {
		t.Errorf("%d letters lie in the queue, and %d were settled by the kill", len(left), settled)
	}
	t.Logf("of %d letters that were settled by the kill %d came back", settled, len(left))
	checkArrived(t, drain(t, channel, work))
}

func channelTo(t *testing.T, url string) *amqp.Channel {
	t.Helper()
	connection, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return channel
}

// checkArrived checks that each letter has a copy, and that those that came twice are no
// more than a window, with the same replay ids.
func checkArrived(t *testing.T, copies []amqp.Delivery) {
	t.Helper()
	ids, seen := map[string]string{}, map[string]int{}
	for _, m := range copies {
		id, _ := m.Headers["x-replay-id"].(string)
		if id == "" || ids[m.MessageId] != "" && ids[m.MessageId] != id {
			t.Fatalf("a copy of letter %s with id %q, and another with %q", m.MessageId, id, ids[m.MessageId])
		}
		ids[m.MessageId] = id
		seen[m.MessageId]++
	}
	if len(seen) != stoppedLetters || len(copies) > stoppedLetters+stoppedWindow {
		t.Errorf("%d copies of %d letters, of %d", len(copies), len(seen), stoppedLetters)
	}
}

// TestTargetTopicDeletedUnderReplay: what was sent by then is settled, the rest is open,
// and arrives when there is a topic again.
func TestTargetTopicDeletedUnderReplay(t *testing.T) {
	t.Parallel()
	address, target := realKafka(t)
	_, dlq := realKafka(t)
	lettersOn(t, address, dlq, target, stoppedLetters)
	url, state := "kafka://"+address+"/"+dlq, t.TempDir()
	run := dlqUnderway(t, state, "replay", url)
	deleteTopic(t, address, target)
	if said := run.stops(); !strings.Contains(said, target) {
		t.Errorf("it does not name what is gone: %s", said)
	}
	settled := journalled(t, state, lastRun(t, state), replay.StepSettle)
	open := positions(t, state, url)
	if settled == 0 || len(open) != stoppedLetters-settled {
		t.Errorf("%d are settled, and %d open", settled, len(open))
	}
	createTopics(t, address, target)
	resumeToTheEnd(t, state, url)
	seen := map[string]bool{}
	for _, r := range committed(t, address, target) {
		if from, _ := recordHeader(r, "x-replay-from"); seen[from] || !slices.Contains(open, strings.TrimPrefix(from, "kafka/")) {
			t.Errorf("%s was not open, or is there twice", from)
		} else {
			seen[from] = true
		}
	}
	if len(seen) != len(open) {
		t.Errorf("%d of %d letters arrived", len(seen), len(open))
	}
}

func deleteTopic(t *testing.T, address, topic string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).DeleteTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
}

func TestTargetQueueDeletedUnderReplay(t *testing.T) {
	t.Parallel()
	onEachRabbitMQ(t, func(t *testing.T, broker string, channel *amqp.Channel) {
		work, dlq, url := deadOnRabbitMQ(t, broker, channel, nil, stoppedLetters)
		state := t.TempDir()
		run := dlqUnderway(t, state, "replay", url)
		if _, err := channel.QueueDelete(work, false, false, false); err != nil {
			t.Fatal(err)
		}
		if said := run.stops(); !strings.Contains(said, work) {
			t.Errorf("it does not name what is gone: %s", said)
		}
		settled := journalled(t, state, lastRun(t, state), replay.StepSettle)
		awaitDepth(t, channel, dlq, stoppedLetters-settled)
		if open := positions(t, state, url); settled == 0 || len(open) != stoppedLetters-settled {
			t.Errorf("%d are settled, and %d open", settled, len(open))
		}
		if _, err := channel.QueueDeclare(work, true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		resumeToTheEnd(t, state, url)
		awaitDepth(t, channel, dlq, 0)
		awaitDepth(t, channel, work, stoppedLetters-settled)
	})
}

// TestTwoOperatorsAtOnceOnRabbitMQ: the queue is one's at a time. The other is told.
func TestTwoOperatorsAtOnceOnRabbitMQ(t *testing.T) {
	t.Parallel()
	onEachRabbitMQ(t, func(t *testing.T, broker string, channel *amqp.Channel) {
		work, dlq, url := deadOnRabbitMQ(t, broker, channel, nil, stoppedLetters)
		first := t.TempDir()
		run := dlqUnderway(t, first, "replay", url)
		second := t.TempDir()
		_, said, code := dlqProcess(t, second, "replay", url, "--write", "--confirm", strconv.Itoa(stoppedLetters))
		if code != exit.Refused {
			t.Errorf("the second: exit code %d: %s", code, said)
		}
		t.Logf("the second is told: %s", said)
		<-run.ended
		if code := run.command.ProcessState.ExitCode(); code != exit.Done {
			t.Errorf("the first: exit code %d: %s", code, &run.errors)
		}
		awaitDepth(t, channel, dlq, 0)
		copies := drain(t, channel, work)
		if len(copies) != stoppedLetters {
			t.Errorf("%d copies", len(copies))
		}
		checkArrived(t, copies)
	})
}

// TestATargetThatRoutesNowhere is refused with the plan where that can be known, and else
// stops the run at its first letters, which stay. Taps of both exchanges, to which anything
// is routed, change nothing.
func TestATargetThatRoutesNowhere(t *testing.T) {
	t.Parallel()
	onEachRabbitMQ(t, func(t *testing.T, broker string, channel *amqp.Channel) {
		const count = 10
		work, dlq, url := deadOnRabbitMQ(t, broker, channel, nil, count)
		if err := channel.ExchangeDeclare(work, "headers", false, true, false, false, nil); err != nil {
			t.Fatal(err)
		}
		if err := channel.QueueBind(work, "", work, false, amqp.Table{"x-match": "all", "wanted": "yes"}); err != nil {
			t.Fatal(err)
		}
		state := t.TempDir()
		toNowhere := func(url, to string, want int) {
			t.Helper()
			_, said, code := dlqProcess(t, state, "replay", url, "--to", to, "--write", "--confirm", strconv.Itoa(count), "--canary", "1")
			if code != want || want == exit.Refused && !strings.Contains(said, to) {
				t.Fatalf("--to %s: exit code %d: %s", to, code, said)
			}
			t.Log(strings.TrimSpace(said))
			awaitDepth(t, channel, dlq, count)
		}
		both := func() {
			t.Helper()
			toNowhere(url, "amq.topic:nowhere."+dlq, exit.Refused)
			toNowhere(url, work+":any", exit.Failed)
		}
		both()
		tail := start(t, process(t, "tail", broker+"?tap=amq.topic:%23&tap="+work))
		awaitTap(t, tail, channel, work)
		both()
		toNowhere(broker+"?queue="+dlq, work+":any", exit.Failed)
		tail.end()
		if open := positions(t, state, url); len(open) != count {
			t.Errorf("%d are open", len(open))
		}
		if sent := drain(t, channel, work); len(sent) > 0 {
			t.Errorf("%d were sent", len(sent))
		}
	})
}

// awaitTap publishes until a tail shows it, and waits until that has ended.
func awaitTap(t *testing.T, tail *running, channel *amqp.Channel, exchange string) {
	t.Helper()
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		publishUntil(done, func(n int) {
			if err := channel.PublishWithContext(t.Context(), exchange, "", false, false, shipment(n, "ord-tapped")); err != nil {
				t.Error(err)
			}
		})
	}()
	tail.until(tail.out, "ord-tapped")
	close(done)
	<-finished
}

// TestARunThatSettledNothingSaysHowItGoesOn: it was begun, and may have letters in hand.
func TestARunThatSettledNothingSaysHowItGoesOn(t *testing.T) {
	t.Parallel()
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders", "orders.dlq"))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	address, state := kafka.ListenAddrs()[0], t.TempDir()
	lettersOn(t, address, "orders.dlq", "orders", 2)
	url := "kafka://" + address + "/orders.dlq"
	if _, said, code := dlqProcess(t, state, "discard", "orders.dlq/0@0", url, "--write", "--confirm", "1", "--reason", "test"); code != exit.Done {
		t.Fatalf("exit code %d: %s", code, said)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	claim := fmt.Appendf(nil, `{"run":"20260101-000000-abcd","by":"bob@host","at":%q}`, time.Now().UTC().Format(time.RFC3339))
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "eventscope.ledger", Key: []byte("claim:orders.dlq"), Value: claim}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	_, said, code := dlqProcess(t, state, "replay", url, "--write", "--confirm", "1")
	want := "go on with: eventscope dlq resume " + lastRun(t, state) + " '" + "kafka://" + address
	if code != exit.Refused || !strings.Contains(said, "bob@host is at work on it") || !strings.Contains(said, want) {
		t.Errorf("exit code %d: %s", code, said)
	}
}
