package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"eventscope/adapters/kafka"
	"eventscope/cmd/internal/source"
)

// openedBy is the one source of a file, or the error.
func openedBy(t *testing.T, lines string, env map[string]string) (source.Source, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	text := "contexts:\n  c:\n    sources:\n      - url: kafka://broker:9092/orders" + lines
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	getenv := func(name string) string { return env[name] }
	file, err := Load(path, getenv, source.Drivers{&kafka.Driver})
	if err != nil {
		return source.Source{}, err
	}
	opened, err := file.Open(file.Contexts["c"], getenv)
	if err != nil {
		return source.Source{}, err
	}
	return opened[0], nil
}

// TestARegistryInTheConfig: by block, by URL, and both.
func TestARegistryInTheConfig(t *testing.T) {
	const secret = "s3cr3t"
	block := "\n        registry:\n          url: https://registry:8081,other/\n          user: observer\n          password: ${env:SECRET}\n          context: .payments\n"
	s, err := openedBy(t, block, map[string]string{"SECRET": secret})
	r := s.Registry
	if err != nil || strings.Join(r.URLs, " ") != "https://registry:8081 http://other:80" || r.User != "observer" || r.Password != secret || r.Context != ".payments" {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, shown := range []string{s.String(), s.WithoutSecrets().String(), strings.Join(source.Warnings([]source.Source{s}), " ")} {
		if strings.Contains(shown, secret) {
			t.Errorf("the password is shown: %s", shown)
		}
	}
	if text := s.String(); !strings.Contains(text, "registry=https://observer:***@registry:8081") {
		t.Errorf("shown as %s", text)
	}
	if s, err = openedBy(t, "?registry=registry\n        registry:\n          token: ${env:SECRET}\n", map[string]string{"SECRET": secret}); err != nil || s.Registry.Token != secret || s.Registry.URLs[0] != "http://registry:80" {
		t.Errorf("%+v, %v", s.Registry, err)
	}
	block = "?registry=registry\n        registry:\n          cluster: lsrc-1\n          identity_pool: pool-2\n          oauth: {url: https://login:9443/token, client: eventscope, secret: '${env:SECRET}', scope: schemas.read}\n"
	s, err = openedBy(t, block, map[string]string{"SECRET": secret})
	if o := s.Registry.OAuth; err != nil || o.URL != "https://login:9443/token" || o.Client != "eventscope" || o.Secret != secret || o.Scope != "schemas.read" || s.Registry.Cluster != "lsrc-1" || s.Registry.IdentityPool != "pool-2" {
		t.Errorf("%+v, %v", s.Registry, err)
	}
	for _, shown := range []string{s.String(), s.WithoutSecrets().String(), s.WithoutSecrets().Registry.OAuth.Secret, strings.Join(source.Warnings([]source.Source{s}), " ")} {
		if strings.Contains(shown, secret) {
			t.Errorf("the secret is shown: %s", shown)
		}
	}
	for name, lines := range map[string]string{
		"a secret alone":           "\n        registry:\n          url: http://r\n          oauth: {secret: '${env:SECRET}'}\n",
		"two ways to log in":       "\n        registry:\n          url: http://r\n          token: ${env:SECRET}\n          oauth: {url: https://l/t, client: c, secret: '${env:SECRET}'}\n",
		"a registry without a URL": "\n        registry:\n          user: observer\n",
		"a password without user":  "\n        registry:\n          url: http://r\n          password: ${env:SECRET}\n",
		"half a certificate":       "\n        registry:\n          url: http://r\n          cert: x.pem\n",
		"no URL":                   "\n        registry:\n          url: ftp://r\n",
		"a variable that is not":   "\n        registry:\n          url: http://r\n          token: ${env:NOT_THERE}\n",
	} {
		if s, err := openedBy(t, lines, map[string]string{"SECRET": secret}); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %+v, %v", name, s.Registry, err)
		}
	}
}
