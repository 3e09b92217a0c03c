package client

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore" // the vendor's client
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

const (
	scope = "https://servicebus.azure.net//.default" // of tokens of Entra ID
	// signedFor is how long a signature is good.
	signedFor = 2 * time.Hour

	kindSAS = "servicebus.windows.net:sastoken"
	kindJWT = "jwt"
)

// Secret is what a connection string holds: the key of a policy, or a signature that was made of one.
type Secret struct {
	Host      string // of the namespace
	KeyName   string
	Key       string
	Signature string
	Emulator  bool // it says that nothing is encrypted
}

// ParseConnectionString reads one. Its errors repeat nothing of it.
func ParseConnectionString(text string) (s Secret, err error) {
	for part := range strings.SplitSeq(text, ";") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			continue
		}
		switch strings.ToLower(name) {
		case "endpoint":
			u, err := url.Parse(value)
			if err != nil || u.Host == "" {
				return Secret{}, errors.New("the Endpoint of the connection string is no address")
			}
			s.Host = u.Host
		case "sharedaccesskeyname":
			s.KeyName = value
		case "sharedaccesskey":
			s.Key = value
		case "sharedaccesssignature":
			s.Signature = value
		case "usedevelopmentemulator":
			s.Emulator = strings.EqualFold(value, "true")
		}
	}
	switch {
	case s.Host == "":
		return Secret{}, errors.New("the connection string has no Endpoint")
	case s.Signature == "" && (s.KeyName == "" || s.Key == ""):
		return Secret{}, errors.New("the connection string has neither SharedAccessKeyName and SharedAccessKey, nor SharedAccessSignature")
	}
	return s, nil
}

// String is not the secret, so that nothing prints it by mistake.
func (s Secret) String() string { return "(hidden)" }

// GoString is not the secret either.
func (s Secret) GoString() string { return s.String() }

// connectionString is the secret for the vendor's client.
func (s *Secret) connectionString(host string) string {
	if s.Signature != "" {
		return fmt.Sprintf("Endpoint=sb://%s/;SharedAccessSignature=%s", host, s.Signature)
	}
	return fmt.Sprintf("Endpoint=sb://%s/;SharedAccessKeyName=%s;SharedAccessKey=%s", host, s.KeyName, s.Key)
}

// token is what is shown to the service.
type token struct {
	kind, text string
	until      time.Time
}

// sign is a token of a key for an audience.
func (s *Secret) sign(audience string, now time.Time) token {
	if s.Signature != "" {
		return token{kindSAS, s.Signature, now.Add(signedFor)} // how long it is good the service says
	}
	until := now.Add(signedFor)
	resource := strings.ToLower(url.QueryEscape(audience))
	mac := hmac.New(sha256.New, []byte(s.Key))
	fmt.Fprintf(mac, "%s\n%d", resource, until.Unix())
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return token{kindSAS, fmt.Sprintf("SharedAccessSignature sr=%s&sig=%s&se=%d&skn=%s", resource, url.QueryEscape(signature), until.Unix(), url.QueryEscape(s.KeyName)), until}
}

// credential is who logs in: by a secret, or as the vendor's own tools do.
type credential struct {
	secret *Secret
	tenant string

	once  sync.Once
	entra azcore.TokenCredential
	err   error
}

// chain is the vendor's default: variables, workload and managed identity, az login.
func (c *credential) chain() (azcore.TokenCredential, error) {
	c.once.Do(func() {
		if c.entra == nil {
			c.entra, c.err = azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{TenantID: c.tenant})
		}
	})
	return c.entra, c.err
}

// GetToken implements azcore.TokenCredential: by the chain, with errors that tell nothing.
func (c *credential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	chain, err := c.chain()
	if err != nil {
		return azcore.AccessToken{}, &credentialError{err}
	}
	got, err := chain.GetToken(ctx, options)
	if err != nil {
		return azcore.AccessToken{}, &credentialError{err}
	}
	return got, nil
}

// token is one for an audience.
func (c *credential) token(ctx context.Context, audience string) (token, error) {
	if c.secret != nil {
		return c.secret.sign(audience, time.Now()), nil
	}
	got, err := c.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil {
		return token{}, err
	}
	return token{kindJWT, got.Token, got.ExpiresOn}, nil
}

// credentialError is a token that could not be had.
type credentialError struct{ err error }

func (e *credentialError) Error() string { return "no token" } // what a provider says may hold a secret
func (e *credentialError) Unwrap() error { return e.err }
