package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"eventscope/adapters"
)

// issuer gives tokens to the client "eventscope" alone, and numbers them.
type issuer struct {
	*httptest.Server
	given   atomic.Int64
	seconds atomic.Int64 // for which a token is good
	scope   atomic.Value
	answer  atomic.Value // func(http.ResponseWriter), in place of a token
}

const clientSecret = "s3cr3t/+&"

func newIssuer(t *testing.T) *issuer {
	i := &issuer{}
	i.seconds.Store(3600)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := i.answer.Load().(func(http.ResponseWriter)); ok {
			answer(w)
			return
		}
		user, password, _ := r.BasicAuth() // each escaped as in a form (RFC 6749, section 2.3.1)
		if r.FormValue("grant_type") != "client_credentials" || user != "eventscope" || password != "s3cr3t%2F%2B%26" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":"not with %s"}`, password)
			return
		}
		i.scope.Store(r.FormValue("scope"))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":%d}`, i.given.Add(1), i.seconds.Load())
	}))
	t.Cleanup(i.Close)
	return i
}

// TestTokensOfOAuth: one is asked for, used until shortly before it ends, and again when the registry
// no longer takes it, with what the cloud wants to know beside it.
func TestTokensOfOAuth(t *testing.T) {
	tokens := newIssuer(t)
	var with atomic.Value
	refuses := atomic.Bool{}
	answers := map[string]any{}
	for n := 1; n <= 5; n++ {
		answers[fmt.Sprint("/schemas/ids/", n)] = answerWith(func(w http.ResponseWriter, r *http.Request) {
			with.Store([3]string{r.Header.Get("Authorization"), r.Header.Get("target-sr-cluster"), r.Header.Get("Confluent-Identity-Pool-Id")})
			if refuses.Load() {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, `{"schema":"\"string\""}`)
		})
	}
	there := newRegistry(t, answers)
	r := open(t, Config{URLs: []string{there.URL}, OAuth: &OAuth{URL: tokens.URL, Client: "eventscope", Secret: clientSecret, Scope: "schemas.read more"}, Cluster: "lsrc-1", IdentityPool: "pool-2"})
	asks := func(n int, token string) {
		t.Helper()
		if _, err := r.Schema(t.Context(), id(n)); err != nil && token != "" {
			t.Fatal(err)
		}
		if got := with.Load(); token != "" && got != [3]string{"Bearer " + token, "lsrc-1", "pool-2"} {
			t.Errorf("asked with %q", got)
		}
		r.asking.Wait()
	}
	asks(1, "token-1")
	asks(2, "token-1")
	if tokens.scope.Load() != "schemas.read more" {
		t.Errorf("the scope is %q", tokens.scope.Load())
	}
	refuses.Store(true)
	asks(3, "")
	if _, err := r.Schema(t.Context(), id(3)); !errors.Is(err, adapters.ErrNotAuthenticated) || !strings.Contains(err.Error(), "OAuth client") || strings.Contains(err.Error(), "password") {
		t.Errorf("a refused token: %v", err)
	}
	refuses.Store(false)
	r.mu.Lock()
	r.outage.end()
	r.mu.Unlock()
	tokens.seconds.Store(5) // which is nearly over at once
	asks(4, "token-3")      // the second was asked for when the first was refused, and was refused itself
	before := tokens.given.Load()
	if asks(5, fmt.Sprint("token-", before+1)); tokens.given.Load() == before {
		t.Error("a token that ends is used on")
	}
}

// TestATokenThatIsNotGiven is a reason of its own, and tells nothing that is secret.
func TestATokenThatIsNotGiven(t *testing.T) {
	there := newRegistry(t, map[string]any{"/schemas/ids/1": schema(`"string"`)})
	for name, c := range map[string]struct {
		secret string
		answer func(http.ResponseWriter)
		says   string
		kind   error
	}{
		"a wrong secret": {secret: "wr0ng", says: "refuses the client", kind: adapters.ErrNotAuthenticated},
		"it is down":     {secret: clientSecret, answer: func(w http.ResponseWriter) { w.WriteHeader(503); fmt.Fprint(w, clientSecret) }, says: "gives no token", kind: adapters.ErrNotConnected},
		"a page":         {secret: clientSecret, answer: func(w http.ResponseWriter) { fmt.Fprint(w, "<html>"+clientSecret) }, says: "gives no token", kind: adapters.ErrNotConnected},
		"an empty token": {secret: clientSecret, answer: func(w http.ResponseWriter) { fmt.Fprint(w, `{"access_token":""}`) }, says: "gives no token", kind: adapters.ErrNotConnected},
		"elsewhere": {secret: clientSecret, answer: func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, says: "gives no token", kind: adapters.ErrNotConnected},
		"endless": {secret: clientSecret, answer: func(w http.ResponseWriter) {
			for range 16 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
		}, says: "gives no token", kind: adapters.ErrNotConnected},
	} {
		t.Run(name, func(t *testing.T) {
			tokens := newIssuer(t)
			if c.answer != nil {
				tokens.answer.Store(c.answer)
			}
			r := open(t, Config{URLs: []string{there.URL}, OAuth: &OAuth{URL: tokens.URL, Client: "eventscope", Secret: c.secret}})
			_, err := r.Schema(t.Context(), id(1))
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), strings.TrimPrefix(tokens.URL, "http://")) {
				t.Errorf("%v", err)
			}
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "s3cr3t") || strings.Contains(text, "wr0ng") {
				t.Errorf("it tells the secret: %s", text)
			}
			if there.asked.Load() > 0 {
				t.Error("the registry was asked without a token")
			}
		})
	}
	for _, o := range []OAuth{{URL: "ftp://h", Client: "c", Secret: "s"}, {URL: "https://ann:pw@h/", Client: "c", Secret: "s"}, {URL: "https://h/t", Client: "c"}} {
		if _, err := Open(Config{URLs: []string{there.URL}, OAuth: &o}); !errors.Is(err, adapters.ErrUsage) || strings.Contains(err.Error(), "pw") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestTheServerOfTokensSeesNoCertificate that the registry wants to see.
func TestTheServerOfTokensSeesNoCertificate(t *testing.T) {
	seen := make(chan string, 2)
	serve := func(name, answer string) *httptest.Server {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/versions") {
				seen <- fmt.Sprint(name, " saw ", len(r.TLS.PeerCertificates))
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, answer)
		}))
		s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	tokens, there := serve("tokens", `{"access_token":"a","token_type":"Bearer","expires_in":3600}`), serve("registry", `{"schema":"\"string\""}`)
	trusted := x509.NewCertPool()
	trusted.AddCert(there.Certificate())
	r := open(t, Config{
		URLs: []string{there.URL}, TLS: &tls.Config{RootCAs: trusted, Certificates: there.TLS.Certificates},
		OAuth: &OAuth{URL: tokens.URL, Client: "eventscope", Secret: clientSecret, TLS: &tls.Config{RootCAs: trusted}},
	})
	if _, err := r.Schema(t.Context(), id(1)); err != nil {
		t.Fatal(err)
	}
	if first, second := <-seen, <-seen; first != "tokens saw 0" || second != "registry saw 1" {
		t.Error(first, second)
	}
}

// TestARefusedTokenIsAskedForAgain before that counts as an outage, with all of the question.
func TestARefusedTokenIsAskedForAgain(t *testing.T) {
	tokens := newIssuer(t)
	there := newRegistry(t, map[string]any{})
	for _, path := range []string{"/schemas/ids/1", "/posted"} {
		there.set(path, answerWith(func(w http.ResponseWriter, r *http.Request) {
			if said, err := io.ReadAll(r.Body); err != nil || path == "/posted" && string(said) != "question" {
				t.Errorf("%q, %v", said, err)
			}
			if r.Header.Get("Authorization") == map[string]string{"/schemas/ids/1": "Bearer token-1", "/posted": "Bearer token-2"}[path] {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, `{"schema":"\"string\""}`)
		}))
	}
	r := open(t, Config{URLs: []string{there.URL}, OAuth: &OAuth{URL: tokens.URL, Client: "eventscope", Secret: clientSecret}})
	if _, err := r.Schema(t.Context(), id(1)); err != nil || tokens.given.Load() != 2 {
		t.Errorf("%v after %d tokens", err, tokens.given.Load())
	}
	r.asking.Wait()
	answer, err := r.http.Post(there.URL+"/posted", "text/plain", strings.NewReader("question"))
	if err != nil || answer.Body.Close() != nil || answer.StatusCode != http.StatusOK || tokens.given.Load() != 3 || r.later.take() != 0 {
		t.Errorf("%v, %v after %d tokens", answer, err, tokens.given.Load())
	}
	r.login.tokens.forget("token-2") // which somebody else was refused
	if token, err := r.login.tokens.get(t.Context()); token != "token-3" || err != nil {
		t.Errorf("the new token is forgotten for %s, %v", token, err)
	}
}

// hanging is a server of tokens that answers when it is let.
type hanging struct {
	asked  atomic.Int64
	answer chan int
}

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	h.asked.Add(1)
	select {
	case status := <-h.answer:
		return &http.Response{StatusCode: status, Request: r, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"access_token":"a","token_type":"Bearer"}`))}, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// TestAServerOfTokensThatHangs is asked once for all who wait, each for as long as it wants to, and all
// have the same answer.
func TestAServerOfTokensThatHangs(t *testing.T) {
	for name, status := range map[string]int{"a token": 200, "none": 400, "the end": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, end := context.WithCancel(t.Context())
				defer end()
				server := &hanging{answer: make(chan int)}
				tokens, err := newTokens(ctx, &OAuth{URL: "https://login/t", Client: "c", Secret: "s"}, &http.Client{Transport: server})
				if err != nil {
					t.Fatal(err)
				}
				tokens.config.AuthStyle = oauth2.AuthStyleInHeader // and no other is tried
				var waiting sync.WaitGroup
				for range 5 {
					waiting.Go(func() {
						token, err := tokens.get(t.Context())
						if _, none := errors.AsType[*noToken](err); none != (status != 200) || (token == "a") != (status == 200) {
							t.Errorf("%q, %v", token, err)
						}
					})
				}
				short, stop := context.WithTimeout(t.Context(), time.Second)
				defer stop()
				if _, err := tokens.get(short); err == nil {
					t.Error("who waits for a second has a token")
				}
				if synctest.Wait(); server.asked.Load() != 1 {
					t.Errorf("it was asked %d times", server.asked.Load())
				}
				if status > 0 {
					server.answer <- status
				} else {
					end()
				}
				waiting.Wait()
				if end(); server.asked.Load() != 1 {
					t.Errorf("it was asked %d times", server.asked.Load())
				}
				tokens.close()
				if _, err := tokens.get(t.Context()); err == nil || server.asked.Load() != 1 {
					t.Errorf("behind the end: %v", err)
				}
			})
		})
	}
}
