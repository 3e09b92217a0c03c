package login

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"errors"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
)

func bearer(t *testing.T, url string) func(context.Context) error {
	t.Helper()
	mechanism, err := Bearer(&cluster.SASL{User: "client", Password: "not-to-be-shown", Tokens: &cluster.Tokens{URL: url}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) error {
		_, _, err := mechanism.Authenticate(ctx, "host:9093")
		return err
	}
}

// TestATokenOfWhichNobodySaysHowLongItIsGood is asked for at each connection; another is kept.
func TestATokenOfWhichNobodySaysHowLongItIsGood(t *testing.T) {
	var given atomic.Int32
	answer := map[string]any{"access_token": "a", "token_type": "Bearer"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		given.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}))
	defer server.Close()
	for _, want := range []int32{3, 1} {
		given.Store(0)
		login := bearer(t, server.URL)
		for range 3 {
			if err := login(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if given.Load() != want {
			t.Errorf("%d were asked for, want %d", given.Load(), want)
		}
		answer["expires_in"] = 3600
	}
}

// TestWhatIsWrongWithTheServerOfTokens is said of it, and neither what it answers nor the secret.
func TestWhatIsWrongWithTheServerOfTokens(t *testing.T) {
	answer := func(status int, text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		})
	}
	for name, c := range map[string]struct {
		handler http.Handler
		tls     bool
		kind    error
		says    string
	}{
		"a page":                 {answer(200, "<html>not-to-be-shown</html>"), false, adapters.ErrNotConnected, "answers something that is no token"},
		"a refusal":              {answer(401, `{"error":"invalid_client","error_description":"not-to-be-shown"}`), false, adapters.ErrNotAuthenticated, "gives no token, and answers 401"},
		"trouble of its own":     {answer(503, "not-to-be-shown"), false, adapters.ErrNotConnected, "answers 503"},
		"an unknown certificate": {answer(200, "{}"), true, adapters.ErrTLS, "is not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(c.handler)
			if server.Start(); c.tls {
				server.Close()
				server = httptest.NewTLSServer(c.handler)
			}
			defer server.Close()
			err := bearer(t, server.URL)(t.Context())
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "not-to-be-shown") {
				t.Errorf("it is told as %v", err)
			}
		})
	}
}

// silent answers nothing.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestASilentServerOfTokensHoldsNobodyUp: each connection waits no longer than it wants to, however many
// wait, and none for longer than tokenTime.
func TestASilentServerOfTokensHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := &tokens{web: &http.Client{Transport: silent{}}, turn: make(chan struct{}, 1)}
		tokens.config.TokenURL = "https://login.example/token"
		var waiting sync.WaitGroup
		began := time.Now()
		for range 3 {
			waiting.Go(func() {
				if _, err := tokens.get(t.Context()); !errors.Is(err, adapters.ErrNotConnected) || !strings.Contains(err.Error(), "login.example does not answer") {
					t.Errorf("it is told as %v", err)
				}
			})
		}
		waiting.Wait()
		if waited := time.Since(began); waited != tokenTime {
			t.Errorf("they waited for %v", waited)
		}
	})
}
