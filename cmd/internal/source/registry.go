package source

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/registry"
	"eventscope/adapters/registry/files"
	"eventscope/adapters/schemas"
)

// Registry is the schema registry of a source's messages, and who asks it.
type Registry struct {
	// URLs are those of one registry, without user; empty is no registry.
	URLs []string
	driver.Login
	// Token logs in where there is no user, and TokenFile is the file that holds it.
	Token, TokenFile string
	// OAuth is where tokens are asked for, if URL is not empty, and SecretFile is the file that
	// holds the secret of its client.
	OAuth struct {
		registry.OAuth
		SecretFile string
	}
	// Cluster and IdentityPool are what Confluent Cloud wants to know beside a token.
	Cluster, IdentityPool string
	// Context is that of the registry in which ids are counted.
	Context string
	TLS     driver.TLS
}

// noRegistry is the value of registry= that names none.
const noRegistry = "none"

// registryParameters are those of all sources.
var registryParameters = []struct {
	driver.Parameter
	read func(r *Registry, value string) error
}{
	{driver.Parameter{Name: "registry", Value: "http://HOST:PORT", Says: "the schema registry by which values and keys are read: its Confluent API, or several URLs of one, with commas"}, readRegistry},
	{driver.Parameter{Name: "registry_context", Value: ".NAME", Says: "the context of the registry in which ids are counted, if not the default one"},
		func(r *Registry, v string) error { r.Context = v; return nil }},
	{driver.Parameter{Name: "registry_password_file", Value: "PATH", Says: "a file that holds the password alone of the user in registry="},
		func(r *Registry, v string) error { r.PasswordFile = v; return nil }},
	{driver.Parameter{Name: "registry_token_file", Value: "PATH", Says: "a file that holds a bearer token alone, in place of user and password"},
		func(r *Registry, v string) error { r.TokenFile = v; return nil }},
	{driver.Parameter{Name: "registry_oauth_url", Value: "https://HOST/PATH", Says: "where tokens for the registry are asked for (OAuth, client credentials)"},
		func(r *Registry, v string) error { r.OAuth.URL = v; return nil }},
	{driver.Parameter{Name: "registry_oauth_client", Value: "ID", Says: "the client that asks for them"},
		func(r *Registry, v string) error { r.OAuth.Client = v; return nil }},
	{driver.Parameter{Name: "registry_oauth_secret_file", Value: "PATH", Says: "a file that holds the secret of that client alone"},
		func(r *Registry, v string) error { r.OAuth.SecretFile = v; return nil }},
	{driver.Parameter{Name: "registry_oauth_scope", Value: "SCOPE", Says: "what the tokens are to be good for, if the server wants to know"},
		func(r *Registry, v string) error { r.OAuth.Scope = v; return nil }},
	{driver.Parameter{Name: "registry_cluster", Value: "lsrc-ID", Says: "the logical cluster of a registry in Confluent Cloud, beside a token"},
		func(r *Registry, v string) error { r.Cluster = v; return nil }},
	{driver.Parameter{Name: "registry_identity_pool", Value: "pool-ID", Says: "the identity pool in Confluent Cloud, beside a token"},
		func(r *Registry, v string) error { r.IdentityPool = v; return nil }},
	{driver.Parameter{Name: "registry_ca", Value: "PATH", Says: "PEM file of the authorities to trust for the registry, if not the system's, and beside these for its tokens"},
		func(r *Registry, v string) error { r.TLS.CA = v; return nil }},
	{driver.Parameter{Name: "registry_cert", Value: "PATH", Says: "PEM file of a client certificate for the registry"},
		func(r *Registry, v string) error { r.TLS.Certificate = v; return nil }},
	{driver.Parameter{Name: "registry_key", Value: "PATH", Says: "PEM file of its key"},
		func(r *Registry, v string) error { r.TLS.Key = v; return nil }},
}

// schemaParameters are those that name a file by which values or keys are read.
var schemaParameters = [...]string{schemas.Value: "schema", schemas.Key: "key_schema"}

// readSchema reads a parameter that names a file, of which there may be several.
func readSchema(part schemas.Part) func(*Source, string) error {
	return func(s *Source, value string) error {
		rule, err := files.ParseRule(value, part)
		if err == nil {
			s.Files = append(slices.Clip(s.Files), rule)
		}
		return err
	}
}

func init() {
	common = append(common,
		commonParameter{nil, driver.Parameter{Name: schemaParameters[schemas.Value], Value: "DESTINATION:FILE", Several: true,
			Says: "by what values are read that name no schema: .avsc, .proto or a set of descriptors, and behind a # the message of Protobuf; or msgpack or cbor"}, readSchema(schemas.Value)},
		commonParameter{nil, driver.Parameter{Name: schemaParameters[schemas.Key], Value: "DESTINATION:FILE", Several: true,
			Says: "the same for keys"}, readSchema(schemas.Key)})
	for _, p := range registryParameters {
		common = append(common, commonParameter{nil, p.Parameter, func(s *Source, value string) error { return p.read(&s.Registry, value) }})
	}
}

// readRegistry reads the URLs of a registry. Its errors repeat nothing of what stands before an
// @, for that may be a password.
func readRegistry(r *Registry, value string) error {
	r.URLs = nil
	if value == noRegistry {
		return nil
	}
	for text := range strings.SplitSeq(value, ",") {
		scheme, rest, found := strings.Cut(text, "://")
		if !found {
			scheme, rest = "http", text
		}
		authority, path := cutAuthority(rest)
		hosts := authority
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			login, err := readUser(authority[:at])
			if err != nil {
				return fmt.Errorf("in the registry URL: %w", err)
			}
			login.PasswordFile = r.PasswordFile
			r.Login, hosts = login, authority[at+1:]
		}
		if scheme != "http" && scheme != "https" || strings.ContainsAny(path, "?@=") {
			return errors.New("registry is an http or https URL without ?, @ and = behind its host, several with commas")
		}
		address, err := hostPort(hosts, map[string]string{"http": "80", "https": "443"}[scheme])
		if err != nil {
			return fmt.Errorf("in the registry URL: %w", err)
		}
		r.URLs = append(r.URLs, scheme+"://"+address+strings.TrimRight(path, "/"))
	}
	return nil
}

// Name gives the registry its URLs, as the parameter registry has them. A user who is known
// already stays.
func (r *Registry) Name(urls string) error {
	known := r.Login
	if err := readRegistry(r, urls); err != nil {
		return err
	}
	if known.User != "" {
		r.Login = known
	}
	return nil
}

// Check finds what a registry lacks.
func (r *Registry) Check() error {
	switch {
	case len(r.URLs) == 0 && (r.User != "" || r.PasswordFile != "" || r.TokenFile != "" || r.Context != "" || r.asksForTokens() || r.Cluster != "" || r.IdentityPool != "" || r.TLS != driver.TLS{}):
		return errors.New("the parameters that begin with registry_ need registry= as well")
	case r.PasswordFile != "" && r.User == "":
		return errors.New("registry_password_file needs a user, as in registry=https://USER@HOST")
	case r.Password != "" && r.User == "":
		return errors.New("the password of a registry needs a user")
	case (r.Token != "" || r.TokenFile != "") && r.User != "":
		return errors.New("a registry is asked with a token or with a user, not with both")
	case r.asksForTokens() && (r.User != "" || r.Token != "" || r.TokenFile != ""):
		return errors.New("a registry is asked with tokens of OAuth, with one token, or with a user, and with one of these alone")
	case r.asksForTokens() && (r.OAuth.URL == "" || r.OAuth.Client == "" || r.OAuth.Secret == "" && r.OAuth.SecretFile == ""):
		return errors.New("tokens for a registry need registry_oauth_url=, registry_oauth_client= and registry_oauth_secret_file=")
	case r.asksForTokens() && checkTokens(r.OAuth.URL) != nil:
		return checkTokens(r.OAuth.URL)
	case (r.TLS.Certificate == "") != (r.TLS.Key == ""):
		return errors.New("a client certificate for the registry needs both registry_cert= and registry_key=")
	}
	return nil
}

// checkTokens finds what is wrong with the URL of tokens, and repeats nothing of it.
func checkTokens(text string) error {
	at, err := url.Parse(text)
	if err != nil || at.Hostname() == "" || at.Scheme != "http" && at.Scheme != "https" || at.Fragment != "" {
		return errors.New("registry_oauth_url is an http or https URL, as in registry_oauth_url=https://HOST/PATH")
	}
	if at.User != nil {
		return errors.New("registry_oauth_url holds a user: the client and its secret have parameters of their own")
	}
	asks, err := url.ParseQuery(at.RawQuery)
	if err != nil {
		return errors.New("what stands behind the question mark of registry_oauth_url cannot be read")
	}
	for name := range asks {
		if slices.ContainsFunc(secretNames[:], func(part string) bool { return strings.Contains(strings.ToLower(name), part) }) {
			return errors.New("registry_oauth_url seems to hold a secret behind its question mark, which has a parameter of its own: registry_oauth_secret_file=")
		}
	}
	return nil
}

// secretNames are parts of the names of what is secret in a URL.
var secretNames = [...]string{"secret", "pass", "token", "key", "assertion", "code", "credential", "sig", "auth"}

// shownTokens is the URL of tokens for people: its host and its path.
func (r *Registry) shownTokens() string {
	if r.OAuth.URL == "" {
		return ""
	}
	at, err := url.Parse(r.OAuth.URL)
	if err != nil {
		return hidden
	}
	shown := url.URL{Scheme: at.Scheme, Host: at.Host, Path: at.Path, RawPath: at.RawPath}
	if text := shown.String(); at.RawQuery == "" {
		return text
	}
	return shown.String() + "?" + hidden
}

// asksForTokens reports whether something of OAuth is given.
func (r *Registry) asksForTokens() bool {
	o := &r.OAuth
	return o.URL != "" || o.Client != "" || o.Secret != "" || o.SecretFile != "" || o.Scope != ""
}

// shown is the registry as the value of its parameter, for people.
func (r *Registry) shown() string {
	shown := slices.Clone(r.URLs)
	for i := range shown {
		if shown[i] = shownAPI(driver.HTTPEndpoint{URL: shown[i], Login: r.Login}); i > 0 {
			shown[i] = r.URLs[i]
		}
	}
	return strings.Join(shown, ",")
}

// findSecrets reads the files that hold password, token and secret.
func (r *Registry) findSecrets(s *Source) error {
	for _, secret := range [...]struct {
		parameter, file string
		is              *string
	}{
		{"registry_password_file", r.PasswordFile, &r.Password},
		{"registry_token_file", r.TokenFile, &r.Token},
		{"registry_oauth_secret_file", r.OAuth.SecretFile, &r.OAuth.Secret},
	} {
		if *secret.is != "" || secret.file == "" {
			continue
		}
		login := driver.Login{PasswordFile: secret.file}
		if err := s.readPassword(secret.parameter, &login); err != nil {
			return err
		}
		*secret.is = login.Password
	}
	return nil
}

// secret reports whether the registry is told one.
func (r *Registry) secret() bool { return r.Password != "" || r.Token != "" || r.OAuth.URL != "" }

// open gives a source that was opened its schemas, of a registry and of files, and says what of its
// messages must not be shown.
func (r *Registry) open(opened *driver.Source, rules []files.Rule, masks *mask.Rules) error {
	read, err := files.Read(rules, len(r.URLs) == 0)
	if err != nil {
		return fmt.Errorf("%w: %w", adapters.ErrUsage, err)
	}
	config, err := r.config()
	if err != nil {
		return err
	}
	config.Files, config.Masks = read, masks
	asks, err := registry.Open(config)
	if err != nil {
		return err
	}
	asks.Attach(opened)
	return nil
}

// config is where the registry is and who asks it, with its certificates.
func (r *Registry) config() (c registry.Config, err error) {
	c = registry.Config{URLs: r.URLs, User: r.User, Password: r.Password, Token: r.Token, Context: r.Context, Cluster: r.Cluster, IdentityPool: r.IdentityPool}
	if slices.ContainsFunc(r.URLs, isHTTPS) {
		if c.TLS, err = r.TLS.Settings(""); err != nil {
			return c, withParameters(err)
		}
	}
	if r.OAuth.URL == "" {
		return c, nil
	}
	tokens := r.OAuth.OAuth
	c.OAuth = &tokens
	if isHTTPS(tokens.URL) {
		if tokens.TLS, err = r.TLS.Elsewhere(); err != nil {
			return c, withParameters(err)
		}
	}
	return c, nil
}

func isHTTPS(address string) bool {
	at, err := url.Parse(address)
	return err == nil && at.Scheme == "https"
}

// withParameters is an error of certificates with the names that the parameters have here.
func withParameters(err error) error {
	problem, ok := errors.AsType[*adapters.Problem](err)
	if !ok {
		return err
	}
	named := *problem
	named.Remedy = strings.NewReplacer("ca=", "registry_ca=", "cert=", "registry_cert=", "key=", "registry_key=").Replace(named.Remedy)
	return &named
}
