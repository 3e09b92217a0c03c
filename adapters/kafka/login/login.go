package login

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config" // finds credentials as the vendor's own tools do
	"github.com/aws/smithy-go/logging"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/aws"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials" // RFC 6749, section 4.4

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka/cluster"
)

// tokenTime is how long a server of tokens, or of credentials, may take. It is less than whoever opens a
// source waits, so that the server is blamed.
const tokenTime = 6 * time.Second

// Bearer logs in with a token: the one that is given, or one that is asked for when the one before is
// about to end. Files name the authorities that are trusted beside the system's; nil is none.
func Bearer(s *cluster.SASL, files *driver.TLS) (sasl.Mechanism, error) {
	if s.Tokens == nil {
		return oauth.Auth{Token: s.Token, Extensions: s.Extensions}.AsMechanism(), nil
	}
	if files == nil {
		files = &driver.TLS{}
	}
	settings, err := files.Elsewhere()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.DisableKeepAlives = settings, true
	web := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the secret goes to that URL alone
	}}
	t := &tokens{web: web, config: clientcredentials.Config{ClientID: s.User, ClientSecret: s.Password, TokenURL: s.Tokens.URL}, turn: make(chan struct{}, 1)}
	if s.Tokens.Scope != "" {
		t.config.Scopes = []string{s.Tokens.Scope} // which are joined by spaces
	}
	return oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
		token, err := t.get(ctx)
		return oauth.Auth{Token: token, Extensions: s.Extensions}, err
	}), nil
}

// tokens are those of a client: one is kept until shortly before it ends.
type tokens struct {
	web    *http.Client
	config clientcredentials.Config
	turn   chan struct{} // is taken by whoever looks at token
	token  *oauth2.Token
}

// get is a token that is good for a while. Who waits for it waits no longer than its context.
func (t *tokens) get(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return "", noToken(t.config.TokenURL, ctx.Err())
	}
	defer func() { <-t.turn }()
	if t.token.Valid() {
		return t.token.AccessToken, nil
	}
	token, err := t.config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.web))
	if err != nil {
		return "", noToken(t.config.TokenURL, err)
	}
	if t.token = nil; !token.Expiry.IsZero() { // of another nobody says how long it is good
		t.token = token
	}
	return token.AccessToken, nil
}

// noToken says why there is no token. What the server said may quote the secret, and is not repeated.
func noToken(where string, err error) error {
	p := &adapters.Problem{Doing: "log in to kafka", Cause: "the server of tokens does not answer", Remedy: "check token_url=, and the network", Kind: adapters.ErrNotConnected}
	at, unreadable := url.Parse(where)
	if unreadable != nil {
		return p
	}
	said, answered := errors.AsType[*oauth2.RetrieveError](err)
	_, refused := errors.AsType[*tls.CertificateVerificationError](err)
	_, unreached := errors.AsType[*url.Error](err)
	switch {
	case answered && said.Response != nil:
		p.Cause = at.Host + " gives no token, and answers " + strconv.Itoa(said.Response.StatusCode)
		if status := said.Response.StatusCode; status >= 400 && status < 500 && status != http.StatusTooManyRequests {
			p.Remedy, p.Kind = "check the client, its secret and token_scope=", adapters.ErrNotAuthenticated
		}
	case refused:
		p.Cause, p.Remedy, p.Kind = "the certificate of "+at.Host+" is not trusted", "name its authority in ca=", adapters.ErrTLS
	case unreached || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		p.Cause = at.Host + " does not answer"
	default:
		p.Cause, p.Remedy = at.Host+" answers something that is no token", "check token_url="
	}
	return p
}

// IAM logs in to Amazon MSK with the credentials that the environment has: variables, a profile, single
// sign-on, web identity, the machine's role. They are looked for once, and anew when they end.
func IAM() sasl.Mechanism {
	settings := sync.OnceValues(func() (found awssdk.Config, err error) {
		ctx, cancel := context.WithTimeout(context.Background(), tokenTime)
		defer cancel()
		return config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // its own writes to standard error, where the screen is
	})
	return aws.ManagedStreamingIAM(func(ctx context.Context) (aws.Auth, error) {
		ctx, cancel := context.WithTimeout(ctx, tokenTime)
		defer cancel()
		found, err := settings()
		if err == nil {
			credentials, failed := found.Credentials.Retrieve(ctx)
			if err = failed; err == nil {
				return aws.Auth{AccessKey: credentials.AccessKeyID, SecretKey: credentials.SecretAccessKey, SessionToken: credentials.SessionToken}, nil
			}
		}
		return aws.Auth{}, &adapters.Problem{ // what the provider said may hold a secret
			Doing: "log in to kafka", Cause: "no credentials of AWS were found",
			Remedy: "log in as for the aws command, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", Kind: adapters.ErrNotAuthenticated,
		}
	})
}
