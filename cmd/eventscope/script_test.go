package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"eventscope/cmd/internal/embedded"
)

// leakChecked is testing.M that also fails when goroutines are left.
type leakChecked struct{ *testing.M }

func (m leakChecked) Run() int {
	folder, err := os.MkdirTemp("", "eventscope-built")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	buildFolder = folder
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
// own at $KAFKA.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		Setup:         setUpScript,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": checkCode, "publish": publish, "commit": commitOffsets,
		},
	})
}

func setUpScript(env *testscript.Env) error {
	broker, err := embedded.Start(context.Background(), 1, "orders", "payments", "orders.dlq")
	if err != nil {
		return err
	}
	env.Defer(broker.Stop)
	env.Setenv("KAFKA", broker.Address())
	env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
	env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
	env.Setenv("TZ", "UTC")
	env.Setenv(raceVariable, raceOptions)
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

// scriptMessage is a message to publish, in a script's file one JSON object a line.
type scriptMessage struct {
	Topic   string
	Key     *string
	Headers [][2]string
	Time    time.Time // now when absent; the embedded broker forgets what is a week old
	Ago     string    // in place of Time: a duration before now
	Value   *json.RawMessage
	Text    *string // in place of Value: as it is
}

// publish writes the messages of a file: publish ADDRESS FILE.
func publish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: publish ADDRESS FILE")
	}
	var messages []scriptMessage
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		var m scriptMessage
		ts.Check(json.Unmarshal([]byte(line), &m))
		messages = append(messages, m)
	}
	ts.Check(publishKafka(args[0], messages))
}

// commitOffsets makes a group say how far it is in partition 0 of topics:
// commit ADDRESS GROUP TOPIC OFFSET …
func commitOffsets(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: commit ADDRESS GROUP TOPIC OFFSET ...")
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(args[0]))
	ts.Check(err)
	defer client.Close()
	offsets := make(kadm.Offsets)
	for i := 2; i+1 < len(args); i += 2 {
		offset, err := strconv.ParseInt(args[i+1], 10, 64)
		ts.Check(err)
		offsets.AddOffset(args[i], 0, offset, -1)
	}
	ts.Check(kadm.NewClient(client).CommitAllOffsets(context.Background(), args[1], offsets))
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
		if m.Ago != "" {
			ago, err := time.ParseDuration(m.Ago)
			if err != nil {
				return err
			}
			record.Timestamp = time.Now().Add(-ago)
		}
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
