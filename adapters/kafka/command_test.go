package kafka

import (
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// What other tools are told is where the record is and who asks, and never a password.
func TestCommandsForARecord(t *testing.T) {
	at := adapters.Position{Destination: "orders", Partition: 2, Offset: 881}
	for _, c := range []struct {
		config driver.Config
		want   []string
	}{
		{driver.Config{Hosts: []string{"a:1", "b:2"}}, []string{
			`kcat -C -b a:1,b:2 -t orders -p 2 -o 881 -c 1 -f '%T %k\n%h\n%s\n'`,
			`kafka-console-consumer.sh --bootstrap-server a:1,b:2 --topic orders --partition 2 --offset 881 --max-messages 1`,
		}},
		{driver.Config{Hosts: []string{"a:1"}, Mechanism: "scram-sha-512", Login: driver.Login{User: "o'neil", Password: "hunter2"}, TLS: &driver.TLS{CA: "/etc/my ca.pem"}}, []string{
			`kcat -C -b a:1 -X security.protocol=sasl_ssl -X 'ssl.ca.location=/etc/my ca.pem' -X sasl.mechanisms=SCRAM-SHA-512 -X 'sasl.username=o'\''neil' -X sasl.password="$KAFKA_PASSWORD" -t orders -p 2 -o 881 -c 1 -f '%T %k\n%h\n%s\n'`,
		}},
		{driver.Config{Hosts: []string{"a:1"}, Mechanism: "oauthbearer", Login: driver.Login{Password: "hunter2"}}, []string{
			`kcat -C -b a:1 -X security.protocol=sasl_plaintext -X sasl.mechanisms=OAUTHBEARER -t orders -p 2 -o 881 -c 1 -f '%T %k\n%h\n%s\n'`,
		}},
	} {
		a := Adapter{config: configOf(&c.config)}
		var got []string
		for _, command := range a.Commands(at) {
			got = append(got, command.Line)
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	if got := new(Adapter).Commands(adapters.DigestPosition("orders", 1)); got != nil {
		t.Errorf("a message without an offset is read by %v", got)
	}
}
