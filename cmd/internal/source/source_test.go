package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/aws"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka"
	"eventscope/adapters/rabbitmq"
)

var brokers = Drivers{&kafka.Driver, &rabbitmq.Driver, &aws.SQS, &aws.SNS}

// A driver has functions, which cannot be compared.
var ignoreDriver = cmpopts.IgnoreFields(Source{}, "Driver")

func TestParse(t *testing.T) {
	for text, want := range map[string]driver.Config{
		"kafka://h": {Hosts: []string{"h:9092"}},
		"kafka://h:1,[::1]:2,g/orders,payments": {
			Hosts: []string{"h:1", "[::1]:2", "g:9092"}, Path: "orders,payments"},
		"KAFKAS://ann:p%40ss%3Aword@h/~orders.+%2Cx?sasl=SCRAM-SHA-256&ca=/a+b.pem&committed=true&name=big": {
			Name: "big", TLS: &driver.TLS{CA: "/a+b.pem"}, Hosts: []string{"h:9093"}, Login: driver.Login{User: "ann", Password: "p@ss:word", PasswordFrom: "URL"},
			Mechanism: "scram-sha-256", Values: map[string][]string{"committed": {"true"}}, Path: "~orders.+%2Cx"},
		"amqp://guest:guest@localhost": {
			Hosts: []string{"localhost:5672"}, Login: driver.Login{User: "guest", Password: "guest", PasswordFrom: "URL"}, Path: "%2F"},
		"amqps://u@h/%2Fprod?tap=orders:#&tap=Acme:Order:order.*&tap=all&queue=q&stream=s&firehose=true&management=https://boss:secret@h/rabbit/": {
			TLS: &driver.TLS{}, Hosts: []string{"h:5671"}, Login: driver.Login{User: "u"}, Path: "%2Fprod",
			Values: map[string][]string{"tap": {"orders:#", "Acme:Order:order.*", "all"}, "queue": {"q"}, "stream": {"s"}, "firehose": {"true"}},
			APIs: map[string]driver.HTTPEndpoint{"management": {
				URL: "https://h:15671/rabbit", Login: driver.Login{User: "boss", Password: "secret", PasswordFrom: "URL"}}}},
	} {
		got, err := brokers.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if diff := cmp.Diff(want, got.Config); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestAPlaceIsNoHost: it has no port, may be left out, and has no user.
func TestAPlaceIsNoHost(t *testing.T) {
	for text, want := range map[string]driver.Config{
		"sqs://eu-central-1/orders,orders-dlq.fifo?profile=ops": {Hosts: []string{"eu-central-1"}, TLS: &driver.TLS{}, Path: "orders,orders-dlq.fifo", Values: map[string][]string{"profile": {"ops"}}},
		"sqs:///orders": {TLS: &driver.TLS{}, Path: "orders"},
		"sns://":        {TLS: &driver.TLS{}},
		"arn:aws:sqs:eu-central-1:123456789012:orders":               {Hosts: []string{"eu-central-1"}, TLS: &driver.TLS{}, Path: "orders", Values: map[string][]string{"account": {"123456789012"}}},
		"https://sqs.eu-central-1.amazonaws.com/123456789012/orders": {Hosts: []string{"eu-central-1"}, TLS: &driver.TLS{}, Path: "orders", Values: map[string][]string{"account": {"123456789012"}}},
		"arn:aws:sns:us-east-1:123456789012:orders.fifo":             {Hosts: []string{"us-east-1"}, TLS: &driver.TLS{}, Path: "orders.fifo", Values: map[string][]string{"account": {"123456789012"}}},
	} {
		got, err := brokers.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got.Config); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if again, err := brokers.Parse(got.String()); err != nil || !cmp.Equal(again, got, ignoreDriver) {
			t.Errorf("%s is printed as %s, which reads as %s, %v", text, got, again, err)
		}
	}
	for text, want := range map[string]string{
		"sqs://AKIA:secret@eu-central-1/orders": "credentials are those of the aws command", "sqs://eu-central-1:443/orders": "without a port",
		"sqs://a,b/orders": "several regions", "sqs://r/a b": "a character that none has", "sqs://r/a,,b": "a name is empty", "sqs://r/a?password_file=x": "has no passwords of its own",
		"sqs://r/a?endpoint=http://u:secret@h": "without a user", "sqs://r/a?create=yes": "true or false", "sqs://r/a?account=1": "twelve digits", "sns://r/a?filter=x": "a JSON object", "sqs://r/a?filter={}": "filter is a parameter of Amazon SNS",
	} {
		if _, err := brokers.Parse(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q and no secret", text, err, want)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"orders":                             "no scheme such as kafka://",
		"kafak://h/t":                        `there is no scheme "kafak", did you mean kafka://?`,
		"http://h/t":                         "its scheme is none of kafka",
		"kafka:///orders":                    "the host is missing",
		"kafka://h:0x/t":                     "the port is not a number from 1 to 65535",
		"kafka://h:70000/t":                  "the port is not a number",
		"kafka://h,,g":                       "a host is missing",
		"kafka://[::1/t":                     "in brackets",
		"kafka://h/a,,b":                     "topic 2 of the list is empty",
		"kafka://h/a/b":                      "the virtual host",
		"kafka://h/~a(b":                     "topic 1 is not a regular expression (missing closing ))",
		"kafka://h/orders.*":                 "a pattern begins with ~",
		"kafka://h/a%zz":                     "in topic 1, a % must be",
		"kafka://h/a?comitted=true":          `no parameter "comitted", did you mean committed?`,
		"kafka://h/a?tap=x":                  "tap is a parameter of RabbitMQ, not of Kafka",
		"kafka://h/a?committed=yes":          "true or false",
		"kafka://h/a?sasl=kerberos":          "mechanism is none of plain, scram-sha-256",
		"kafka://h/a?ca=x.pem":               "use kafkas://",
		"kafkas://h/a?cert=x.pem":            "both cert= and key=",
		"kafka://u:secretpass%zz@h/a":        "in the password, a %",
		"kafka://u:secret/pass@h/a":          "there is no",
		"kafka://:secretpass@h/a":            "user name before the @ is empty",
		"amqp://a,b/":                        "has one host",
		"amqp://a/x/y":                       "written %2F",
		"amqp://a/?tap=:key":                 "default exchange",
		"amqp://a/?tap=:queue:key":           "default exchange, whose messages only firehose=true shows",
		"amqp://a/per%cent":                  "a % itself is written %25",
		"amqp://a/?queue=50%ce":              "a % itself is written %25",
		"amqp://a/?management=host":          "http or https URL",
		"amqp://a/?firehose=true&firehose=1": "given twice",
		"amqp://a/\x1b[31m":                  "control character",
	} {
		_, err := brokers.Parse(text)
		if !errors.Is(err, adapters.ErrUsage) {
			t.Errorf("%s: got %v, want a usage error", text, err)
			continue
		}
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "pass@") {
			t.Errorf("%s: a secret is in %q", text, err)
		}
		switch text { // these two only need to be refused without a leak or in other words
		case "kafka://u:secret/pass@h/a":
			want = "cannot read the source"
		case "kafka://h/a/b":
			want = "topic 1 holds a slash"
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "write it like") {
			t.Errorf("%s:\n got  %v\n want %q and an example", text, err, want)
		}
	}
}

// A URL with a password anywhere in it, whole or broken, gives the password away
// neither by its printed form nor by its error.
func TestPasswordNeverShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := "Zq7" + rapid.StringMatching(`[a-z0-9/?#:@%,&=]{0,6}`).Draw(t, "middle") + "9Xw"
		pieces := []string{"kafka", "://", "user", ":", password, "@", "host", ":", "9092", "/", "topic", "?", "committed=true"}
		for range rapid.IntRange(0, 3).Draw(t, "damage") {
			at := rapid.SampledFrom([]int{0, 2, 6, 7, 8, 9, 10, 11, 12}).Draw(t, "at")
			pieces[at] = rapid.SampledFrom([]string{"", ":", "amqps", "://", "%zz", "x x", "[", "management=http://a:" + password + "@b"}).Draw(t, "by")
		}
		text := strings.Join(pieces, "")
		source, err := brokers.Parse(text)
		var shown string
		if err != nil {
			shown = err.Error()
		} else {
			shown = source.String()
		}
		for _, secret := range []string{"Zq7", "9Xw"} {
			if strings.Contains(shown, secret) {
				t.Fatalf("%q shows %q in %q", text, secret, shown)
			}
		}
	})
}

// What a source prints reads as the same source, but for its secrets.
func TestStringReadsBack(t *testing.T) {
	for _, text := range []string{
		"kafka://h:9092", "kafkas://ann@h:9093/a,~b%2Cc?sasl=plain&ca=/x%26y&committed=true",
		"amqp://h/a%3Db%40c", "kafka://h/~a%3Db",
		"amqp://h:5672/%2F?tap=a:b.#&queue=q%25&stream=s&firehose=true&management=http://boss@h:15672",
	} {
		first, err := brokers.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		second, err := brokers.Parse(first.String())
		if err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		if diff := cmp.Diff(first, second, ignoreDriver); diff != "" {
			t.Errorf("%s -> %s:\n%s", text, first, diff)
		}
	}
}

func TestNumber(t *testing.T) {
	sources := []Source{{Driver: brokers[0]}, {Driver: brokers[0], Config: driver.Config{Name: "kafka"}}, {Driver: brokers[0]}, {Driver: brokers[1]}}
	Number(sources)
	var names []string
	for _, s := range sources {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"kafka-2", "kafka", "kafka-3", "rabbitmq"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestFindPassword(t *testing.T) {
	folder := t.TempDir()
	file, open := filepath.Join(folder, "secret"), filepath.Join(folder, "open")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(open, []byte("from-open\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"kafka://u@h?password_file=" + file:   "from-file",
		"kafka://u@h":                         "from-environment",
		"kafka://u:own@h":                     "own",
		"kafka://h":                           "",
		"kafka://h?sasl=oauthbearer":          "from-environment",
		"amqps://u@h?sasl=external":           "",
		"kafka://u@h?password_file=" + open:   "chmod 600",
		"kafka://u@h?password_file=/no/file":  "no such file",
		"kafka://u@h?password_file=" + folder: "not a file",
	} {
		s, err := brokers.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		err = s.FindPassword(func(string) string { return "from-environment" })
		if err != nil {
			if !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "from-open") {
				t.Errorf("%s: %v", text, err)
			}
		} else if s.Password != want {
			t.Errorf("%s: got %q, want %q", text, s.Password, want)
		}
	}
}

func TestWarning(t *testing.T) {
	for text, want := range map[string]bool{
		"kafka://u:p@10.0.0.1/t": true, "kafka://u:p@127.0.0.1/t": false, "amqp://u:p@localhost": false,
		"kafka://u:p@localhost,broker": true, "kafka://u:p@[::1]:9": false, "kafka://u@broker": false,
		"amqp://broker/?management=http://u:p@broker": true, "amqp://localhost/?management=http://u:p@localhost": false,
	} {
		s, err := brokers.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Warning() != ""; got != want || strings.Contains(s.Warning(), ":p@") {
			t.Errorf("%s: %q", text, s.Warning())
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"kafka://host:9092,host2/orders,~pay.*?committed=true", "kafkas://u:p@[::1]:9/t?ca=a&cert=b&key=c&server_name=d",
		"amqp://u:p@h/%2F?tap=x:#&queue=q&management=http://a:b@h:1/p", "amqps://h?firehose=false", "://", "kafka://@", "kafka://a:b", "%%%",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := brokers.Parse(text)
		if err != nil {
			if !errors.Is(err, adapters.ErrUsage) {
				t.Fatalf("%q: %v is no usage error", text, err)
			}
			return
		}
		if len(s.Hosts) == 0 || s.Driver == nil {
			t.Fatalf("%q: parsed to %+v", text, s)
		}
		if _, err := brokers.Parse(s.String()); err != nil {
			t.Fatalf("%q prints as %q, which does not parse: %v", text, s, err)
		}
	})
}
