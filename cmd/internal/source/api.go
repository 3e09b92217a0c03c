package source

import (
	"fmt"
	"maps"
	"net"
	"strings"

	"eventscope/adapters/driver"
)

// changeAPI changes what is known of an HTTP API.
func (s *Source) changeAPI(parameter string, change func(*driver.HTTPEndpoint)) {
	if s.APIs = maps.Clone(s.APIs); s.APIs == nil { // a copy, for sources may share it
		s.APIs = map[string]driver.HTTPEndpoint{}
	}
	api := s.APIs[parameter]
	change(&api)
	s.APIs[parameter] = api
}

// readAPI reads the address of an HTTP API, which may hold a user and a password.
func (s *Source) readAPI(p *driver.Parameter, value string) error {
	scheme, rest, found := strings.Cut(value, "://")
	if !found || (scheme != "http" && scheme != "https") {
		return fmt.Errorf("%s is an http or https URL, as in %s=%s", p.Name, p.Name, p.Value)
	}
	authority, path := cutAuthority(rest)
	var login driver.Login
	hosts := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		var err error
		if login, err = readUser(authority[:at]); err != nil {
			return fmt.Errorf("in the %s URL: %w", p.Name, err)
		}
		hosts = authority[at+1:]
	}
	port := p.API.Port
	if scheme == "https" {
		port = p.API.TLSPort
	}
	address, err := hostPort(hosts, port)
	if err != nil {
		return fmt.Errorf("in the %s URL: %w", p.Name, err)
	}
	if strings.ContainsAny(path, "?@=") {
		return fmt.Errorf("in the %s URL, nothing may follow the host but a path without ?, @ and =", p.Name)
	}
	s.changeAPI(p.Name, func(api *driver.HTTPEndpoint) {
		login.PasswordFile = api.PasswordFile
		api.Login, api.URL = login, scheme+"://"+address+strings.TrimSuffix(strings.TrimRight(path, "/"), p.API.Suffix)
	})
	return nil
}

// shownAPI is an HTTP API without its password, for people.
func shownAPI(api driver.HTTPEndpoint) string {
	if api.User == "" {
		return api.URL
	}
	scheme, rest, _ := strings.Cut(api.URL, "://")
	user := escapeUser(api.User)
	if api.Password != "" {
		user += ":" + hidden
	}
	return scheme + "://" + user + "@" + rest
}

// addressOf is the host:port of an HTTP API, or "".
func addressOf(api driver.HTTPEndpoint) string {
	_, rest, _ := strings.Cut(api.URL, "://")
	address, _ := cutAuthority(rest)
	return address
}

// elsewhere reports whether an HTTP API is on a host of its own.
func (s *Source) elsewhere(api driver.HTTPEndpoint) bool {
	address := addressOf(api)
	if address == "" {
		return false
	}
	host, _, _ := net.SplitHostPort(address)
	broker, _, _ := net.SplitHostPort(s.Hosts[0])
	return !strings.EqualFold(host, broker) && (notLoopback(address) || notLoopback(s.Hosts[0]))
}
