package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
	"eventscope/adapters/rabbitmq"
	"eventscope/cmd/internal/source"
	"eventscope/tracing"
)

var brokers = source.Drivers{&kafka.Driver, &rabbitmq.Driver}

const good = `
current: local
memory: 1GiB
theme: dark
contexts:
  local:
    sources:
      - name: orders
        url: kafka://ann@broker:9093/orders,payments
        password: ${env:KAFKA_PASSWORD}
      - url: amqp://bob:${file:SECRET}@${env:RABBIT}/?tap=a:#
  far:
    read_only: true
    sources: [{url: "${env:WHOLE}"}]
mappings:
  - destination: legacy.*
    flow: header X-Order
    type: /event/name
paths:
  - name: order
    types: [OrderPlaced, PaymentProcessed]
`

func write(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestLoad(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("p/w@:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := write(t, strings.ReplaceAll(good, "SECRET", secret), 0o644)
	getenv := environment(map[string]string{
		"KAFKA_PASSWORD": "k:1", "RABBIT": "rabbit:5", "WHOLE": "kafka://x:y%2F@h/t",
	})
	file, err := Load(path, getenv, brokers)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]tracing.Path{{Name: "order", Types: []string{"OrderPlaced", "PaymentProcessed"}}}, file.TracingPaths()); diff != "" {
		t.Error(diff)
	}
	if m := file.EnvelopeMappings(); len(m) != 1 || m[0].Flow != "header X-Order" || m[0].Destination != "legacy.*" {
		t.Errorf("mappings: %+v", m)
	}
	passwords := map[string]string{}
	for name, context := range file.Contexts {
		sources, err := file.Open(context, getenv)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sources {
			passwords[name+" "+s.Hosts[0]] = s.Password + " from " + s.PasswordFrom
		}
	}
	want := map[string]string{"local broker:9093": "k:1 from config", "local rabbit:5": "p/w@:1 from config", "far h:9092": "y/ from config"}
	if diff := cmp.Diff(want, passwords); diff != "" {
		t.Error(diff)
	}
	if !file.Contexts["far"].ReadOnly {
		t.Error("read_only was not read")
	}
}

func TestWrongFiles(t *testing.T) {
	for _, c := range []struct {
		text string
		mode os.FileMode
		want []string
	}{
		{"contexts:\n  a:\n    sources:\n      - ulr: kafka://h\n    readonly: true", 0o600,
			[]string{`:4:9: there is no field "ulr", did you mean url?`, `:5:5: there is no field "readonly", did you mean read_only?`}},
		{"nonsense: 1", 0o600, []string{`:1:1: there is no field "nonsense" among columns, contexts, current`}},
		{"contexts: [1]", 0o600, []string{":1:11: fields (name: value) belongs here"}},
		{"paths: {a: b}", 0o600, []string{":1:8: a list"}},
		{"contexts: {a: {read_only: perhaps}}", 0o600, []string{":1:27: true or false"}},
		{"a: [1\nb: 2", 0o600, []string{"config.yaml:"}},
		{"current: x\ncontexts: {y: {}}", 0o600, []string{`the context "x"`, "it has y"}},
		{"current: prd\ncontexts: {prod: {}, test: {}}", 0o600, []string{"did you mean prod?"}},
		{"contexts: {y: {sources: [{name: a}]}}", 0o600, []string{"context y, source 1: the source has no url"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u:hunter2@h:x/", 0o600, []string{":4:14: cannot read the source", "the port is not a number"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u:hunter2@h/", 0o644, []string{":4:14: everybody can read this file", "chmod 600"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u@h/\n        password: hunter2", 0o644, []string{"everybody can read"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u@h/\n        registry: {url: 'http://a:${env:P}@r,https://b:hunter2@s,c'}", 0o644, []string{":5:25: everybody can read"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u@h/\n        registry: {url: 'u:hunter2@r'}", 0o644, []string{":5:25: everybody can read"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u@h/?registry=https://a:hunter2@r,https://b@s", 0o644, []string{":4:14: everybody can read"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u@h/\n        registry: {url: r, oauth: {url: 'https://u:hunter2@l/t'}}", 0o644, []string{"everybody can read"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u@h/\n        password: ${env}", 0o600, []string{"written ${env:NAME}"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u@h/\n        password: hunter2", 0o644, []string{":5:19: everybody can read"}},
		{"contexts:\n  y:\n    sources:\n      - url: kafka://u@h/\n        user: ${vault:a}", 0o600, []string{":5:15: a reference is written"}},
		{"contexts: {}\nmemory: lots", 0o600, []string{":2:9: memory: an amount of memory"}},
		{"contexts: {}\ntheme: pink", 0o600, []string{":2:8: theme is one of auto, dark, light"}},
		{"contexts: {y: {}}\ncurrent: x", 0o600, []string{":2:10: cannot find the context"}},
		{"memory: 1GiB\n---\nmemory: 2GiB", 0o600, []string{":2:1: a second document begins here"}},
		{"memory: 1GiB\n---\n[", 0o600, []string{"config.yaml:3: "}},
		{"letters: {strip_headers: ['*']}", 0o600, []string{`config.yaml: letters: "*" is no name of a header`}},
		{"letters: {keep_headers: [a*b]}", 0o600, []string{`"a*b" is no name of a header`}},
		{"services: {a: [x, y], b: [y]}", 0o600, []string{"config.yaml: services: y is of a and of b"}},
		{"mappings: [{destination: a, flow: nonsense}]", 0o600, []string{`config.yaml: mapping 1 ("a"): flow: "nonsense" is not a place`}},
		{"paths: [{name: a, types: [One]}]", 0o600, []string{"path 1 (a) needs at least two types"}},
		{"a: &a [*a]", 0o600, []string{"config.yaml:"}},
	} {
		_, err := Load(write(t, c.text, c.mode), environment(nil), brokers)
		if !errors.Is(err, adapters.ErrUsage) {
			t.Errorf("%q: got %v, want a usage error", c.text, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q:\n got  %v\n want %q", c.text, err, want)
			}
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the password is in %v", c.text, err)
		}
	}
}

// TestAUserIsNoPassword, also in a parameter that is a URL itself; a password there is one.
func TestAUserIsNoPassword(t *testing.T) {
	const source = "contexts:\n  y:\n    sources:\n      - url: "
	for url, secret := range map[string]bool{
		"amqp://h/shop?management=http://ann@h:15672": false, "amqp://ann@h:5672/shop?management=http://ann@h": false, "kafka://h:9092/orders?registry=https://ann@registry:8081": false,
		"amqp://h/shop?management=http://ann:hunter2@h": true, "kafka://h/orders?name=x&registry=https://ann:hunter2@registry:8081": true, "kafka://ann:hunter2@h:9092/?registry=registry": true,
	} {
		_, err := Load(write(t, source+url, 0o644), environment(nil), brokers)
		if told := err != nil && strings.Contains(err.Error(), "holds a password"); told != secret || !secret && err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestSecretsThatCannotBeFound(t *testing.T) {
	for password, want := range map[string]string{
		"${env:NOT_SET}":       "the environment variable NOT_SET is not set",
		"${file:/no/such/one}": "no such file",
	} {
		path := write(t, "contexts: {a: {sources: [{url: 'kafka://u@h', password: '"+password+"'}]}}", 0o644)
		file, err := Load(path, environment(nil), brokers)
		if err != nil {
			t.Fatalf("a file must be readable where its secrets are not: %v", err)
		}
		_, err = file.Open(file.Contexts["a"], environment(nil))
		if !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path+":1:") {
			t.Errorf("%s: %v", password, err)
		}
	}
}

func TestNoFile(t *testing.T) {
	home := t.TempDir()
	if file, err := Load("", environment(map[string]string{"HOME": home}), brokers); err != nil || file.Path != "" {
		t.Errorf("no file at all: %+v, %v", file, err)
	}
	for _, values := range []map[string]string{{Variable: home + "/none"}, {Variable: home}} {
		if _, err := Load("", environment(values), brokers); !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), home) {
			t.Errorf("%v: %v", values, err)
		}
	}
}

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		flag           string
		values         map[string]string
		path, from     string
		mustBeReadable bool
	}{
		{"/a", map[string]string{Variable: "/b"}, "/a", "--config", true},
		{"", map[string]string{Variable: "/b", "XDG_CONFIG_HOME": "/c"}, "/b", Variable, true},
		{"", map[string]string{"XDG_CONFIG_HOME": "/c", "HOME": "/d"}, "/c/eventscope/config.yaml", "XDG_CONFIG_HOME", false},
		{"", map[string]string{"XDG_CONFIG_HOME": "relative", "HOME": "/d"}, "/d/.config/eventscope/config.yaml", "default", false},
	} {
		path, from, required := Locate(c.flag, environment(c.values))
		if path != c.path || from != c.from || required != c.mustBeReadable {
			t.Errorf("%+v: got %s from %s, %v", c, path, from, required)
		}
	}
}

func TestParseMemory(t *testing.T) {
	for text, want := range map[string]int64{
		"512MiB": 512 << 20, "1.5 GiB": 3 << 29, "800mb": 800e6, "2G": 2 << 30, "10m": 10 << 20, "65536K": 64 << 20,
	} {
		got, err := ParseMemory(text)
		if err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", text, got, err, want)
		}
		if again, err := ParseMemory(FormatMemory(got)); err != nil || again != got {
			t.Errorf("%s prints as %s, which reads as %d, %v", text, FormatMemory(got), again, err)
		}
	}
	for bytes, want := range map[int64]string{512 << 20: "512MiB", 2 << 30: "2GiB", 3 << 29: "1536MiB", 800e6: "800MB"} {
		if got := FormatMemory(bytes); got != want {
			t.Errorf("%d bytes: %s, want %s", bytes, got, want)
		}
	}
	for _, text := range []string{"", "512", "lots", "1MiB", "-1GiB", "2TiB", "NaNGiB", "InfMiB", "GiB"} {
		if got, err := ParseMemory(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("contexts: {a: {sources: [{url: 'kafka://u:p@h', password: '${env:X}'}]}}")
	f.Add("a: &a [*a]\nb: *a")
	f.Add("<<: {current: x}")
	f.Add("? [complex]\n: key")
	f.Add("current: !!binary aGk=")
	f.Add("contexts: ~")
	f.Fuzz(func(t *testing.T, text string) {
		file, problems := parse([]byte(text))
		if file.drivers = brokers; len(problems) == 0 {
			problems = file.check()
		}
		for _, problem := range problems {
			var line, column int
			if n, _ := fmt.Sscanf(problem, "%d:%d:", &line, &column); n == 0 && !strings.HasPrefix(problem, " ") {
				t.Errorf("%q: the problem %q has no place", text, problem)
			}
		}
	})
}

// Columns are those that lists have, each once; what was probably meant is said.
func TestColumnsAreChecked(t *testing.T) {
	good := "columns:\n  stream: [time, header.tenant, json.payload.amount, type]\n  flows: [status, flow]\n  letters: [why, header.tenant]\n  lag: [group, lag]\n"
	file, problems := parse([]byte(good))
	if problems = append(problems, file.check()...); len(problems) > 0 {
		t.Errorf("problems %q", problems)
	}
	columns := file.ChosenColumns()
	if len(columns) != 4 || !slices.Equal(columns["stream"], []string{"time", "header.tenant", "json.payload.amount", "type"}) || !slices.Equal(columns["letters"], []string{"why", "header.tenant"}) {
		t.Errorf("columns %v", columns)
	}
	file, problems = parse([]byte("columns:\n  stream: [tyme, type, type]\n  flows: [header.x]\n"))
	want := []string{`2:12: columns: stream: "tyme": there is no such column; did you mean time?`, `2:24: columns: stream: "type": it is there twice`, `3:11: columns: flows: "header.x": only the stream and letters have columns of headers and values`}
	if problems = append(problems, file.check()...); !slices.Equal(problems, want) {
		t.Errorf("problems %q", problems)
	}
	if _, problems = parse([]byte("columns:\n  strem: [time]\n")); len(problems) != 1 || !strings.Contains(problems[0], "did you mean stream?") {
		t.Errorf("problems %q", problems)
	}
}
