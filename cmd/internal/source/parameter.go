package source

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"eventscope/adapters/driver"
	"eventscope/cmd/internal/spelling"
)

// passwordFile is behind the name of a parameter that is an HTTP API: the file with its password.
const passwordFile = "_password_file"

// common are the parameters that the URLs of all brokers have, or of all that have something.
var common = []commonParameter{
	{nil, driver.Parameter{Name: "name", Value: "NAME", Says: "what the source is called"},
		func(s *Source, v string) error { s.Name = v; return nil }},
	{sasl, driver.Parameter{Name: "sasl", Value: "MECHANISM", Says: "how to log in"}, readMechanism},
	{login, driver.Parameter{Name: "password_file", Value: "PATH", Says: "a file that holds the password alone"},
		func(s *Source, v string) error { s.PasswordFile = v; return nil }},
	{encryption, driver.Parameter{Name: "ca", Value: "PATH", Says: "PEM file of the authorities to trust, if not the system's"},
		ofTLS(func(t *driver.TLS) *string { return &t.CA })},
	{encryption, driver.Parameter{Name: "cert", Value: "PATH", Says: "PEM file of a client certificate"},
		ofTLS(func(t *driver.TLS) *string { return &t.Certificate })},
	{encryption, driver.Parameter{Name: "key", Value: "PATH", Says: "PEM file of its key"},
		ofTLS(func(t *driver.TLS) *string { return &t.Key })},
	{encryption, driver.Parameter{Name: "server_name", Value: "NAME", Says: "the name to expect in the broker's certificate, if not the host"},
		ofTLS(func(t *driver.TLS) *string { return &t.ServerName })},
}

// commonParameter is a parameter that is not of one broker alone.
type commonParameter struct {
	of *trait // nil is all brokers
	driver.Parameter
	read func(s *Source, value string) error
}

// trait is what a broker has, by what its driver says, and parameters need.
type trait struct {
	has   func(*driver.Driver) bool
	lacks string // what is wrong with such a parameter of another broker, with a place for that
}

var (
	sasl       = &trait{func(d *driver.Driver) bool { return len(d.Mechanisms) > 0 }, "%s has no SASL mechanisms"}
	login      = &trait{func(d *driver.Driver) bool { return d.NoLogin == "" }, "%s has no passwords of its own"}
	encryption = &trait{func(d *driver.Driver) bool { return schemeOf(d, true).TLS }, "certificates need TLS, which %s does not have"}
)

// of are the products of brokers that have something, or nil where all do.
func (d Drivers) of(some *trait) (products []string) {
	for _, kind := range d {
		if some != nil && some.has(kind) {
			products = append(products, kind.Product)
		}
	}
	if len(products) == len(d) {
		return nil
	}
	return products
}

// Parameter is one that URLs of some brokers have.
type Parameter struct {
	driver.Parameter
	Products []string // of the brokers, or nil where all have it
}

// IsOf reports whether URLs of a broker have it.
func (p *Parameter) IsOf(kind *driver.Driver) bool {
	return p.Products == nil || slices.Contains(p.Products, kind.Product)
}

// Parameters are all that there are: those of all brokers first.
func (d Drivers) Parameters() (all []Parameter) {
	for _, p := range common {
		if p.of == sasl {
			p.Says += ": " + d.mechanisms()
		}
		if p.of == nil || slices.ContainsFunc(d, p.of.has) {
			all = append(all, Parameter{p.Parameter, d.of(p.of)})
		}
	}
	for _, kind := range d {
		for _, p := range kind.Parameters {
			same := slices.IndexFunc(all, func(known Parameter) bool {
				return known.Name == p.Name && known.Says == p.Says && known.Products != nil
			})
			if same >= 0 {
				all[same].Products = append(all[same].Products, kind.Product)
				continue
			}
			all = append(all, Parameter{p, []string{kind.Product}})
			if p.API != nil {
				all = append(all, Parameter{driver.Parameter{Name: p.Name + passwordFile, Value: "PATH", Says: "a file that holds the password of " + p.Name + " alone"}, []string{kind.Product}})
			}
		}
	}
	return all
}

// mechanisms lists the ways to log in, by product.
func (d Drivers) mechanisms() string {
	var lists []string
	for _, kind := range d {
		if len(kind.Mechanisms) > 0 {
			lists = append(lists, oneOf(mechanismNames(kind), " or ")+" ("+kind.Product+")")
		}
	}
	return strings.Join(lists, ", ")
}

// Costs says what a peek does to letters where it is not free, by product where brokers differ.
func (d Drivers) Costs() string {
	var costs, each []string
	for _, kind := range d {
		if !kind.Cost.IsFree() {
			costs = append(costs, kind.Cost.Marked)
			each = append(each, kind.Cost.Marked+" ("+kind.Product+")")
		}
	}
	if costs = slices.Compact(costs); len(costs) == 1 {
		return costs[0]
	}
	return strings.Join(each, ", ")
}

func mechanismNames(kind *driver.Driver) (names []string) {
	for _, m := range kind.Mechanisms {
		names = append(names, m.Name)
	}
	return names
}

// readParameters reads name=value&name=value.
func (d Drivers) readParameters(s *Source, query string) error {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		read, several := s.parameter(name)
		if read == nil {
			return d.noParameter(s.Driver, name)
		}
		if seen[name] && !several {
			return fmt.Errorf("the parameter %s is given twice", name)
		}
		seen[name] = true
		// Only %xx is an escape: a plus sign is itself, for it is common in topic
		// patterns and binding keys.
		value, err := url.PathUnescape(value)
		if err != nil {
			return fmt.Errorf("in the parameter %s, a %% must be followed by two hexadecimal digits; a %% itself is written %%25", name)
		}
		if !utf8.ValidString(value) {
			return fmt.Errorf("the parameter %s is not text in UTF-8; a %% itself is written %%25", name)
		}
		if value == "" {
			return fmt.Errorf("the parameter %s has no value", name)
		}
		if err := read(s, value); err != nil {
			return err
		}
	}
	if s.TLS != nil && (s.TLS.Certificate == "") != (s.TLS.Key == "") {
		return errors.New("a client certificate needs both cert= and key=")
	}
	return s.Registry.Check()
}

// parameter is how one is read, and whether it may be given several times; nil where there is
// none of that name.
func (s *Source) parameter(name string) (read func(s *Source, value string) error, several bool) {
	for _, p := range common {
		if p.Name != name {
			continue
		}
		if p.of != nil && !p.of.has(s.Driver) {
			return func(*Source, string) error { return fmt.Errorf(p.of.lacks, s.Driver.Product) }, false
		}
		return p.read, p.Several
	}
	for _, p := range s.Driver.Parameters {
		switch {
		case p.Name == name && p.API != nil:
			return func(s *Source, value string) error { return s.readAPI(&p, value) }, false
		case p.Name == name:
			return func(s *Source, value string) error { return s.readValue(&p, value) }, p.Several
		case p.API != nil && p.Name+passwordFile == name:
			return func(s *Source, value string) error {
				s.changeAPI(p.Name, func(api *driver.HTTPEndpoint) { api.PasswordFile = value })
				return nil
			}, false
		}
	}
	return nil, false
}

// noParameter says that there is none of a name, which may be a piece of a password: it is
// repeated only if it is one of another broker, or like one that is known.
func (d Drivers) noParameter(kind *driver.Driver, name string) error {
	if word := strings.ToLower(name); strings.HasPrefix(word, "pass") || strings.HasPrefix(word, "secret") || strings.HasPrefix(word, "token") {
		return fmt.Errorf("no parameter holds a password; use password_file=PATH or %s", PasswordVariable)
	}
	var known []string
	for _, p := range d.Parameters() {
		switch {
		case p.IsOf(kind):
			known = append(known, p.Name)
		case p.Name == name:
			return fmt.Errorf("%s is a parameter of %s, not of %s", name, strings.Join(p.Products, " and "), kind.Product)
		}
	}
	if guess := spelling.Nearest(name, known); guess != "" {
		return fmt.Errorf("there is no parameter %q, did you mean %s?", name, guess)
	}
	return fmt.Errorf("there is no such parameter among %s", strings.Join(known, ", "))
}

// readValue keeps a value of one of the driver's parameters.
func (s *Source) readValue(p *driver.Parameter, value string) error {
	if p.Check != nil {
		if err := p.Check(value); err != nil {
			return fmt.Errorf("the parameter %s: %w", p.Name, err)
		}
	}
	s.Add(p.Name, value)
	return nil
}

func readMechanism(s *Source, value string) error {
	value = strings.ToLower(value)
	known := mechanismNames(s.Driver)
	if !slices.Contains(known, value) {
		return fmt.Errorf("the SASL mechanism is none of %s", strings.Join(known, ", "))
	}
	s.Mechanism = value
	return nil
}

// ofTLS reads a parameter that only encrypted connections have.
func ofTLS(field func(*driver.TLS) *string) func(*Source, string) error {
	return func(s *Source, value string) error {
		if s.TLS == nil {
			return fmt.Errorf("certificates need TLS: use %s:// in place of %s://", schemeOf(s.Driver, true).Name, s.scheme().Name)
		}
		*field(s.TLS) = value
		return nil
	}
}
