package source

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"eventscope/adapters"
	"eventscope/adapters/driver"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"kafka://h:9092,g/orders": "kafka://h:9092,g/orders", "orders.dlq/0@x17": "orders.dlq/0@x17", "ord-1": "ord-1", "127.0.0.1:9092": "127.0.0.1:9092",
		"kafka://ann:p@h/t?sasl=plain": "kafka://***@h/t?***", "kafka://ann:p/q@h/t": "kafka://***@h/t", "kafka://ann:p": "kafka://ann:***",
		"sec:p@host": "***@host", "amqp:/sec:p@h/": "***@h/", "password=p": "password=***", "kafka://h/ann:p": "kafka://h/ann:***", "ann:p@h:9092/t": "***@h:9092/t",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// A mask hides what a command line has of passwords and leaves all else as it is.
func TestMaskLeavesTheRest(t *testing.T) {
	mask := brokers.NewMask([]string{"trace", "--since", "-1h", "ord:1", "orders.dlq/0@17", "-pqwerty", `json("a@b") == "x:y"`, "kafka://kafka:kafka@kafka/kafka", "kafka://ann:first@", "--to=exchange:key"})
	for text, want := range map[string]string{
		"--since -1h: 1h": "--since -1h: 1h", "there is no ord:1": "there is no ord:1", "no letter orders.dlq/0@17": "no letter orders.dlq/0@17",
		"unknown shorthand flag: 'p' in -pqwerty": "unknown shorthand flag: 'p' in -p***", "connect to kafka": "connect to kafka",
		"no kafka://kafka:kafka@kafka/kafka": "no kafka://kafka@kafka:9092", "the first kafka://ann:first@": "the *** kafka://***@", "exchange:key": "exchange:key", `column 5: "x:y"`: `column 5: "x:y"`,
	} {
		if got := mask.Replace(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// seen is the management API and who logs in there, if that is not the broker's user.
func seen(s Source) string {
	api := s.APIs["management"]
	scheme, rest, _ := strings.Cut(api.URL, "://")
	switch {
	case api.Password != "":
		return scheme + "://" + cmp.Or(api.User, s.User) + ":" + api.Password + "@" + rest
	case api.User != "":
		return scheme + "://" + api.User + "@" + rest
	}
	return api.URL
}

// The password of a broker goes to a management API on its own host alone.
func TestPasswordsStayWithTheirHost(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("of-management"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"amqp://u@h/?management=http://h:15672": "http://h:15672", "amqp://u@h/?management=http://H": "http://H:15672", "amqp://u@127.0.0.1/?management=http://localhost": "http://localhost:15672",
		"amqp://u@h/?management=http://g": "", "amqp://u@h/?management=http://u@g": "", "amqp://u@127.0.0.1/?management=http://g": "", "amqp://h/?management=http://g": "http://g:15672",
		"amqp://u@h/?management=http://b:own@g":                              "http://b:own@g:15672",
		"amqp://u@h/?management=http://g&management_password_file=" + file:   "http://u:of-management@g:15672",
		"amqp://u@h/?management=http://b@g&management_password_file=" + file: "http://b:of-management@g:15672",
	} {
		s, err := brokers.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		err = s.FindPassword(func(string) string { return "of-broker" })
		if (err != nil) != (want == "") || err == nil && seen(s) != want {
			t.Errorf("%s: %q, %v, want %q", text, seen(s), err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "management_password_file=") {
			t.Errorf("%s: no remedy in %v", text, err)
		}
	}
}

// One password of the environment is for one user of one broker.
func TestOnePasswordForOneBroker(t *testing.T) {
	for urls, refused := range map[string]bool{
		"kafka://a@h kafka://a@h/t": false, "kafka://a@h kafka://b@h": true, "kafka://a@h kafka://a@g": true, "amqp://a@h/one amqp://a@h/two": false, "kafka://a@h kafka://g": false,
		"kafka://a@h kafka://b:own@g": false, "kafka://a@h amqp://a@h": true,
	} {
		var sources []Source
		for text := range strings.FieldsSeq(urls) {
			s, err := brokers.Parse(text)
			if err == nil {
				err = s.FindPassword(func(string) string { return "secret" })
			}
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, s)
		}
		if err := CheckPasswords(sources); (err != nil) != refused {
			t.Errorf("%s: %v", urls, err)
		}
	}
}

func TestUnencryptedPasswordsAreWarnedOf(t *testing.T) {
	for text, warned := range map[string]bool{
		"kafka://a@h": true, "kafkas://a@h": false, "kafka://a@127.0.0.1": false, "kafka://h": false, "kafka://a@h?sasl=scram-sha-256": false, "kafka://h?sasl=oauthbearer": true,
		"amqp://a@h": true, "amqps://a@h/?management=http://h": true, "amqps://a@h/?management=https://h": false, "amqp://a@localhost/?management=http://localhost": false,
	} {
		s, err := brokers.Parse(text)
		if err == nil {
			err = s.FindPassword(func(string) string { return "secret" })
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := Warnings([]Source{s}); (len(got) == 1) != warned || strings.Contains(strings.Join(got, ""), "secret") {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestTheURLOfTokensHoldsNoSecret: where it seems to, it is refused, and else shown without what may be
// one; nothing of it is repeated.
func TestTheURLOfTokensHoldsNoSecret(t *testing.T) {
	const others = "&registry_oauth_client=eventscope&registry_oauth_secret_file=f"
	for at, shown := range map[string]string{
		"https://login/realms/a/token":              "https://login/realms/a/token",
		"http://localhost/token":                    "http://localhost/token",
		"https://login/token?p=hunter2":             "https://login/token?***",
		"https://ann:hunter2@login/token":           "",
		"https://hunter2@login/token":               "",
		"https://login/token?Client_Secret=hunter2": "",
		"https://login/token?a=1;hunter2":           "",
		"https://login/token#hunter2":               "",
		"ftp://login/hunter2":                       "",
		"hunter2":                                   "",
		"https://:80/hunter2":                       "",
		"https://[hunter2/":                         "",
	} {
		s, err := brokers.Parse("kafka://h?registry=https://r&registry_oauth_url=" + driver.Escape(at, "&") + others)
		if err == nil {
			err = s.Registry.Check()
		}
		if shown == "" {
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v", at, err)
			}
			continue
		}
		if text := s.String(); err != nil || !strings.Contains(text, "registry_oauth_url="+driver.Escape(shown, "&")+"&") || strings.Contains(text, "hunter2") {
			t.Errorf("%s: %s, %v", at, text, err)
		}
	}
	for at, warned := range map[string]bool{"http://localhost/t": false, "http://127.0.0.1/t": false, "http://[::1]/t": false, "http://localhost:1/t": false, "https://login/t": false, "http://login/t": true, "HTTP://login:1/t": true} {
		s, err := brokers.Parse("kafka://h?registry=https://r&registry_oauth_url=" + at + others)
		if err != nil {
			t.Fatal(err)
		}
		if got := Warnings([]Source{s}); (len(got) == 1) != warned || warned && !strings.Contains(got[0], " http://login") {
			t.Errorf("%s: %q", at, got)
		}
	}
}

// TestCertificatesOfARegistry: those that it is to see are not shown to the server of its tokens, and are
// read where only one of the two is asked by https.
func TestCertificatesOfARegistry(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	server.Close()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]pem.Block{"cert": {Type: "CERTIFICATE", Bytes: server.Certificate().Raw}, "key": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ registry, tokens string }{{"https", "https"}, {"http", "https"}, {"https", "http"}, {"http", "HTTPS"}} {
		r := Registry{URLs: []string{c.registry + "://r:1"}, TLS: driver.TLS{CA: filepath.Join(dir, "cert"), Certificate: filepath.Join(dir, "cert"), Key: filepath.Join(dir, "key")}}
		r.OAuth.URL, r.OAuth.Client, r.OAuth.Secret = c.tokens+"://login/t", "c", "s"
		config, err := r.config()
		if err != nil || (config.TLS != nil) != (c.registry == "https") || (config.OAuth.TLS != nil) != (c.tokens != "http") {
			t.Fatalf("%v: %+v, %v", c, config, err)
		}
		if config.TLS != nil && len(config.TLS.Certificates) != 1 {
			t.Errorf("%v: the registry sees no certificate", c)
		}
		if of := config.OAuth.TLS; of != nil {
			if _, err := server.Certificate().Verify(x509.VerifyOptions{Roots: of.RootCAs}); err != nil || len(of.Certificates) > 0 {
				t.Errorf("%v: %+v, %v", c, of, err)
			}
			if system, err := x509.SystemCertPool(); err == nil && !of.RootCAs.Equal(with(system, server.Certificate())) {
				t.Errorf("%v: the system's authorities are not trusted", c)
			}
		}
		if r.TLS.CA = filepath.Join(dir, "key"); true {
			if _, err := r.config(); !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), "registry_ca=") {
				t.Errorf("%v: %v", c, err)
			}
		}
	}
}

func with(pool *x509.CertPool, certificate *x509.Certificate) *x509.CertPool {
	pool.AddCert(certificate)
	return pool
}
