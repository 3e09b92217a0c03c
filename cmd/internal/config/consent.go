package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/source"
	"eventscope/replay"
)

// Consent is what --write says: that writes are allowed, and in which context if it names one.
type Consent struct {
	Given   bool
	Context string // "" where none is named
}

// Set reads the flag, which has a value only where a context is named.
func (c *Consent) Set(value string) error {
	switch value {
	case "true":
		*c = Consent{Given: true}
	case "false", "":
		*c = Consent{}
	default:
		*c = Consent{Given: true, Context: value}
	}
	return nil
}

// String is the value of the flag.
func (c *Consent) String() string {
	if c.Context != "" {
		return c.Context
	}
	return fmt.Sprint(c.Given)
}

// Type makes the flag one that needs no value.
func (c *Consent) Type() string { return "bool" }

// In is what remains of a consent in another context that a person switches to: that of all contexts,
// or of the one whose name was typed.
func (c *Consent) In(name string, typed bool) Consent {
	switch {
	case !c.Given:
		return Consent{}
	case typed:
		return Consent{Given: true, Context: name}
	case c.Context != "" && c.Context != name:
		return Consent{}
	}
	return *c
}

// Guarding is the context in which the config marks a broker as production or read_only, or "" where
// none does. A broker is known by any of its hosts.
func (f *File) Guarding(broker *source.Source, getenv func(string) string) string {
	for _, name := range slices.Sorted(maps.Keys(f.Contexts)) {
		c := f.Contexts[name]
		if !c.Production && !c.ReadOnly {
			continue
		}
		for _, s := range c.Sources {
			text, err := expand(s.URL.Value, getenv, asIs)
			if err != nil { // whatever it is, nobody can have named it
				continue
			}
			known, err := f.drivers.Parse(text)
			if err == nil && known.Driver == broker.Driver && mayBeOne(known.Hosts, broker.Hosts) {
				return name
			}
		}
	}
	return ""
}

// mayBeOne says that hosts may be of one broker: they share one, or some name none, which then can be
// any.
func mayBeOne(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(host string) bool {
		return slices.ContainsFunc(b, func(other string) bool { return strings.EqualFold(host, other) })
	})
}

// Guard refuses writes to brokers that URLs name, where the config marks them as production or
// read_only in a context other than the one whose name was given.
func (c *Consent) Guard(f *File, brokers []source.Source, getenv func(string) string) error {
	if !c.Given {
		return nil
	}
	for i := range brokers {
		name := f.Guarding(&brokers[i], getenv)
		if name == "" || name == c.Context && !f.Contexts[name].ReadOnly {
			continue
		}
		p := &adapters.Problem{
			Doing: "write to " + brokers[i].Cluster(), Cause: "the config marks it as production, in the context " + name,
			Remedy: fmt.Sprintf("name that: --context %s --write=%s", name, name), Kind: replay.ErrRefused,
		}
		if f.Contexts[name].ReadOnly {
			p.Cause, p.Remedy, p.Kind = "the config marks it read_only, in the context "+name, "leave out --write", adapters.ErrReadOnly
		}
		return p
	}
	return nil
}

// Grant says whether writes are allowed in a context: in one of production only where its name
// was typed. What the config marks read_only is refused.
func (c *Consent) Grant(name string, used Context) (readOnly bool, err error) {
	switch {
	case c.Given && used.ReadOnly:
		return true, &adapters.Problem{
			Doing: "write to the context " + name, Cause: "the config marks it read_only, which no flag overrides",
			Remedy: "leave out --write", Kind: adapters.ErrReadOnly,
		}
	case c.Context != "" && c.Context != name:
		return true, exit.Usage("--write=%s allows writes in the context %s, and the one in use is %s", c.Context, c.Context, name)
	}
	return !c.Given || used.Production && c.Context != name, nil
}
