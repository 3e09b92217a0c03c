package source

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"eventscope/adapters/driver"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/registry/files"
)

// Source is one broker cluster and what to read of it, as an operator named it.
type Source struct {
	driver.Config
	Driver *driver.Driver
	// Registry is where the schemas of its messages are, and Files are the schemas of messages
	// that name none. Masks say what must not be shown of messages.
	Registry Registry
	Files    []files.Rule
	Masks    *mask.Rules
	// Link is where its messages can be looked at in a browser, with names in braces; empty for nowhere.
	Link string
}

// Open connects to the source, as its driver does, and gives it its schemas. A registry is not
// asked before a message names a schema.
func (s Source) Open(ctx context.Context) (*driver.Source, error) {
	opened, err := s.Driver.Open(ctx, s.Config)
	if err != nil {
		return nil, s.meant(ctx, err)
	}
	if len(s.Registry.URLs) == 0 && len(s.Files) == 0 && s.Masks == nil {
		return opened, nil
	}
	if err := s.Registry.open(opened, s.Files, s.Masks); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

// Named are the destinations that the source names by their whole names.
func (s *Source) Named() []string { return s.Driver.Named(&s.Config) }

// String is the source as a URL without its secrets, for people.
func (s Source) String() string {
	text := s.address(s.Path, s.Password != "")
	for i, parameter := range s.parameters() {
		text += []string{"?", "&"}[min(i, 1)] + parameter
	}
	return text
}

// address is the source as a URL without parameters, and whether there is a password.
func (s *Source) address(path string, password bool) string {
	user := ""
	if s.User != "" {
		if user = escapeUser(s.User); password {
			user += ":" + hidden
		}
		user += "@"
	}
	return s.scheme().Name + "://" + user + strings.Join(s.Hosts, ",") + behindSlash(path)
}

func behindSlash(path string) string {
	if path == "" {
		return ""
	}
	return "/" + strings.NewReplacer("=", "%3D", "@", "%40").Replace(path) // which Parse refuses there
}

// WithoutSecrets is the source without its passwords.
func (s Source) WithoutSecrets() Source {
	s.Password, s.Registry.Password, s.Registry.Token, s.Registry.OAuth.Secret = "", "", "", ""
	s.APIs = maps.Clone(s.APIs)
	for name, api := range s.APIs {
		api.Password = ""
		s.APIs[name] = api
	}
	return s
}

// Cluster says which broker it is, without who reads it or what of it: a URL in the same
// words each time.
func (s Source) Cluster() string {
	return s.scheme().Name + "://" + strings.Join(s.Hosts, ",") + behindSlash(s.namespace())
}

// namespace is the part of the path that says which broker is meant.
func (s *Source) namespace() string {
	if s.Driver.Namespace {
		return s.Path
	}
	return ""
}

// scheme is how the source's URL begins.
func (s *Source) scheme() driver.Scheme { return schemeOf(s.Driver, s.TLS != nil) }

// schemeOf is the scheme of a driver with or without encryption, or else its first.
func schemeOf(kind *driver.Driver, encrypted bool) driver.Scheme {
	for _, scheme := range kind.Schemes {
		if scheme.TLS == encrypted {
			return scheme
		}
	}
	return kind.Schemes[0]
}

// mechanism is how the source logs in.
func (s *Source) mechanism() driver.Mechanism {
	for _, m := range s.Driver.Mechanisms {
		if m.Name == s.Mechanism || s.Mechanism == "" {
			return m
		}
	}
	return driver.Mechanism{}
}

// parameters lists what stands behind the question mark, in a fixed order.
func (s Source) parameters() []string {
	var list []string
	add := func(name, value string) {
		if value != "" {
			list = append(list, name+"="+driver.Escape(value, "&"))
		}
	}
	add("sasl", s.Mechanism)
	add("password_file", s.PasswordFile)
	if s.TLS != nil {
		add("ca", s.TLS.CA)
		add("cert", s.TLS.Certificate)
		add("key", s.TLS.Key)
		add("server_name", s.TLS.ServerName)
	}
	for _, p := range s.Driver.Parameters {
		for _, value := range s.Values[p.Name] {
			add(p.Name, value)
		}
		if api, named := s.APIs[p.Name]; named {
			add(p.Name, shownAPI(api))
			add(p.Name+passwordFile, api.PasswordFile)
		}
	}
	r := &s.Registry
	add("registry", r.shown())
	add("registry_context", r.Context)
	add("registry_password_file", r.PasswordFile)
	add("registry_token_file", r.TokenFile)
	add("registry_oauth_url", r.shownTokens())
	add("registry_oauth_client", r.OAuth.Client)
	add("registry_oauth_secret_file", r.OAuth.SecretFile)
	add("registry_oauth_scope", r.OAuth.Scope)
	add("registry_cluster", r.Cluster)
	add("registry_identity_pool", r.IdentityPool)
	add("registry_ca", r.TLS.CA)
	add("registry_cert", r.TLS.Certificate)
	add("registry_key", r.TLS.Key)
	for _, rule := range s.Files {
		add(schemaParameters[rule.Part], rule.String())
	}
	return list
}

// escapeUser writes what [readUser] takes for more than a user name as %xx.
func escapeUser(name string) string { return strings.ReplaceAll(url.QueryEscape(name), "+", "%20") }

// Loopback reports whether every host of the source is this machine, so that a password on
// its way there, and one in a shell history that only opens a door here, is no news.
func (s Source) Loopback() bool { return !slices.ContainsFunc(s.Hosts, notLoopback) }

func notLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err != nil || !driver.IsLoopback(host)
}

// Number gives sources that have no name the name of their broker, and those that
// share one a number: kafka, kafka-2, rabbitmq.
func Number(sources []Source) {
	taken := map[string]bool{}
	for _, s := range sources {
		taken[s.Name] = true
	}
	used := map[string]bool{}
	for i := range sources {
		name := sources[i].Name
		if name == "" {
			name = string(sources[i].Driver.Broker)
		}
		unique := name
		for n := 2; used[unique] || (unique != sources[i].Name && taken[unique]); n++ {
			unique = fmt.Sprintf("%s-%d", name, n)
		}
		used[unique] = true
		sources[i].Name = unique
	}
}
