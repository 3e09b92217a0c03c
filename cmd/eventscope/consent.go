package main

import (
	"fmt"

	"eventscope/adapters"
	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/exit"
	"eventscope/replay"
)

// consent is what --write says: that writes are allowed, and in which context if it names one.
type consent struct {
	given   bool
	context string
}

// Set reads the flag, which has a value only where a context is named.
func (c *consent) Set(value string) error {
	switch value {
	case "true":
		*c = consent{given: true}
	case "false", "":
		*c = consent{}
	default:
		*c = consent{given: true, context: value}
	}
	return nil
}

// String is the value of the flag.
func (c *consent) String() string {
	if c.context != "" {
		return c.context
	}
	return fmt.Sprint(c.given)
}

// Type makes the flag one that needs no value.
func (c *consent) Type() string { return "bool" }

// grant says whether writes are allowed in a context: in one of production only where its name
// was typed. What the config marks read_only is refused.
func (c *consent) grant(name string, used config.Context) (readOnly bool, err error) {
	switch {
	case c.given && used.ReadOnly:
		return true, &adapters.Problem{
			Doing: "write to the context " + name, Cause: "the config marks it read_only, which no flag overrides",
			Remedy: "leave out --write", Kind: adapters.ErrReadOnly,
		}
	case c.context != "" && c.context != name:
		return true, exit.Usage("--write=%s allows writes in the context %s, and the one in use is %s", c.context, c.context, name)
	}
	return !c.given || used.Production && c.context != name, nil
}

// unconfirmed is the refusal of a command that was to write where the name of the context has to
// be typed first; nil where nothing is missing.
func (s *settings) unconfirmed(c *consent) error {
	if !c.given || !s.readOnly || s.context == "" {
		return nil
	}
	return &adapters.Problem{
		Doing: "write to the context " + s.context, Cause: "the config marks it as production",
		Remedy: "write its name too: --write=" + s.context, Kind: replay.ErrRefused,
	}
}
