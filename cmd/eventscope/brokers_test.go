package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"eventscope/cmd/internal/exit"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Environment variables that name real brokers to test with.
const (
	kafkaVariable     = "EVENTSCOPE_TEST_KAFKA"        // host:port
	secureVariable    = "EVENTSCOPE_TEST_KAFKA_SECURE" // folder with its certificates; ports +10, +20, +30
	rabbitMQ3Variable = "EVENTSCOPE_TEST_RABBITMQ3"    // AMQP URL
	rabbitMQ4Variable = "EVENTSCOPE_TEST_RABBITMQ4"
)

// realKafka is a topic of its own on the Kafka that the environment names.
func realKafka(t *testing.T) (address, topic string) {
	t.Helper()
	address = os.Getenv(kafkaVariable)
	if address == "" {
		t.Skip("no Kafka: " + kafkaVariable + " is not set")
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	admin := kadm.NewClient(client)
	topic = fmt.Sprintf("cmd-test-%x", time.Now().UnixNano())
	if _, err := admin.CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.DeleteTopic(context.Background(), topic); err != nil {
			t.Error(err)
		}
	})
	return address, topic
}

// realExchange is a topic exchange of its own on a RabbitMQ that a variable names, and
// a function that publishes to it.
func realExchange(t *testing.T, variable string) (url, exchange string, publish func(amqp.Publishing)) {
	t.Helper()
	url = os.Getenv(variable)
	if url == "" {
		t.Skip("no RabbitMQ: " + variable + " is not set")
	}
	connection, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	exchange = fmt.Sprintf("cmd-test-%x", time.Now().UnixNano())
	if err := channel.ExchangeDeclare(exchange, "topic", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := channel.ExchangeDelete(exchange, false, false); err != nil {
			t.Error(err)
		}
		connection.Close()
	})
	return strings.TrimSuffix(url, "/") + "/", exchange, func(m amqp.Publishing) {
		if err := channel.PublishWithContext(t.Context(), exchange, "order.x", false, false, m); err != nil {
			t.Error(err)
		}
	}
}

// publishUntil publishes again and again until done is closed: what a tap shows begins
// when it is bound, and nobody outside can see when that is.
func publishUntil(done <-chan struct{}, publish func(n int)) {
	const pause = 50 * time.Millisecond
	ticks := time.NewTicker(pause)
	defer ticks.Stop()
	for n := 0; ; n++ {
		select {
		case <-done:
			return
		case <-ticks.C:
			publish(n)
		}
	}
}

func shipment(n int, order string) amqp.Publishing {
	return amqp.Publishing{
		MessageId: "m-" + strconv.Itoa(n), Type: "ShipmentPrepared", AppId: "shipping",
		Body: []byte(`{"type":"ShipmentPrepared","payload":{"order_id":"` + order + `"}}`),
	}
}

func TestTailRabbitMQ(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{rabbitMQ3Variable, rabbitMQ4Variable} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			url, exchange, publish := realExchange(t, variable)
			command := process(t, "tail", url+"?tap="+exchange+":order.#", "--limit", "2")
			done := make(chan struct{})
			var out []byte
			var err error
			go func() {
				defer close(done)
				out, err = command.Output()
			}()
			publishUntil(done, func(n int) { publish(shipment(n, "ord-1")) })
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			if len(lines) != 2 || !strings.HasPrefix(lines[0], `{"source":"rabbitmq","broker":"rabbitmq","destination":"`+exchange+`","position":"`+exchange+`#`) ||
				!strings.Contains(lines[0], `"type":"ShipmentPrepared","service":"shipping","id":"m-`) {
				t.Errorf("got %s", out)
			}
		})
	}
}

// One order that foreign clients wrote to both brokers is one flow.
func TestOneOrderOverBothBrokers(t *testing.T) {
	t.Parallel()
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("no kcat, which is the foreign client for Kafka here")
	}
	address, topic := realKafka(t)
	url, exchange, publish := realExchange(t, rabbitMQ4Variable)
	write := exec.CommandContext(t.Context(), kcat, "-b", address, "-P", "-t", topic, "-k", "ord-1009")
	write.Stdin = strings.NewReader(`{"type":"OrderPlaced","payload":{"order_id":"ord-1009"}}`)
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	command := process(t, "trace", "ord-1009", "kafka://"+address+"/"+topic, url+"?tap="+exchange, "--follow")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var last string
	go func() {
		defer close(done)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			if last = scanner.Text(); strings.Contains(last, `"brokers":["kafka","rabbitmq"]`) {
				return
			}
		}
	}()
	publishUntil(done, func(n int) { publish(shipment(n, "ord-1009")) })
	if !strings.HasPrefix(last, `{"flow":"ord-1009","flow_from":"by key","entity":"ord-1009"`) || !strings.Contains(last, "ShipmentPrepared") {
		t.Errorf("the last line was %s", last)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != exit.Interrupted && code != exit.Done { // the flow may have come to an end
		t.Errorf("exit code %d", code)
	}
}

// secureKafka is the secured Kafka that the environment names: its listeners by their
// distance from the plain one, with a topic of its own, and the file of its authority.
func secureKafka(t *testing.T) (at func(distance int) string, ca string) {
	t.Helper()
	address, topic := realKafka(t)
	secure := os.Getenv(secureVariable)
	if secure == "" {
		t.Skip("no secured Kafka: " + secureVariable + " is not set")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	base, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	at = func(distance int) string { return net.JoinHostPort(host, strconv.Itoa(base+distance)) + "/" + topic }
	return at, filepath.Join(secure, "ca.pem")
}

// Every way to a secured Kafka, as URLs say it.
func TestSecureKafka(t *testing.T) {
	t.Parallel()
	at, ca := secureKafka(t)
	for name, c := range map[string]struct {
		url  string
		code int
		say  string
	}{
		"PLAIN":            {"kafka://tester:tester-secret@" + at(10), exit.NotFound, ""},
		"SCRAM-SHA-512":    {"kafka://tester:tester-secret@" + at(10) + "?sasl=scram-sha-512", exit.NotFound, ""},
		"TLS":              {"kafkas://" + at(20) + "?ca=" + ca, exit.NotFound, ""},
		"both":             {"kafkas://tester:tester-secret@" + at(30) + "?sasl=scram-sha-256&ca=" + ca, exit.NotFound, ""},
		"wrong password":   {"kafka://tester:tester-wrong@" + at(10), exit.Failed, "password"},
		"TLS to plaintext": {"kafkas://" + at(0) + "?ca=" + ca, exit.Failed, "TLS"},
		"plaintext to TLS": {"kafka://" + at(20), exit.Failed, "TLS"},
		"unknown CA":       {"kafkas://" + at(20), exit.Failed, "certificate"},
		"no such CA":       {"kafkas://" + at(20) + "?ca=/nowhere.pem", exit.Misused, "/nowhere.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			command := process(t, "tail", c.url, "--exit")
			out, _ := command.CombinedOutput()
			if code := command.ProcessState.ExitCode(); code != c.code || !strings.Contains(string(out), c.say) || strings.Contains(string(out), "tester-") {
				t.Errorf("exit code %d, want %d and %q: %s", code, c.code, c.say, out)
			}
		})
	}
}
