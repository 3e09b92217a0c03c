package kafka_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka"
)

const secret = "not-to-be-shown"

// refused opens config, which must fail as kind, with the address, the words, and no
// secret in its one sentence.
func refused(t *testing.T, config kafka.Config, kind error, words ...string) {
	t.Helper()
	adapter, err := kafka.Open(t.Context(), config)
	if err == nil {
		adapter.Close()
		t.Fatal("it opened")
	}
	t.Log(err)
	var problem *adapters.Problem
	if !errors.Is(err, kind) || !errors.As(err, &problem) || problem.Remedy == "" {
		t.Errorf("error %#v, want a problem with a remedy that is %v", err, kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not say %q", word)
		}
	}
	if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n") {
		t.Error("the error shows a secret or more than one line")
	}
}

func TestOpenRefusedPort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	refused(t, kafka.Config{Brokers: []string{address}}, adapters.ErrNotConnected, address, "connection refused")
}

func TestOpenUnknownHost(t *testing.T) {
	refused(t, kafka.Config{Brokers: []string{"no-such-host.invalid:9092"}}, adapters.ErrNotConnected, "no-such-host.invalid")
}

// TestOpenSilentPort connects to a port that takes connections and says nothing.
func TestOpenSilentPort(t *testing.T) {
	t.Parallel() // it waits
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	refused(t, kafka.Config{Brokers: []string{address}}, adapters.ErrNotConnected, address, "no answer")
	refused(t, kafka.Config{Brokers: []string{address}, TLS: &driver.TLS{}}, adapters.ErrNotConnected, address, "no answer")
}

func TestOpenUsage(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := []string{"127.0.0.1:1"}
	for name, config := range map[string]kafka.Config{
		"no address":   {},
		"no port":      {Brokers: []string{"localhost"}},
		"expression":   {Brokers: at, Topics: []string{"~orders("}},
		"empty topic":  {Brokers: at, Topics: []string{""}},
		"no CA file":   {Brokers: at, TLS: &driver.TLS{CA: filepath.Join(t.TempDir(), "none.pem")}},
		"bad CA file":  {Brokers: at, TLS: &driver.TLS{CA: bad}},
		"bad key pair": {Brokers: at, TLS: &driver.TLS{Certificate: bad, Key: bad}},
		"mechanism":    {Brokers: at, SASL: &kafka.SASL{Mechanism: "GSSAPI", User: "ann", Password: secret}},
		"no user":      {Brokers: at, SASL: &kafka.SASL{Mechanism: "PLAIN", Password: secret}},
		"no password":  {Brokers: at, SASL: &kafka.SASL{Mechanism: "SCRAM-SHA-256", User: "ann"}},
		"no token":     {Brokers: at, SASL: &kafka.SASL{Mechanism: "OAUTHBEARER", User: "ann", Password: secret}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, config, adapters.ErrUsage) })
	}
}

// TestOpenForeignPort connects to ports at which something else answers.
func TestOpenForeignPort(t *testing.T) {
	for answer, cause := range map[string]string{
		"HTTP/1.1 400 Bad Request\r\n\r\n":      "the port speaks HTTP, not Kafka",
		"220 mail.example.org ESMTP\r\n":        "what answers there does not speak Kafka",
		"\x00\x00\x00\x04\xff\xff\xff\xff":      "what answers there does not speak Kafka",
		"\x7f\xff\xff\xff\x1b[2J\x1b]0;owned\a": "what answers there does not speak Kafka",
	} {
		t.Run(cause, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for {
					connection, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = connection.Read(make([]byte, 1000))
					_, _ = connection.Write([]byte(answer))
					_ = connection.Close()
				}
			}()
			refused(t, kafka.Config{Brokers: []string{listener.Addr().String()}}, adapters.ErrNotConnected, listener.Addr().String(), cause)
			listener.Close()
			<-ended
		})
	}
}

func TestOpenUnknownTopic(t *testing.T) {
	c, _ := fake(t)
	topic := c.topic(t, 1)
	config := kafka.Config{Brokers: []string{c.address}, Topics: []string{topic, "ordres"}}
	refused(t, config, adapters.ErrUnknownDestination, `"ordres"`)
	if topics, err := c.admin.ListTopics(t.Context()); err != nil || topics.Has("ordres") {
		t.Errorf("asking for a topic has made it (%v)", err)
	}
}

// TestOpenWithoutPermission reads one of two topics; the other is a line in Status.
func TestOpenWithoutPermission(t *testing.T) {
	c, _ := fakeWithUser(t, kfake.ACL{Resource: kmsg.ACLResourceTypeTopic, Name: "open", Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: kmsg.ACLOperationRead, Allow: true})
	login := &kafka.SASL{Mechanism: "PLAIN", User: "reader", Password: secret}
	config := kafka.Config{Brokers: []string{c.address}, Topics: []string{"open", "closed"}, SASL: login}
	adapter := opened(t, config)
	defer adapter.Close()
	run := follow(t, adapter, adapters.End)
	c.publish(t, "open", adapters.Message{Value: []byte("seen")})
	run.await("seen")
	status := adapter.Status()
	if status.Destinations != 1 || len(status.Problems) != 1 || !strings.Contains(status.Problems[0], `"closed"`) {
		t.Errorf("status %+v, want a problem with topic closed", status)
	}
	config.Topics = []string{"closed"}
	refused(t, config, adapters.ErrNotAuthorized, `"closed"`, `"reader"`)
}

// fakeWithUser is a fake cluster with topics open and closed, on which the user
// reader may do only what acls say.
func fakeWithUser(t *testing.T, acls ...kfake.ACL) (*cluster, *kfake.Cluster) {
	t.Helper()
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, "open", "closed"),
		kfake.Superuser("PLAIN", "admin", "admin"), kfake.User("PLAIN", "reader", secret, acls...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return connect(t, k.ListenAddrs()[0], asUser("admin", "admin")), k
}

// secured returns the secure listeners of the Kafka that the environment names: the
// folder of its certificates, and an address by the distance of its port from the
// plaintext one.
func secured(t *testing.T) (folder string, at func(offset int) []string) {
	t.Helper()
	address, folder := os.Getenv("EVENTSCOPE_TEST_KAFKA"), os.Getenv("EVENTSCOPE_TEST_KAFKA_SECURE")
	if address == "" || folder == "" {
		t.Skip("EVENTSCOPE_TEST_KAFKA and EVENTSCOPE_TEST_KAFKA_SECURE name no secure broker")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	base, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return folder, func(offset int) []string { return []string{net.JoinHostPort(host, strconv.Itoa(base+offset))} }
}

const saslPlaintext, ssl, saslSSL = 10, 20, 30 // added to the port

func TestSecureOpens(t *testing.T) {
	folder, at := secured(t)
	c := real(t)
	topic := c.topic(t, 1)
	c.publish(t, topic, adapters.Message{Value: []byte("safe")})
	file := func(name string) string { return filepath.Join(folder, name) }
	authority := &driver.TLS{CA: file("ca.pem")}
	login := func(mechanism string) *kafka.SASL {
		return &kafka.SASL{Mechanism: mechanism, User: "tester", Password: "tester-secret"}
	}
	for name, config := range map[string]kafka.Config{
		"TLS":                   {Brokers: at(ssl), TLS: authority},
		"TLS client":            {Brokers: at(ssl), TLS: &driver.TLS{CA: file("ca.pem"), Certificate: file("client.pem"), Key: file("client.key")}},
		"PLAIN":                 {Brokers: at(saslPlaintext), SASL: login("PLAIN")},
		"SCRAM-SHA-256":         {Brokers: at(saslPlaintext), SASL: login("SCRAM-SHA-256")},
		"SCRAM-SHA-512 and TLS": {Brokers: at(saslSSL), SASL: login("SCRAM-SHA-512"), TLS: authority},
	} {
		t.Run(name, func(t *testing.T) {
			config.Topics = []string{topic}
			adapter := opened(t, config)
			defer adapter.Close()
			run := follow(t, adapter, adapters.Beginning)
			run.await("safe")
		})
	}
}

func TestSecureRefuses(t *testing.T) {
	folder, at := secured(t)
	authority := &driver.TLS{CA: filepath.Join(folder, "ca.pem")}
	login := func(mechanism, password string) *kafka.SASL {
		return &kafka.SASL{Mechanism: mechanism, User: "tester", Password: password}
	}
	for name, test := range map[string]struct {
		config kafka.Config
		kind   error
	}{
		"TLS to plaintext":       {kafka.Config{Brokers: at(0), TLS: authority}, adapters.ErrTLS},
		"plaintext to TLS":       {kafka.Config{Brokers: at(ssl)}, adapters.ErrTLS},
		"unknown authority":      {kafka.Config{Brokers: at(ssl), TLS: &driver.TLS{}}, adapters.ErrTLS},
		"another name":           {kafka.Config{Brokers: at(ssl), TLS: &driver.TLS{CA: authority.CA, ServerName: "kafka.example.org"}}, adapters.ErrTLS},
		"no login":               {kafka.Config{Brokers: at(saslPlaintext)}, adapters.ErrNotAuthenticated},
		"no login over TLS":      {kafka.Config{Brokers: at(saslSSL), TLS: authority}, adapters.ErrNotAuthenticated},
		"login to plaintext":     {kafka.Config{Brokers: at(0), SASL: login("PLAIN", secret)}, adapters.ErrNotAuthenticated},
		"PLAIN password":         {kafka.Config{Brokers: at(saslPlaintext), SASL: login("PLAIN", secret)}, adapters.ErrNotAuthenticated},
		"SCRAM password":         {kafka.Config{Brokers: at(saslPlaintext), SASL: login("SCRAM-SHA-256", secret)}, adapters.ErrNotAuthenticated},
		"SCRAM password and TLS": {kafka.Config{Brokers: at(saslSSL), TLS: authority, SASL: login("SCRAM-SHA-512", secret)}, adapters.ErrNotAuthenticated},
		"unknown mechanism":      {kafka.Config{Brokers: at(saslPlaintext), SASL: &kafka.SASL{Mechanism: "OAUTHBEARER", Token: secret}}, adapters.ErrNotAuthenticated},
	} {
		t.Run(name, func(t *testing.T) { refused(t, test.config, test.kind, test.config.Brokers[0]) })
	}
}
