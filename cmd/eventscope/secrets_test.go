package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/cmd/internal/exit"

	amqp "github.com/rabbitmq/amqp091-go"
)

// secretWay is one way to give a password: an environment, a config, or a URL.
type secretWay struct {
	name string
	// prepare returns the arguments that name a source by its URL up to the user, host and
	// what follows it, and completes the command's environment.
	prepare func(t *testing.T, command *exec.Cmd, scheme, user, secret, rest string) []string
}

func addParameter(url, parameter string) string {
	if strings.Contains(url, "?") {
		return url + "&" + parameter
	}
	return url + "?" + parameter
}

func secretFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var secretWays = []secretWay{
	{"URL", func(_ *testing.T, _ *exec.Cmd, scheme, user, secret, rest string) []string {
		return []string{scheme + "://" + user + ":" + secret + "@" + rest}
	}},
	{"variable", func(_ *testing.T, command *exec.Cmd, scheme, user, secret, rest string) []string {
		command.Env = append(command.Env, "EVENTSCOPE_PASSWORD="+secret)
		return []string{scheme + "://" + user + "@" + rest}
	}},
	{"file", func(t *testing.T, _ *exec.Cmd, scheme, user, secret, rest string) []string {
		return []string{addParameter(scheme+"://"+user+"@"+rest, "password_file="+secretFile(t, secret))}
	}},
	{"config", func(t *testing.T, _ *exec.Cmd, scheme, user, secret, rest string) []string {
		config := "current: c\ncontexts:\n  c:\n    sources:\n      - url: " + scheme + "://" + rest + "\n        user: " + user + "\n        password: " + secret + "\n"
		return []string{"--config", secretFile(t, config)}
	}},
	{"config's variable", func(t *testing.T, command *exec.Cmd, scheme, user, secret, rest string) []string {
		command.Env = append(command.Env, "SECRET="+secret)
		return []string{"--config", secretFile(t, "current: c\ncontexts:\n  c:\n    sources:\n      - url: "+scheme+"://"+user+":${env:SECRET}@"+rest+"\n")}
	}},
}

// secretTarget is a broker that wants a password.
type secretTarget struct {
	name, scheme, user, right, rest string
}

func secretTargets(t *testing.T) (targets []secretTarget) {
	t.Helper()
	at, ca := secureKafka(t)
	url, exchange, _ := realExchange(t, rabbitMQ4Variable)
	_, host, _ := strings.Cut(url, "@")
	observer, management := makeObserver(t, url)
	_, api, _ := strings.Cut(management, "@")
	return []secretTarget{
		{"Kafka PLAIN", "kafka", "tester", "tester-secret", at(10)},
		{"Kafka SCRAM", "kafka", "tester", "tester-secret", at(10) + "?sasl=scram-sha-512"},
		{"Kafka SCRAM and TLS", "kafkas", "tester", "tester-secret", at(30) + "?sasl=scram-sha-256&ca=" + ca},
		{"RabbitMQ", "amqp", observer, observerSecret, host + "?tap=" + exchange},
		{"RabbitMQ and management", "amqp", observer, observerSecret, host + "?tap=" + exchange + "&management=http://" + api},
	}
}

const observerSecret = "observer-secret"

// makeObserver adds a user of the test's own by the management API, whose address it returns too:
// that of a fresh RabbitMQ has its own name for a password.
func makeObserver(t *testing.T, url string) (observer, management string) {
	t.Helper()
	broker, err := amqp.ParseURI(url)
	if err != nil {
		t.Fatal(err)
	}
	observer = fmt.Sprintf("observer-of-tests-%x", time.Now().UnixNano())
	management = fmt.Sprintf("http://%s:%s@%s:%d", broker.Username, broker.Password, broker.Host, broker.Port+10_000)
	call := func(method, path, body string) {
		request, err := http.NewRequest(method, management+"/api/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%s %s: %s", method, path, answer.Status)
		}
	}
	call("PUT", "users/"+observer, `{"password":"`+observerSecret+`","tags":"monitoring"}`)
	call("PUT", "permissions/%2F/"+observer, `{"configure":".*","write":".*","read":".*"}`)
	t.Cleanup(func() {
		call("DELETE", "users/"+observer, "")
		http.DefaultClient.CloseIdleConnections()
	})
	return observer, management
}

// A password is in nothing that the program says or logs, right or wrong, wherever it came
// from and whatever reads with it.
func TestNoPasswordIsTold(t *testing.T) {
	t.Parallel()
	for _, target := range secretTargets(t) {
		for _, way := range secretWays {
			t.Run(target.name+" by "+way.name, func(t *testing.T) {
				t.Parallel() // a broker takes its time to refuse a password
				checkNotTold(t, &target, &way, target.right, exit.NotFound)
				checkNotTold(t, &target, &way, "wrong-secret", exit.Failed)
			})
		}
	}
}

func checkNotTold(t *testing.T, target *secretTarget, way *secretWay, secret string, want int) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	commands := [][]string{{"tail", "--for", "100ms", "--stats"}, {"config", "sources"}}
	if want == exit.NotFound { // refusals are slow, and the same for all
		commands = append(commands, []string{"trace", "ord-1", "--follow", "--for", "100ms"})
	}
	for _, args := range commands {
		command := process(t, append(args, "--log", log)...)
		command.Args = append(command.Args, way.prepare(t, command, target.scheme, target.user, secret, target.rest)...)
		out, _ := command.CombinedOutput() // its code is looked at below
		told, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out), secret) || strings.Contains(string(told), secret) {
			t.Errorf("%v tells the password: %s\nlog: %s", args, out, told)
		}
		if code := command.ProcessState.ExitCode(); args[0] == "tail" && code != want {
			t.Errorf("exit code %d, want %d: %s", code, want, out)
		}
	}
}
