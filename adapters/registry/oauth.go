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

// add logs a question in, which must not be anybody else's.
func (l *logins) add(request *http.Request) error {
	switch {
	case l.user != "":
		request.SetBasicAuth(l.user, l.password)
	case l.tokens != nil:
		token, err := l.tokens.get()
		if err != nil {
			return err
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
	return nil
}

// refused says that a question was refused: a token may end before its time.
func (l *logins) refused() {
	if l.tokens != nil {
		l.tokens.forget()
	}
}

// tokens are those of a client: one is kept until shortly before it ends.
type tokens struct {
	config clientcredentials.Config
	ctx    context.Context // carries the HTTP client

	mu     sync.Mutex
	source oauth2.TokenSource
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
	t := &tokens{config: clientcredentials.Config{ClientID: c.Client, ClientSecret: c.Secret, TokenURL: c.URL}}
	if c.Scope != "" {
		t.config.Scopes = []string{c.Scope} // which are joined by spaces
	}
	t.ctx = context.WithValue(ctx, oauth2.HTTPClient, web)
	t.forget()
	return t, nil
}

// forget lets the next question have a new token.
func (t *tokens) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.source = t.config.TokenSource(t.ctx)
}

// get is a token that is good for a while. An error is a [*noToken].
func (t *tokens) get() (string, error) {
	t.mu.Lock()
	source := t.source
	t.mu.Unlock()
	token, err := source.Token() // which asks once for all who wait
	if err != nil {
		return "", &noToken{host: hostOf(t.config.TokenURL), err: err}
	}
	return token.AccessToken, nil
}

func hostOf(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return at.Host
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
