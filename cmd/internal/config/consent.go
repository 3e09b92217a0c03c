package config

import (
	"fmt"

	"eventscope/adapters"
	"eventscope/cmd/internal/exit"
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
