package servicebus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin"
	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
	"eventscope/adapters/servicebus/client"
)

// nobody is who cannot log in.
type nobody struct{}

func (nobody) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errors.New("the tool has said: my-secret")
}

// TestWhatIsRefusedIsOneSentence: what an operator can do about it is said, and no secret.
func TestWhatIsRefusedIsOneSentence(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	keyed := func(name, key string) func(*Config) {
		return func(c *Config) {
			c.Secret = &client.Secret{Host: p.secret.Host, KeyName: name, Key: key, Emulator: p.secret.Emulator}
		}
	}
	for name, c := range map[string]struct {
		change func(*Config)
		names  []string
		kind   error
		says   string
	}{
		"a wrong key":            {keyed("listener", "not-the-secret"), []string{queue}, adapters.ErrNotAuthenticated, "check the connection string"},
		"an unknown policy":      {keyed("nobody", "root-secret"), []string{queue}, adapters.ErrNotAuthenticated, "does not know the key"},
		"no right to listen":     {keyed("sender", "sender-secret"), []string{queue}, adapters.ErrNotAuthorized, "right Listen"},
		"no right to list":       {keyed("listener", "listener-secret"), nil, adapters.ErrNotAuthorized, "name what to read"},
		"no such queue":          {nil, []string{queue + "-not"}, adapters.ErrUnknownDestination, "not there"},
		"no such subscription":   {nil, []string{queue + "/audit"}, adapters.ErrUnknownDestination, "topic/subscription"},
		"not there for a reader": {keyed("listener", "listener-secret"), []string{queue + "-not"}, adapters.ErrUnknownDestination, "not there"},
		"nobody answers":         {func(c *Config) { c.Address, c.Management, c.Plain = "127.0.0.1:1", "http://127.0.0.1:1", true }, []string{queue}, adapters.ErrNotConnected, "refused"},
		"no login":               {func(c *Config) { c.Secret, c.Entra = nil, nobody{} }, []string{queue}, adapters.ErrNotAuthenticated, "run az login"},
		"no TLS there":           {func(c *Config) { c.Plain, c.Management = false, strings.Replace(p.management, "http:", "https:", 1) }, []string{queue}, adapters.ErrTLS, "ca="},
	} {
		t.Run(name, func(t *testing.T) {
			config := p.config()
			if config.Names = c.names; c.change != nil {
				c.change(&config)
			}
			a, err := Open(t.Context(), config)
			if err == nil {
				_ = a.Close()
			}
			var problem *adapters.Problem
			if !errors.As(err, &problem) || !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || problem.Remedy == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("it is told as %v", err)
			}
			for _, secret := range []string{"secret", "not-the", "SharedAccess"} {
				if strings.Contains(fmt.Sprintf("%v %+v %#v", err, config, config.Secret), secret) {
					t.Errorf("it tells a secret: %v", err)
				}
			}
		})
	}
}

// TestAReaderNeedsListenAlone where it names what it reads.
func TestAReaderNeedsListenAlone(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	p.send(t, queue, amqp.NewMessage([]byte("seen")))
	source := p.open(t, func(c *Config) {
		c.Names, c.Secret = []string{queue}, &client.Secret{Host: p.secret.Host, KeyName: "listener", Key: "listener-secret"}
	})
	defer source.Close()
	if got := scanned(t, source); len(got) != 1 {
		t.Errorf("%d were seen", len(got))
	}
}

// TestOneEntityMayFail while the others are read on: it is disabled or deleted, and a sentence says so.
func TestOneEntityMayFail(t *testing.T) {
	p := bus(t)
	good, bad := p.queue(t, p.name(""), nil), p.queue(t, p.name(""), nil)
	source := p.open(t, func(c *Config) { c.Names = []string{good, bad} })
	s := run(t, source, adapters.End)
	p.double(t, "fail?entity="+bad+"&condition=com.microsoft:entity-disabled")
	awaitStatus(t, source, func(s adapters.Status) bool {
		return len(s.Problems) == 1 && strings.Contains(s.Problems[0], "disabled")
	})
	awaitStatus(t, source, func(s adapters.Status) bool { return len(s.Problems) == 0 })
	p.remove(t, bad)
	awaitStatus(t, source, func(s adapters.Status) bool {
		return len(s.Problems) == 1 && strings.Contains(s.Problems[0], "not there")
	})
	p.send(t, good, amqp.NewMessage([]byte("on")))
	s.await(t, atLeast(1))
	p.remove(t, good)
	awaitStatus(t, source, func(s adapters.Status) bool {
		return s.Connection == adapters.Failed && errors.Is(s.Err, adapters.ErrUnknownDestination)
	})
}

// TestHostileMessagesAreShown, whatever their properties and bodies are.
func TestHostileMessagesAreShown(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	deep := any("x")
	for range 100 {
		deep = []any{deep}
	}
	hostile := []*amqp.Message{
		{Data: [][]byte{[]byte("numbers for reasons")}, ApplicationProperties: map[string]any{"DeadLetterReason": int32(7), "DeadLetterErrorDescription": 1.5}},
		{Data: [][]byte{[]byte("a long key")}, ApplicationProperties: map[string]any{strings.Repeat("k", 64<<10): "v"}},
		{Data: [][]byte{[]byte("no UTF-8")}, ApplicationProperties: map[string]any{"binary": []byte{0xff, 0}}},
		{Data: [][]byte{[]byte("numbers for ids")}, Properties: &amqp.MessageProperties{MessageID: uint64(1 << 63), CorrelationID: amqp.UUID{1}}},
		{Value: []any{map[string]any{"a": []any{int8(1), uint64(1 << 63), float32(0.5), nil, true}}, deep}},
		{Sequence: [][]any{{"a", []byte{0xff}}, {int64(2)}}},
		{Data: [][]byte{[]byte("two "), []byte("parts")}},
		{Value: nil, Data: [][]byte{{}}},
		{Data: [][]byte{make([]byte, 1<<20)}},
	}
	p.send(t, queue, hostile...)
	p.send(t, queue, &amqp.Message{Value: "the last"})
	source := p.open(t, func(c *Config) { c.Names = []string{queue} })
	defer source.Close()
	got := scanned(t, source)
	if len(got) != len(hostile)+1 {
		t.Fatalf("%d of %d were shown", len(got), len(hostile)+1)
	}
	for i, want := range []string{"numbers for reasons", "a long key", "no UTF-8", "numbers for ids", `[{"a":[1,"9223372036854775808",0.5,null,true]},[[[`, `["a","/w==",2]`, "two parts", "", "\x00\x00", "the last"} {
		if !strings.HasPrefix(string(got[i].Value), want) {
			t.Errorf("%d is shown as %.100q, want %q", i, got[i].Value, want)
		}
	}
	if reason, _ := got[0].Header("DeadLetterReason"); string(reason) != "7" {
		t.Errorf("the reason is %q", reason)
	}
	if id := got[3].Properties; id.MessageID != "9223372036854775808" || id.CorrelationID != "01000000-0000-0000-0000-000000000000" {
		t.Errorf("the ids are %+v", id)
	}
}

// TestPurposes: who sends there reads nothing.
func TestPurposes(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), func(*admin.QueueProperties) {})
	for purpose, reads := range map[driver.Purpose]bool{driver.ToRead: true, driver.ToInspect: false, driver.ToSend: false} {
		source := p.open(t, func(c *Config) { c.Names, c.Purpose = []string{queue}, purpose })
		if (source.Tailer != nil) != reads {
			t.Errorf("opened for %d it reads: %v", purpose, source.Tailer != nil)
		}
		_ = source.Close()
	}
}

// freezing passes on what both sides say until it is told to stop, and then keeps the connections.
type freezing struct {
	address string
	frozen  chan struct{}
}

// freeze stops it.
func (f *freezing) freeze() { close(f.frozen) }

// behind is a way to a service that can be frozen.
func behind(t *testing.T, service string) *freezing {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &freezing{listener.Addr().String(), make(chan struct{})}
	var passing sync.WaitGroup
	ended, end := context.WithCancel(context.Background())
	t.Cleanup(func() { end(); _ = listener.Close(); passing.Wait() })
	pass := func(to, from net.Conn) {
		defer to.Close()
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			select {
			case <-f.frozen:
				<-ended.Done()
				return
			default:
			}
			if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
				return
			}
		}
	}
	passing.Go(func() {
		for {
			ours, err := listener.Accept()
			if err != nil {
				return
			}
			theirs, err := net.Dial("tcp", service)
			if err != nil {
				_ = ours.Close()
				continue
			}
			context.AfterFunc(ended, func() { _, _ = ours.Close(), theirs.Close() })
			passing.Go(func() { pass(theirs, ours) })
			passing.Go(func() { pass(ours, theirs) })
		}
	})
	return f
}

// TestACtrlCDoesNotWaitForASilentService: whoever wants an end of a run has it soon, and what became of
// the copies on their way is said not to be known.
func TestACtrlCDoesNotWaitForASilentService(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	p.send(t, queue, amqp.NewMessage([]byte("a")), amqp.NewMessage([]byte("b")), amqp.NewMessage([]byte("c")))
	p.bury(t, queue, 3, "test", "")
	way := behind(t, p.secret.Host)
	source := p.open(t, func(c *Config) {
		c.Address, c.Names, c.Write, c.Purpose = way.address, []string{queue}, true, driver.ToInspect
	})
	defer source.Close()
	dlq := queue + string(client.Dead)
	var wanted []adapters.Position
	if err := source.DeadLetters.Peek(t.Context(), deadletter.Peek{DLQ: dlq}, func(part []deadletter.Delivery) error {
		for i := range part {
			wanted = append(wanted, part[i].Position)
		}
		return nil
	}); err != nil || len(wanted) != 3 {
		t.Fatal(len(wanted), err)
	}
	redrive, err := source.DeadLetters.Redrive(t.Context(), deadletter.Order{DLQ: dlq, Letters: wanted})
	if err != nil {
		t.Fatal(err)
	}
	held, err := redrive.Next(t.Context(), 3)
	if err != nil || len(held) != 3 {
		t.Fatal(len(held), err)
	}
	copies := make([]deadletter.Copy, len(held))
	for i := range held {
		copies[i] = deadletter.Copy{Of: &held[i], To: deadletter.Target(queue)}
	}
	if outcomes, err := redrive.Send(t.Context(), copies[:1], nil)(t.Context()); err != nil || outcomes[0] != nil {
		t.Fatal(outcomes, err)
	}
	way.freeze()
	operator, interrupt := context.WithCancel(t.Context())
	interrupt()
	limit, cancel := context.WithTimeout(deadletter.Finishing(operator), 20*time.Second) // askTime is more
	defer cancel()
	outcomes, err := redrive.Send(limit, copies[1:], nil)(limit)
	if err == nil || !errors.Is(outcomes[0], deadletter.ErrUnknownOutcome) || limit.Err() != nil {
		t.Errorf("%v, %v", outcomes, err)
	}
	if err := redrive.Acknowledge(limit, held[:1]); err == nil || limit.Err() != nil {
		t.Errorf("acknowledged: %v", err)
	}
	closing, cancel := context.WithTimeout(t.Context(), 10*time.Second) // to give letters back may take longer
	defer cancel()
	if _ = redrive.Close(); closing.Err() != nil { // the locks run out
		t.Error("letters are given back though nobody takes them")
	}
}
