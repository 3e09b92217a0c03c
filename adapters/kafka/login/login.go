package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/config" // finds credentials as the vendor's own tools do
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/aws"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials" // RFC 6749, section 4.4

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka/cluster"
)

// tokenTime is how long a server of tokens, or of credentials, may take.
const tokenTime = 10 * time.Second

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
	web := &http.Client{Transport: transport, Timeout: tokenTime, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the secret goes to that URL alone
	}}
	client := clientcredentials.Config{ClientID: s.User, ClientSecret: s.Password, TokenURL: s.Tokens.URL}
	if s.Tokens.Scope != "" {
		client.Scopes = []string{s.Tokens.Scope} // which are joined by spaces
	}
	source := client.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, web))
	return oauth.Oauth(func(context.Context) (oauth.Auth, error) {
		token, err := source.Token()
		if err != nil {
			return oauth.Auth{}, noToken(s.Tokens.URL, err)
		}
		return oauth.Auth{Token: token.AccessToken, Extensions: s.Extensions}, nil
	}), nil
}

// noToken says why there is no token. What the server said may quote the secret, and is not repeated.
func noToken(where string, err error) error {
	p := &adapters.Problem{Doing: "log in to kafka", Cause: "the server of tokens does not answer", Remedy: "check token_url=, and the network", Kind: adapters.ErrNotConnected}
	at, unreadable := url.Parse(where)
	if unreadable != nil {
		return p
	}
	p.Cause = at.Host + " does not answer"
	said, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || said.Response == nil {
		return p
	}
	p.Cause = at.Host + " gives no token, and answers " + strconv.Itoa(said.Response.StatusCode)
	if status := said.Response.StatusCode; status >= 400 && status < 500 && status != http.StatusTooManyRequests {
		p.Remedy, p.Kind = "check the client, its secret and token_scope=", adapters.ErrNotAuthenticated
	}
	return p
}

// IAM logs in to Amazon MSK with the credentials that the environment has: variables, a profile, single
// sign-on, web identity, the machine's role.
func IAM() sasl.Mechanism {
	return aws.ManagedStreamingIAM(func(ctx context.Context) (aws.Auth, error) {
		ctx, cancel := context.WithTimeout(ctx, tokenTime)
		defer cancel()
		settings, err := config.LoadDefaultConfig(ctx)
		if err == nil {
			found, failed := settings.Credentials.Retrieve(ctx)
			if err = failed; err == nil {
				return aws.Auth{AccessKey: found.AccessKeyID, SecretKey: found.SecretAccessKey, SessionToken: found.SessionToken}, nil
			}
		}
		return aws.Auth{}, &adapters.Problem{ // what the provider said may hold a secret
			Doing: "log in to kafka", Cause: "no credentials of AWS were found",
			Remedy: "log in as for the aws command, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", Kind: adapters.ErrNotAuthenticated,
		}
	})
}
