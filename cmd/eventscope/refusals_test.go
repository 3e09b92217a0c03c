package main

import (
	"net"
	"strings"
	"testing"

	"eventscope/cmd/internal/exit"
)

// silence is a port that takes connections and never says a word.
func silence(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // the system itself accepts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// What cannot be read is one sentence with the address or the name, the cause, and what
// to do, in an exit code that scripts can tell apart; the other sources go on.
func TestRefusalsAreOneSentence(t *testing.T) {
	t.Parallel()
	address, topic := realKafka(t)
	url, exchange, _ := realExchange(t, rabbitMQ4Variable)
	_, rabbit, _ := strings.Cut(strings.TrimSuffix(url, "/"), "@")
	quiet := silence(t)
	for name, c := range map[string]struct {
		url string
		say []string
	}{
		"Kafka refuses":            {"kafka://127.0.0.1:1/a", []string{"127.0.0.1:1: connection refused; check"}},
		"RabbitMQ refuses":         {"amqp://127.0.0.1:1/?tap=a", []string{"127.0.0.1:1: connection refused; check"}},
		"Kafka is silent":          {"kafka://" + quiet + "/a", []string{quiet + ": no answer; check"}},
		"Kafka is silent over TLS": {"kafkas://" + quiet + "/a", []string{quiet + ": no answer; check"}},
		"RabbitMQ is silent":       {"amqp://" + quiet + "/?tap=a", []string{quiet + ": no answer", "; check"}},
		"management is silent":     {url + "?queue=a&management=http://" + quiet, []string{quiet + ": no answer", "check the URL"}},
		"no such host":             {"kafka://eventscope.invalid/a", []string{"eventscope.invalid:9092: no such host", "; check"}},
		"RabbitMQ for Kafka":       {"kafka://" + rabbit + "/a", []string{rabbit + ": what answers there does not speak Kafka; use"}},
		"Kafka for RabbitMQ":       {"amqp://" + address + "/?tap=a", []string{address + ": ", "; check the port"}},
		"TLS to plain RabbitMQ":    {"amqps://" + rabbit + "/?tap=a", []string{rabbit + ": this port does not speak TLS; use amqp://"}},
		"a login nobody asked for": {"kafka://ann:secret-x@" + address + "/" + topic, []string{address + ": the port does not expect a login; connect without"}},
		"wrong password":           {"amqp://nobody:secret-x@" + rabbit + "/?tap=a", []string{rabbit + `: it refused user "nobody"`, "; check user and password"}},
		"no such virtual host":     {url + "nowhere?tap=a", []string{rabbit + `: it has no virtual host "nowhere"; check`}},
		"no such exchange":         {url + "?tap=nowhere-" + exchange, []string{`"nowhere-` + exchange + `"`, "no such exchange; check"}},
		"no such stream":           {url + "?stream=nowhere", []string{`"nowhere"`, "no such stream; check"}},
		"no such topic":            {"kafka://" + address + "/nowhere", []string{`"nowhere"`, "no such topic; check"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // silence takes its time
			alone := process(t, "tail", c.url)
			out, _ := alone.CombinedOutput() // its code is looked at below
			said := string(out)
			for _, part := range c.say {
				if !strings.Contains(said, part) {
					t.Errorf("it does not say %q: %s", part, said)
				}
			}
			if code := alone.ProcessState.ExitCode(); code != exit.Failed || strings.Count(said, "\n") != 1 || strings.Contains(said, "secret-x") {
				t.Errorf("exit code %d: %s", code, said)
			}
			beside := process(t, "flows", "--exit", c.url, "kafka://"+address+"/"+topic)
			out, _ = beside.CombinedOutput()
			if code := beside.ProcessState.ExitCode(); code != exit.Partly || !strings.Contains(string(out), "1 of 2 sources failed") {
				t.Errorf("beside another source: exit code %d: %s", code, out)
			}
		})
	}
}
