package registry

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/registry/files"
)

// Config says where a registry is, and who asks it. The password goes to these URLs alone.
type Config struct {
	// URLs are the base URLs of one registry, asked in this order. One without a scheme is
	// http. They hold no password. There may be none where there are files.
	URLs []string
	// Files has schemas of messages that name none, or is nil.
	Files *files.Files
	// Masks say what must not be shown of messages.
	Masks *mask.Rules
	// User and Password log in, if there is a user; else tokens of OAuth do, or Token, if there is
	// one of these.
	User, Password string
	OAuth          *OAuth
	Token          string
	// Cluster and IdentityPool are what Confluent Cloud wants to know beside a token.
	Cluster, IdentityPool string
	// Context is that of the registry, such as ".payments": ids are counted in each. Empty
	// is the default one.
	Context string
	// TLS is how https is spoken, nil for the system's authorities.
	TLS *tls.Config
}

// bases are the URLs as they are asked, and the hosts that they name.
func (c *Config) bases() (bases, hosts []string, err error) {
	for _, given := range c.URLs {
		if !strings.Contains(given, "://") {
			given = "http://" + given
		}
		base, err := url.Parse(given)
		switch {
		case err != nil || base.Host == "" || !slices.Contains([]string{"http", "https"}, base.Scheme):
			return nil, nil, usage("a registry's URL is http://HOST:PORT or https://HOST:PORT")
		case base.User != nil:
			return nil, nil, usage("the URL of the registry at " + base.Host + " holds a user, which has a place of its own")
		}
		bases, hosts = append(bases, strings.TrimSuffix(base.String(), "/")), append(hosts, base.Host)
	}
	if len(bases) == 0 && c.Files == nil && c.Masks == nil {
		return nil, nil, usage("no URL of a registry is given")
	}
	return bases, hosts, nil
}

func usage(text string) error { return fmt.Errorf("%w: %s", adapters.ErrUsage, text) }
