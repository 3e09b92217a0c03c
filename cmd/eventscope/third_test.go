package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest/toy"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/reading"
	"eventscope/cmd/internal/source"
	"eventscope/tui/tuitest"
)

// withToy are the brokers of a program that knows one more: this line is all there is to it.
var withToy = append(source.Drivers{&toy.Driver}, brokers...)

// shopOnToy is a program that knows a third broker, and a cluster of that.
type shopOnToy struct {
	*testing.T
	cluster *toy.Cluster
	folder  string
}

// newShopOnToy has three orders of four steps, a group that is behind, and two dead letters.
func newShopOnToy(t *testing.T) *shopOnToy {
	s := &shopOnToy{T: t, cluster: toy.New("shop"), folder: t.TempDir()}
	t.Cleanup(s.cluster.Remove)
	s.cluster.Log("orders")
	s.cluster.Log("payments")
	s.cluster.Queue("orders.dlq", "orders")
	at := time.Now().Add(-time.Minute)
	for _, flow := range []string{"ord-1", "ord-2", "ord-3"} {
		at = at.Add(time.Second)
		s.cluster.Publish("orders", event(flow, "1", "", "OrderPlaced", "order", at))
		s.cluster.Publish("payments", event(flow, "2", "1", "PaymentTaken", "payment", at.Add(time.Millisecond)))
	}
	s.cluster.Commit("billing", "orders", 1)
	s.cluster.Publish("orders.dlq", event("ord-8", "1", "", "OrderPlaced", "order", at), event("ord-9", "1", "", "OrderPlaced", "order", at))
	return s
}

func event(flow, id, cause, kind, service string, at time.Time) adapters.Message {
	m := adapters.Message{Key: []byte(flow), Value: []byte(`{"order_id":"` + flow + `"}`), Time: at}
	for _, h := range [][2]string{{"correlation_id", flow}, {"event_id", flow + "/" + id}, {"causation_id", flow + "/" + cause}, {"event_type", kind}, {"service", service}} {
		if h[0] != "causation_id" || cause != "" {
			m.Headers = append(m.Headers, adapters.Header{Name: h[0], Value: []byte(h[1])})
		}
	}
	return m
}

// program is one invocation, and what it says.
func (s *shopOnToy) program() (p *program, said func() (out, problems string)) {
	s.Helper()
	folder := s.TempDir()
	var files []*os.File
	for _, name := range []string{"stdin", "stdout", "stderr"} {
		file, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			s.Fatal(err)
		}
		s.Cleanup(func() { file.Close() })
		files = append(files, file)
	}
	environment := map[string]string{"XDG_CONFIG_HOME": filepath.Join(s.folder, "config"), "XDG_STATE_HOME": filepath.Join(s.folder, "state"), "HOME": s.folder}
	p = newProgram(files[0], files[1], files[2], func(name string) string { return environment[name] })
	p.brokers = withToy
	return p, func() (out, problems string) {
		s.Helper()
		for i, text := range []*string{&out, &problems} {
			content, err := os.ReadFile(files[i+1].Name())
			if err != nil {
				s.Fatal(err)
			}
			*text = string(content)
		}
		return out, problems
	}
}

// does requires that a command line ends well, and that all this is printed.
func (s *shopOnToy) does(line string, wanted ...string) (out string) {
	s.Helper()
	return s.ends(exit.Done, line, wanted...)
}

func (s *shopOnToy) ends(code int, line string, wanted ...string) (out string) {
	s.Helper()
	p, said := s.program()
	got := p.run(context.Background(), strings.Fields(line))
	out, problems := said()
	if got != code {
		s.Errorf("%s: exit code %d, want %d\n%s%s", line, got, code, out, problems)
	}
	for _, text := range wanted {
		if !strings.Contains(out+problems, text) {
			s.Errorf("%s: %q is not in\n%s%s", line, text, out, problems)
		}
	}
	return out
}

// A third broker is a folder and a line: what everybody sees and does works on it.
func TestAThirdBrokerIsReadAndMapped(t *testing.T) {
	s := newShopOnToy(t)
	all := s.does("tail toy://shop --from beginning --exit -o json", `"broker":"toy"`, `orders@2`, `payments@0`)
	if n := strings.Count(all, "\n"); n != 6 {
		t.Errorf("%d events, want 6:\n%s", n, all)
	}
	if one := s.does("tail toy://shop/orders?batch=2 --from beginning --exit -o json"); strings.Count(one, "\n") != 3 || strings.Contains(one, "payments") {
		t.Errorf("of one channel:\n%s", one)
	}
	s.does("flows toy://shop --from beginning --exit -o json", "ord-1", "ord-2", "ord-3")
	s.does("trace ord-2 toy://shop -o text", "OrderPlaced", "PaymentTaken", "orders@1", "payments@1")
	s.does("lag toy://shop -o json", `"group":"billing"`, `"lag":2`, "orders")
	drawn := s.does("topology toy://shop --from beginning --exit -o json",
		`"edge":"writes","from":{"node":"service","name":"order","source":null},"to":{"node":"stream","name":"orders","source":"toy"}`,
		`"edge":"reads","from":{"node":"stream","name":"orders","source":"toy"},"to":{"node":"group","name":"billing","source":"toy"}`,
		`"edge":"dead letters","from":{"node":"stream","name":"orders","source":"toy"},"to":{"node":"queue","name":"orders.dlq","source":"toy"}`)
	if strings.Contains(drawn, `"node":"topic"`) {
		t.Errorf("a channel is on the map as something else, too:\n%s", drawn)
	}
	s.ends(exit.NotFound, "lag toy://shop --group nobody", "the cluster has no such group")
	s.ends(exit.Failed, "tail toy://nobody --exit", "this process has no cluster of that name")
	s.ends(exit.Failed, "tail toy://shop/oders --exit", "oders", "check the spelling")
}

// Dead letters of a third broker are found, planned and sent, and are gone then.
func TestDeadLettersOfAThirdBrokerAreReplayed(t *testing.T) {
	s := newShopOnToy(t)
	s.ends(exit.Refused, "dlq list toy://shop", "orders.dlq", "gives it back, marked as handed out, and nobody asked", "name one behind the slash, as in toy://name/orders.dlq, or add --peek for all")
	s.does("dlq list toy://shop/orders.dlq -o json", "ord-8", "ord-9", "orders.dlq#")
	s.does("dlq plan toy://shop/orders.dlq -o text", "2 letters", "orders", "billing")
	s.ends(exit.Refused, "dlq replay toy://shop/orders.dlq --confirm 2")
	s.does("dlq replay toy://shop/orders.dlq --write --confirm 2")
	if left := s.cluster.Messages("orders.dlq"); len(left) != 0 {
		t.Errorf("%d letters are left", len(left))
	}
	there := s.cluster.Messages("orders")[3:]
	for i, want := range []string{"ord-8", "ord-9"} {
		if len(there) != 2 || string(there[i].Key) != want {
			t.Fatalf("%d copies came", len(there))
		}
	}
	s.ends(exit.NotFound, "dlq list toy://shop/orders.dlq")
	s.does("dlq journal", "replay", "2")
}

// A third broker is explained, completed and shown as the others are.
func TestAThirdBrokerIsExplained(t *testing.T) {
	s := newShopOnToy(t)
	help := regexp.MustCompile(`\n {10,}`).ReplaceAllString(s.does("--help", "batch=NUMBER", "(Toy)"), " ") // without its wrapping
	for line := range strings.Lines(help) {
		for _, name := range []string{"sasl=", "ca=", "cert=", "key=", "server_name="} {
			if strings.HasPrefix(line, "  "+name) && (!strings.Contains(line, " (Kafka, RabbitMQ") || strings.Contains(line, "Toy")) {
				t.Errorf("the toy has none: %s", line)
			}
		}
	}
	words := strings.Join(strings.Fields(s.does("dlq list --help")), " ")
	for _, cost := range []string{"marked as redelivered (RabbitMQ)", "marked as handed out (Toy)"} {
		if !strings.Contains(words, cost) {
			t.Errorf("%s is not in %s", cost, words)
		}
	}
	if words := s.does("__complete tail toy://shop?", "toy://shop?batch=", "toy://shop?name="); strings.Contains(words, "sasl") || strings.Contains(words, "server_name") {
		t.Errorf("completed by what the toy has not:\n%s", words)
	}
	s.does("config sources toy://shop/orders?batch=5", "toy://shop:1/orders?batch=5")
	s.does("__complete tail toy://shop?ba", "toy://shop?batch=")
	s.does("__complete tail to", "toy://")
	s.ends(exit.Misused, "tail toy://shop?batch=many", "a number from 1")
	s.ends(exit.Misused, "tail toy://shop?sasl=plain", "Toy has no SASL mechanisms")
	s.ends(exit.Misused, "tail toy://shop?ca=a.pem", "certificates need TLS, which Toy does not have")
	s.does("tail toy://ann:pw@shop --from beginning --exit", "unencrypted to toy://ann@shop:1\n")
	s.ends(exit.Misused, "tail toy://shop?committed=true", "committed is a parameter of Kafka, not of Toy")
}

// The screen shows a third broker in its own words.
func TestAThirdBrokerIsOnTheScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShopOnToy(t)
		p, _ := s.program()
		settings, err := p.load([]string{"toy://shop"})
		if err != nil {
			t.Fatal(err)
		}
		v := &view{settings: settings, start: adapters.Beginning}
		v.index = reading.StartIndex(settings.tracing())
		ctx, cancel := context.WithCancelCause(t.Context())
		var lines sync.WaitGroup
		defer func() {
			cancel(nil)
			lines.Wait()
			v.index.Stop()
		}()
		v.open(ctx, cancel, p, &lines)
		if err := v.openService(p); err != nil {
			t.Fatal(err)
		}
		screen := tuitest.Open(t, v.options(p), 140, 30).Sees("toy ● 2 channels", "lag 2", "2 dead", "PaymentTaken")
		screen.Press("3").Wait(5*time.Second).Sees("billing", "classic group on toy")
		screen.Press("4").Wait(5*time.Second).Sees("Toy queue orders.dlq", "log orders dead-letters to it")
		screen.Press("enter").Sees("given back; the toy marks it as handed out")
		screen.Press("y").Wait(5*time.Second).Sees("2 open", "OrderPlaced")
		screen.Press("enter").Wait(5*time.Second).Sees("ord-8", "ord-9")
		screen.Press("5").Wait(5*time.Second).Sees("orders", "stream", "group billing", "☠ orders.dlq")
		screen.Quit()
	})
}
