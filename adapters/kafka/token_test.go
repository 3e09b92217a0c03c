package kafka_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka"
	access "eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/login"
)

// unsigned is a token for a user that ends then. The broker of the tests believes it, unlike any other.
func unsigned(user string, ends time.Time) string {
	part := func(claims map[string]any) string {
		text, err := json.Marshal(claims)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return part(map[string]any{"alg": "none"}) + "." + part(map[string]any{"sub": user, "iat": time.Now().Add(-time.Minute).Unix(), "exp": ends.Unix()}) + "."
}

// tokenServer gives tokens to one client, and counts them.
func tokenServer(t *testing.T, ends func() time.Time) (url string, given *atomic.Int32) {
	given = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, password, _ := r.BasicAuth()
		if client != "eventscope" || password != "client-secret" || r.FormValue("scope") != "kafka.read" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`, "not "+password)
			return
		}
		given.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": unsigned("ann", ends()), "token_type": "Bearer", "expires_in": int(time.Until(ends()).Seconds())})
	}))
	t.Cleanup(server.Close)
	return server.URL + "/token", given
}

// TestTokensOfAnOAuthClient: they are asked for where the URL says, kept while they are good, and
// what the server of tokens or the broker has against them is told without a secret.
func TestTokensOfAnOAuthClient(t *testing.T) {
	folder, at := secured(t)
	c := real(t)
	topic := c.topic(t, 1)
	c.publish(t, topic, adapters.Message{Value: []byte("safe")})
	url, given := tokenServer(t, func() time.Time { return time.Now().Add(time.Hour) })
	opened := func(values map[string][]string, user, password string) (*driver.Source, error) {
		return kafka.Driver.Open(t.Context(), driver.Config{
			Hosts: at(saslSSL), Mechanism: "oauthbearer", Login: driver.Login{User: user, Password: password},
			TLS: &driver.TLS{CA: filepath.Join(folder, "ca.pem")}, Path: topic, Values: values,
		})
	}
	values := map[string][]string{"token_url": {url}, "token_scope": {"kafka.read"}, "token_extension": {"logicalCluster:lkc-1", "identityPoolId:pool-2"}}
	source, err := opened(values, "eventscope", "client-secret")
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	estimate, err := source.Estimator.Estimate(t.Context(), adapters.Range{From: adapters.Beginning})
	if err != nil || estimate != 1 || given.Load() != 1 {
		t.Errorf("%d messages, %v, by %d tokens", estimate, err, given.Load())
	}
	authority := &driver.TLS{CA: filepath.Join(folder, "ca.pem")}
	config := func(s kafka.SASL) kafka.Config {
		s.Mechanism = "OAUTHBEARER"
		return kafka.Config{Brokers: at(saslSSL), TLS: authority, SASL: &s}
	}
	tokens := &access.Tokens{URL: url, Scope: "kafka.read"}
	closed := &access.Tokens{URL: "http://127.0.0.1:1/token"}
	ended, _ := tokenServer(t, func() time.Time { return time.Now().Add(-time.Second) })
	refused(t, config(kafka.SASL{User: "eventscope", Password: secret, Tokens: tokens}), adapters.ErrNotAuthenticated, "gives no token", "401", "token_scope=")
	refused(t, config(kafka.SASL{User: "eventscope", Password: secret, Tokens: closed}), adapters.ErrNotConnected, "127.0.0.1:1 does not answer")
	refused(t, config(kafka.SASL{User: "eventscope", Password: "client-secret", Tokens: &access.Tokens{URL: ended, Scope: "kafka.read"}}), adapters.ErrNotAuthenticated, "refused the credentials")
	refused(t, config(kafka.SASL{Token: unsigned("ann", time.Now().Add(-time.Hour))}), adapters.ErrNotAuthenticated, "refused the credentials", "OAUTHBEARER")
}

// TestParametersOfTokens: what would tell the client's secret to whoever listens is refused.
func TestParametersOfTokens(t *testing.T) {
	good := map[string][]string{
		"token_url": {"https://login.example/token", "http://127.0.0.1:8080/t", "http://localhost/t"}, "token_extension": {"logicalCluster:lkc-1", "a:b:c"},
	}
	bad := map[string][]string{
		"token_url": {"http://login.example/token", "https://ann:secret@login.example/t", "login.example/t", "ftp://h/t", "https://"}, "token_extension": {"logicalCluster", "a-b:c", ":x", "auth:x", "a:", "a:\x01"},
	}
	for _, p := range kafka.Driver.Parameters {
		for _, value := range good[p.Name] {
			if err := p.Check(value); err != nil {
				t.Errorf("%s=%s: %v", p.Name, value, err)
			}
		}
		for _, value := range bad[p.Name] {
			if p.Check(value) == nil {
				t.Errorf("%s=%q is taken", p.Name, value)
			}
		}
	}
}

// TestTheCredentialsOfAWS go into the signature, and none of them onto the wire but the name of the key.
func TestTheCredentialsOfAWS(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	mechanism := login.IAM()
	_, first, err := mechanism.Authenticate(t.Context(), "b-1.demo.abcdef.c2.kafka.eu-central-1.amazonaws.com:9098")
	var said map[string]string
	if err != nil || mechanism.Name() != "AWS_MSK_IAM" || json.Unmarshal(first, &said) != nil || said["action"] != "kafka-cluster:Connect" || said["x-amz-signature"] == "" {
		t.Errorf("%s: %s, %v", mechanism.Name(), first, err)
	}
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} {
		t.Setenv(name, value)
	}
	if _, _, err := login.IAM().Authenticate(t.Context(), "b-1.demo.abcdef.c2.kafka.eu-central-1.amazonaws.com:9098"); !errors.Is(err, adapters.ErrNotAuthenticated) || !strings.Contains(err.Error(), "no credentials of AWS") {
		t.Errorf("without credentials: %v", err)
	}
	refused(t, kafka.Config{Brokers: []string{"127.0.0.1:1"}, SASL: &kafka.SASL{Mechanism: "AWS_MSK_IAM"}}, adapters.ErrUsage, "kafkas://")
}
