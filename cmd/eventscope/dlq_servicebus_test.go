package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin"
	"github.com/Azure/go-amqp"

	"eventscope/adapters/servicebus/client"
)

// busOfATest is a queue with dead letters, and another one to send them to.
type busOfATest struct {
	*testing.T
	conn       *client.Conn
	client     *client.Client
	url        string // of the queue
	origin, to string
}

// plainly asks an emulator, at the port behind that of its messages.
type plainly struct{ host string }

func (p plainly) Do(request *http.Request) (*http.Response, error) {
	request.URL.Scheme, request.URL.Host = "http", p.host
	return (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
}

// newBusOfATest makes the queues. The target drops messages whose id it has seen, if detecting.
func newBusOfATest(t *testing.T, detecting bool) *busOfATest {
	t.Helper()
	text := connectionString(t)
	secret, err := client.ParseConnectionString(text)
	if err != nil {
		t.Fatal(err)
	}
	if !secret.Emulator {
		t.Skip("EVENTSCOPE_TEST_SERVICEBUS is no emulator")
	}
	host, port, _ := strings.Cut(secret.Host, ":")
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	management := host + ":" + strconv.Itoa(number+1)
	t.Setenv("EVENTSCOPE_CONNECTION_STRING", text)
	makes, err := admin.NewClientFromConnectionString(strings.ReplaceAll(text, ";UseDevelopmentEmulator=true", ""), &admin.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: plainly{management}}})
	if err != nil {
		t.Fatal(err)
	}
	b := &busOfATest{T: t, origin: "orders-" + rand.Text()[:8], to: "target-" + rand.Text()[:8]}
	b.url = "servicebus://" + secret.Host + "/" + b.origin + "?emulator=true&management=http://" + management
	for name, properties := range map[string]*admin.QueueProperties{b.origin: {LockDuration: new("PT2S")}, b.to: {RequiresDuplicateDetection: &detecting}} {
		if _, err := makes.CreateQueue(t.Context(), name, &admin.CreateQueueOptions{Properties: properties}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = makes.DeleteQueue(context.Background(), name, nil) })
	}
	if b.client, err = client.Open(client.Config{Address: secret.Host, Management: "http://" + management, Plain: true, Secret: &secret}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	if b.conn, err = b.client.Dial(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.conn.Close)
	return b
}

// bury sends letters, numbered and all with one id, and lets them die.
func (b *busOfATest) bury(n int) {
	b.Helper()
	sender, err := b.conn.Sender(b.Context(), client.Entity{Name: b.origin})
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		m := amqp.NewMessage(fmt.Appendf(nil, `{"number":%d}`, i))
		m.Properties = &amqp.MessageProperties{MessageID: "the-same"}
		if err := sender.Send(b.Context(), m, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.each(b.origin, false, n, func(r *amqp.Receiver, m *amqp.Message) error {
		return r.RejectMessage(b.Context(), m, &amqp.Error{Condition: "com.microsoft:dead-letter", Info: map[string]any{"DeadLetterReason": "test"}})
	})
}

// each receives so many messages of a queue.
func (b *busOfATest) each(queue string, take bool, n int, do func(*amqp.Receiver, *amqp.Message) error) {
	b.Helper()
	receiver, err := b.conn.Receiver(b.Context(), client.Entity{Name: queue}, take)
	if err != nil {
		b.Fatal(err)
	}
	defer receiver.Close(b.Context())
	for i := range n {
		if err := receiver.IssueCredit(1); err != nil { // as slowly as they are dealt with
			b.Fatalf("message %d: %v", i, err)
		}
		m, err := receiver.Receive(b.Context(), nil)
		if err == nil {
			err = do(receiver, m)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// holdsNoSecret requires that nothing of a connection string is in what was written: journal, plans, archive.
func holdsNoSecret(t *testing.T, folder string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if files++; strings.Contains(string(text), "SharedAccess") || strings.Contains(string(text), "root-secret") {
			t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files were written: %v", files, err)
	}
}

// TestAKilledReplayOfServiceBusLosesNothing: each letter is at its target, under one replay id. A target
// that detects duplicates takes each once, and drops none although all letters have the same id.
func TestAKilledReplayOfServiceBusLosesNothing(t *testing.T) {
	const letters, window, kills = 150, 20, 2
	for _, detecting := range []bool{false, true} {
		t.Run(fmt.Sprint("detecting ", detecting), func(t *testing.T) {
			b := newBusOfATest(t, detecting)
			b.bury(letters)
			f := &fire{state: t.TempDir(), url: b.url, kills: kills, pace: []string{"--rate", "200/s"}, lines: func() int { return 4 }, fuse: 100 * time.Millisecond}
			f.run(t, "replay", b.url, "--write", "--to", b.to, "--window", strconv.Itoa(window), "--confirm", strconv.Itoa(letters))
			counts, err := b.client.Counts(t.Context(), client.Entity{Name: b.to})
			if err != nil {
				t.Fatal(err)
			}
			ids := map[string]map[string]int{} // by body
			b.each(b.to, true, int(counts.Active), func(_ *amqp.Receiver, m *amqp.Message) error {
				body, id := string(m.GetData()), fmt.Sprint(m.ApplicationProperties["x-replay-id"])
				if ids[body] == nil {
					ids[body] = map[string]int{}
				}
				ids[body][id]++
				return nil
			})
			holdsNoSecret(t, f.state)
			twice := 0
			for body, of := range ids {
				for id, times := range of {
					if len(of) > 1 || id == "" {
						t.Errorf("%s came under the ids %v", body, of)
					}
					twice += times - 1
				}
			}
			left, err := b.client.Counts(t.Context(), client.Entity{Name: b.origin})
			t.Logf("%d letters, %d came twice", letters, twice)
			if err != nil || len(ids) != letters || left.Dead != 0 || left.Active != 0 || twice > 2*window*kills || detecting && twice > 0 {
				t.Errorf("%d of %d letters came, %d twice, and %+v are left: %v", len(ids), letters, twice, left, err)
			}
		})
	}
}
