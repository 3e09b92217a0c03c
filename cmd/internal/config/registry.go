package config

import "eventscope/cmd/internal/source"

// texts are all that may hold references.
func (r *Registry) texts() []Text {
	return []Text{r.URL, r.User, r.Password, r.Token, r.OAuth.URL, r.OAuth.Client, r.OAuth.Secret, r.OAuth.Scope, r.Cluster, r.IdentityPool, r.Context, r.CA, r.Certificate, r.Key}
}

// complete adds what the file says to what a URL says; with an error it says which text is at
// fault.
func (r *Registry) complete(registry *source.Registry, getenv func(string) string) (at Text, err error) {
	url := ""
	for _, part := range []struct {
		text Text
		into *string
	}{
		{r.URL, &url}, {r.User, &registry.User}, {r.Password, &registry.Password}, {r.Token, &registry.Token}, {r.Context, &registry.Context},
		{r.OAuth.URL, &registry.OAuth.URL}, {r.OAuth.Client, &registry.OAuth.Client}, {r.OAuth.Secret, &registry.OAuth.Secret}, {r.OAuth.Scope, &registry.OAuth.Scope},
		{r.Cluster, &registry.Cluster}, {r.IdentityPool, &registry.IdentityPool},
		{r.CA, &registry.TLS.CA}, {r.Certificate, &registry.TLS.Certificate}, {r.Key, &registry.TLS.Key},
	} {
		if part.text.Value == "" {
			continue
		}
		if *part.into, err = expand(part.text.Value, getenv, asIs); err != nil {
			return part.text, err
		}
		at = part.text
	}
	if url != "" {
		if err := registry.Name(url); err != nil {
			return r.URL, err
		}
	}
	if r.Password.Value != "" || registry.Password != "" {
		registry.PasswordFrom = "config"
	}
	return at, registry.Check()
}
