package main

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"eventscope/cmd/internal/exit"

	amqp "github.com/rabbitmq/amqp091-go"
)

// ownVirtualHost is a virtual host for one test, as a URL.
func ownVirtualHost(t *testing.T, broker string) string {
	t.Helper()
	at, err := url.Parse(broker)
	if err != nil {
		t.Fatal(err)
	}
	name := "eventscope-test-" + rand.Text()[:8]
	manage(t, broker, http.MethodPut, "/api/vhosts/"+name, "{}")
	t.Cleanup(func() { manage(t, broker, http.MethodDelete, "/api/vhosts/"+name, "") })
	manage(t, broker, http.MethodPut, "/api/permissions/"+name+"/"+at.User.Username(), `{"configure":".*","write":".*","read":".*"}`)
	at.Path = "/" + name
	return at.String()
}

// manage asks the management API of a broker to do something.
func manage(t *testing.T, broker, method, path, body string) {
	t.Helper()
	at, err := url.Parse(broker)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, managementOf(t, broker)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := at.User.Password()
	request.SetBasicAuth(at.User.Username(), password)
	request.Header.Set("Content-Type", "application/json")
	request.Close = true // nothing is left open behind it
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", method, path, answer.Status)
	}
}

// TestAQueueThatNobodyNamedIsNotPeekedInto, unless somebody asks for all of them: neither
// its messages nor their redelivered flags are touched.
func TestAQueueThatNobodyNamedIsNotPeekedInto(t *testing.T) {
	t.Parallel()
	broker, _ := realRabbitMQ(t, rabbitMQ4Variable)
	broker = ownVirtualHost(t, broker)
	connection, err := amqp.Dial(broker)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	_, dlq, _ := deadOnRabbitMQ(t, broker, channel, nil, 3)
	state, all := t.TempDir(), broker+"?management="+managementOf(t, broker)
	for _, command := range []string{"list", "groups", "plan"} {
		out, said, code := dlqProcess(t, state, command, all)
		if code != exit.Refused || out != "" || !strings.Contains(said, dlq) || !strings.Contains(said, "name one with ?queue=, or add --peek for all") {
			t.Errorf("%s: exit code %d, %q, %s", command, code, out, said)
		}
	}
	m, _, err := channel.Get(dlq, false)
	if err == nil && m.Redelivered {
		t.Error("somebody has taken a message")
	}
	if err == nil {
		err = m.Nack(false, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range [][]string{{"list", all, "--peek"}, {"list", all + "&queue=" + url.QueryEscape(dlq)}} {
		if out, said, code := dlqProcess(t, state, asked...); code != exit.Done || len(positionsIn(t, out)) != 3 {
			t.Errorf("%q: exit code %d, %q, %s", asked[2:], code, out, said)
		}
	}
}
