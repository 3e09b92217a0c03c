package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/cmd/internal/source"
)

// A password with something in it that each of the ways to quote a text writes otherwise.
var misspeltSecrets = []string{"hunter2", "hun/ter2", "h@nter2", `hun"ter2`, "hun%74er2", "hünter2"}

// misspeltURLs are ways to give a password to a broker, most of them wrong.
func misspeltURLs(secret string) (urls []string) {
	for _, form := range []string{
		"kafka://ann:%s@127.0.0.1:1/orders", "amqp://ann:%s@127.0.0.1:1/?tap=x", "kafak://ann:%s@127.0.0.1:1/orders", "kafka:/ann:%s@127.0.0.1:1/orders",
		"amqp:/sec:%s@h/", "amqp:sec:%s@h", "amqp//sec:%s@h", "sec:%s@host", "sec=%s@host", "user=ann&password=%s", "password=%s",
		"amqp://me@h/?pass=%s", "amqp://me@h/?password=%s", "kafka://h/t?sasl=plain&user=me&password=%s", "kafka://h/t?token=%s", "kafka://h/t?x=1?y=%s",
		"kafka://ann:%s", "kafka://ann:%s/orders", "kafka://ann;%s@h/t", "kafka://%s@h:x/t", "kafka:///ann:%s@h/t", "kafka://h/ann:%s@t", "kafka://h:9092/ann:%s",
		"amqp://h/?management=http://boss:%s@h:x", "amqp://h/?management=boss:%s@h", "amqp://h/?managment=http://boss:%s@h", "amqp://h/?tap=:k&management=http://boss:%s@h",
		"kafka://ann:%s@h/t?password_file=", "kafka://ann@h/t?password_file=%s", "amqp://ann@h/?tap=x&management=http://h&management_password_file=%s",
		"kafka://ann:%s@[::1/t", "kafka://a,b:%s@h,/t", "amqp://ann:%s@a,b/", "ann:%s@127.0.0.1:9092", "kafka:// ann:%s@h/t",
	} {
		urls = append(urls, strings.ReplaceAll(form, "%s", secret))
	}
	return urls
}

// misspeltCommands are all commands with a place for a URL, and places where one does not
// belong; URL stands for it.
var misspeltCommands = [][]string{
	{"URL"}, {"tail", "URL", "--for", "1ms"}, {"tail", "kafka://127.0.0.1:1", "URL", "--for", "1ms"}, {"trace", "ord-1", "URL"}, {"trace", "URL"}, {"trace", "URL", "kafka://127.0.0.1:1/x"},
	{"flows", "URL", "--for", "1ms"}, {"lag", "URL"}, {"topology", "URL", "--for", "1ms"}, {"lag", "--group", "URL", "kafka://127.0.0.1:1"},
	{"dlq", "URL"}, {"dlq", "list", "URL"}, {"dlq", "groups", "URL"}, {"dlq", "show", "URL"}, {"dlq", "show", "orders.dlq/0@0", "URL"}, {"dlq", "plan", "URL"},
	{"dlq", "plan", "orders.dlq/0@0", "URL"}, {"dlq", "plan", "--to", "URL", "kafka://127.0.0.1:1/orders.dlq"}, {"dlq", "replay", "URL", "--write", "--confirm", "1"},
	{"dlq", "replay", "--to=URL", "kafka://127.0.0.1:1/orders.dlq", "--write", "--confirm", "1"}, {"dlq", "discard", "URL", "--reason", "r", "--write", "--confirm", "1"},
	{"dlq", "restore", "URL", "--write", "--confirm", "1"}, {"dlq", "resume", "URL", "--write"}, {"dlq", "resume", "20260101-000000-abcd", "URL"}, {"dlq", "abort", "URL"}, {"dlq", "journal", "URL"},
	{"config", "sources", "URL"}, {"config", "check", "URL"}, {"config", "check", "--config", "URL"}, {"config", "URL"}, {"demo", "URL"}, {"version", "URL"}, {"completion", "URL"},
	{"tail", "--context", "URL"}, {"tail", "--config", "URL"}, {"tail", "--from", "URL", "kafka://127.0.0.1:1"}, {"tail", "-o", "URL", "kafka://127.0.0.1:1"}, {"tail", "-oURL", "kafka://127.0.0.1:1"},
	{"tail", "-pURL"}, {"tail", "--memory", "URL", "kafka://127.0.0.1:1"}, {"tail", "--for=URL"}, {"tail", "--password=URL"}, {"tail", "--log", "URL", "kafka://127.0.0.1:1"},
	{"flows", "--status", "URL", "kafka://127.0.0.1:1"}, {"demo", "--kafka", "URL", "--headless", "--for", "1ms"}, {"demo", "--rabbitmq", "URL", "--headless", "--for", "1ms"},
	{"dlq", "list", "--filter", "URL", "kafka://127.0.0.1:1"}, {"dlq", "replay", "--rate", "URL", "kafka://127.0.0.1:1"}, {"dlq", "replay", "--plan", "URL", "--write", "kafka://127.0.0.1:1"},
}

// invocation runs the program within the test and returns all that it said, by place.
func invocation(t testing.TB, args []string) map[string]string {
	t.Helper()
	folder := t.TempDir()
	streams := map[string]*os.File{}
	for _, name := range []string{"stdin", "stdout", "stderr"} {
		file, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		streams[name] = file
	}
	environment := map[string]string{"XDG_CONFIG_HOME": filepath.Join(folder, "config"), "XDG_STATE_HOME": filepath.Join(folder, "state"), "HOME": folder}
	p := newProgram(streams["stdin"], streams["stdout"], streams["stderr"], func(name string) string { return environment[name] })
	p.run(context.Background(), append(args, "--log", filepath.Join(folder, "log")))
	said := map[string]string{}
	for err := p.err; err != nil; err = errors.Unwrap(err) {
		said["sentence"] += p.Sentences(err)
	}
	if err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var content []byte
			content, err = os.ReadFile(path)
			said[strings.TrimPrefix(path, folder)] = string(content)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return said
}

func checkNothingTold(t *testing.T, secret string, command []string, url string) {
	t.Helper()
	args := make([]string, len(command))
	for i, argument := range command {
		args[i] = strings.ReplaceAll(argument, "URL", url)
	}
	for place, text := range invocation(t, args) {
		for _, form := range secretForms(secret) {
			if strings.Contains(text, form) {
				t.Errorf("%q: %s tells %q: %s", args, place, form, text)
				return
			}
		}
	}
}

// secretForms are what would give a secret away: as it is, and as quoting writes it.
func secretForms(secret string) []string {
	quoted := fmt.Sprintf("%q", secret)
	return []string{secret, quoted[1 : len(quoted)-1], strings.NewReplacer("%74", "t").Replace(secret)}
}

// Whatever is misspelt, and wherever a URL stands that does not belong there, nothing that
// the program prints, logs or keeps has the password.
func TestNoMisspellingTellsAPassword(t *testing.T) {
	quick := misspeltCommands
	for i, secret := range misspeltSecrets {
		if i > 0 { // the forms of quoting are the same for all commands
			quick = [][]string{{"tail", "URL", "--for", "1ms"}, {"dlq", "plan", "URL"}, {"trace", "URL", "kafka://127.0.0.1:1/x"}, {"tail", "--context", "URL"}, {"version", "URL"}}
		}
		for _, url := range misspeltURLs(secret) {
			for _, command := range quick {
				checkNothingTold(t, secret, command, url)
			}
		}
	}
}

// The same of URLs that are damaged anywhere.
func TestNoDamageTellsAPassword(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		secret := "Zq7k" + rapid.StringMatching(`[a-z0-9/?#:@%,&="]{0,4}`).Draw(r, "middle") + "9Xwv"
		url := rapid.SampledFrom(misspeltURLs(secret)).Draw(r, "url")
		around := strings.Index(url, secret)
		if at := rapid.IntRange(0, len(url)-1).Draw(r, "at"); at < around-1 || at > around+len(secret) {
			url = url[:at] + rapid.SampledFrom([]string{"", ":", "@", "/", "?", "=", "%zz", ","}).Draw(r, "by") + url[at+1:]
		}
		shown := brokers.NewMask([]string{url}).Replace("cannot find "+url) + source.Redact(url)
		parsed, err := brokers.Parse(url)
		if err != nil {
			shown += err.Error()
		} else if parsed.PasswordFile+parsed.APIs["management"].PasswordFile == "" { // a path is shown
			shown += parsed.String() + parsed.WithoutSecrets().String()
		}
		if err == nil && strings.Contains(parsed.Login.User, "Zq7k") {
			return // a user is shown
		}
		if strings.Contains(shown, "Zq7k") && strings.ContainsAny(url, "@=") {
			r.Fatalf("%q shows %q", url, shown)
		}
	})
}
