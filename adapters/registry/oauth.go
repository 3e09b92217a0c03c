package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// OAuth is a client that has its tokens from a server (RFC 6749, section 4.4).
type OAuth struct {
	// URL is where tokens are. It holds no user.
	URL string
	// Client and Secret are the client's own, which go to that URL alone.
	Client, Secret string
	// Scope is what the token is to be good for, with spaces between several; it may be empty.
	Scope string
	// TLS is how https is spoken with that URL, nil for the system's authorities. A certificate that
	// the registry wants to see is not for it.
	TLS *tls.Config
}

// logins add to a question who asks it.
type logins struct {
	user, password, token string
	tokens                *tokens
	// cluster and pool are headers that Confluent Cloud wants beside a token.
	cluster, pool string
}

// add logs a question in, which must not be anybody else's, and returns the token of OAuth with which
// it did.
func (l *logins) add(request *http.Request) (token string, err error) {
	switch {
	case l.user != "":
		request.SetBasicAuth(l.user, l.password)
	case l.tokens != nil:
		if token, err = l.tokens.get(request.Context()); err != nil {
			return "", err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	case l.token != "":
		request.Header.Set("Authorization", "Bearer "+l.token)
	}
	if l.cluster != "" {
		request.Header.Set("target-sr-cluster", l.cluster)
	}
	if l.pool != "" {
		request.Header.Set("Confluent-Identity-Pool-Id", l.pool)
	}
	return token, nil
}

// refusal is what it means that the registry refuses the login, and what helps.
func (l *logins) refusal() (cause, remedy string) {
	switch {
	case l.tokens != nil:
		return "it refuses the token of the OAuth client", "check which registry the client's tokens are for: its scope, and in a cloud the cluster and the identity pool"
	case l.user == "" && l.token != "":
		return "it refuses the token", "check the token, which may have ended"
	}
	return "it refuses the login", "check its user and password"
}

// tokens are those of a client: one is kept until shortly before it ends.
type tokens struct {
	host   string
	config clientcredentials.Config
	ctx    context.Context // carries the HTTP client

	mu    sync.Mutex
	token *oauth2.Token
	// fetch is the question under way, whoever waits for it.
	fetch    *fetch
	fetching sync.WaitGroup
}

// fetch is one question for a token.
type fetch struct {
	done  chan struct{} // closed when it was answered
	token string
	err   error
}

// newTokens prepares to ask for tokens, and asks nothing yet.
func newTokens(ctx context.Context, c *OAuth, web *http.Client) (*tokens, error) {
	at, err := url.Parse(c.URL)
	switch {
	case err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https":
		return nil, usage("the URL of tokens for the registry is https://HOST/PATH")
	case at.User != nil:
		return nil, usage("the URL of tokens at " + at.Host + " holds a user, which has a place of its own")
	case c.Client == "" || c.Secret == "":
		return nil, usage("tokens for the registry need a client and its secret")
	}
	t := &tokens{host: at.Host, config: clientcredentials.Config{ClientID: c.Client, ClientSecret: c.Secret, TokenURL: c.URL}}
	if c.Scope != "" {
		t.config.Scopes = []string{c.Scope} // which are joined by spaces
	}
	t.ctx = context.WithValue(ctx, oauth2.HTTPClient, web)
	return t, nil
}

// forget lets the next question have a new token in the place of one that was refused, which may end
// before its time.
func (t *tokens) forget(refused string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && t.token.AccessToken == refused {
		t.token = nil
	}
}

// get is a token that is good for a while. Who does not wait any longer does not keep others from
// waiting. An error is a [*noToken].
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	if t.token.Valid() {
		defer t.mu.Unlock()
		return t.token.AccessToken, nil
	}
	f := t.fetch
	if f == nil && t.ctx.Err() == nil {
		f = &fetch{done: make(chan struct{})}
		t.fetch = f
		t.fetching.Go(func() { t.ask(f) })
	}
	t.mu.Unlock()
	if f == nil {
		return "", t.none(t.ctx.Err())
	}
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return "", t.none(ctx.Err())
	}
}

// ask asks for a token, and tells all who wait for it.
func (t *tokens) ask(f *fetch) {
	token, err := t.config.Token(t.ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		f.err = t.none(err)
	} else {
		f.token, t.token = token.AccessToken, token
	}
	t.fetch = nil
	close(f.done)
}

// close waits for the end of the question under way. The context has ended.
func (t *tokens) close() {
	t.mu.Lock()
	t.token = nil // and no question begins behind this
	t.mu.Unlock()
	t.fetching.Wait()
}

func (t *tokens) none(err error) error {
	return &noToken{host: t.host, err: err}
}

// noToken says that there is no token. The error within may quote what the server said, which is not
// for people.
type noToken struct {
	host string
	err  error
}

// Error tells the host alone.
func (n *noToken) Error() string { return "no token from " + n.host }

// refused reports whether the server did not take the client, and how it said so.
func (n *noToken) refused() (status int, is bool) {
	said, ok := errors.AsType[*oauth2.RetrieveError](n.err)
	if !ok || said.Response == nil {
		return 0, false
	}
	status = said.Response.StatusCode
	return status, status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
}
