package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"eventscope/cmd/internal/embedded"
)

// Environment variables that name real brokers to test with.
const (
	kafkaVariable     = "EVENTSCOPE_TEST_KAFKA"
	secureVariable    = "EVENTSCOPE_TEST_KAFKA_SECURE"
	rabbitMQ3Variable = "EVENTSCOPE_TEST_RABBITMQ3"
	rabbitMQ4Variable = "EVENTSCOPE_TEST_RABBITMQ4"
)

// leakChecked is testing.M that also fails when goroutines are left.
type leakChecked struct{ *testing.M }

func (m leakChecked) Run() int {
	code := m.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"eventscope": main})
}

// TestScripts plays the stories in testdata/script. Each has an embedded broker of its
// own at $KAFKA; those with the condition [kafka] or [rabbitmq] also need a real one.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		Setup:         setUpScript,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Condition: func(name string) (bool, error) {
			switch name {
			case "kafka":
				return os.Getenv(kafkaVariable) != "", nil
			case "rabbitmq":
				return os.Getenv(rabbitMQ4Variable) != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": checkCode, "publish": publish, "exchange": declareExchange,
		},
	})
}

func setUpScript(env *testscript.Env) error {
	broker, err := embedded.Start(context.Background(), 1, "orders", "payments")
	if err != nil {
		return err
	}
	env.Defer(broker.Stop)
	unique := strconv.FormatInt(time.Now().UnixNano(), 36)
	env.Setenv("KAFKA", broker.Address())
	env.Setenv("REAL_KAFKA", os.Getenv(kafkaVariable))
	env.Setenv("RABBITMQ", os.Getenv(rabbitMQ4Variable))
	if parsed, err := url.Parse(os.Getenv(rabbitMQ4Variable)); err == nil {
		if port, err := strconv.Atoi(parsed.Port()); err == nil {
			env.Setenv("MANAGEMENT", fmt.Sprintf("http://%s:%d", parsed.Hostname(), port+10000))
		}
	}
	env.Setenv("UNIQUE", "cmd-test-"+unique)
	env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
	env.Setenv("TZ", "UTC")
	env.Setenv("__FANG_TEST_WIDTH", "100")
	return nil
}

// checkCode runs a command and compares its exit code: code 3 eventscope trace …
func checkCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got, failed := 0, (*exec.ExitError)(nil)
	if errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// line is a message in a script's file, one JSON object a line.
type scriptMessage struct {
	Topic, Exchange, RoutingKey string
	Key                         *string
	Headers                     [][2]string
	Time                        time.Time // now when absent
	Value                       *json.RawMessage
	Text                        *string // in place of Value: as it is
	MessageID, CorrelationID    string
	Type, AppID                 string
}

// publish writes the messages of a file to brokers: publish ADDRESS FILE, where the
// address is host:port or an AMQP URL.
func publish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: publish ADDRESS FILE")
	}
	var messages []scriptMessage
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		var m scriptMessage
		ts.Check(json.Unmarshal([]byte(os.Expand(line, ts.Getenv)), &m))
		messages = append(messages, m)
	}
	if strings.HasPrefix(args[0], "amqp") {
		ts.Check(publishAMQP(args[0], messages))
	} else {
		ts.Check(publishKafka(args[0], messages))
	}
}

func (m *scriptMessage) body() []byte {
	switch {
	case m.Text != nil:
		return []byte(*m.Text)
	case m.Value != nil:
		return *m.Value
	}
	return nil
}

func publishKafka(address string, messages []scriptMessage) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.AllowAutoTopicCreation(), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	for _, m := range messages {
		record := &kgo.Record{Topic: m.Topic, Value: m.body(), Timestamp: m.Time}
		if m.Key != nil {
			record.Key = []byte(*m.Key)
		}
		for _, header := range m.Headers {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: header[0], Value: []byte(header[1])})
		}
		if err := client.ProduceSync(context.Background(), record).FirstErr(); err != nil {
			return err
		}
	}
	return nil
}

func publishAMQP(address string, messages []scriptMessage) error {
	connection, err := amqp.Dial(address)
	if err != nil {
		return err
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return err
	}
	for _, m := range messages {
		headers := amqp.Table{}
		for _, header := range m.Headers {
			headers[header[0]] = header[1]
		}
		err := channel.Publish(m.Exchange, m.RoutingKey, false, false, amqp.Publishing{
			Headers: headers, Body: m.body(), MessageId: m.MessageID, CorrelationId: m.CorrelationID, Type: m.Type, AppId: m.AppID,
		})
		if err != nil {
			return err
		}
	}
	return channel.Close() // which waits until the broker has taken all
}

// declareExchange makes a topic exchange that goes when the script ends.
func declareExchange(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: exchange URL NAME")
	}
	connection, err := amqp.Dial(args[0])
	ts.Check(err)
	channel, err := connection.Channel()
	ts.Check(err)
	ts.Check(channel.ExchangeDeclare(args[1], "topic", false, false, false, false, nil))
	ts.Defer(func() {
		_ = channel.ExchangeDelete(args[1], false, false) // the connection's end says as much
		_ = connection.Close()
	})
}
