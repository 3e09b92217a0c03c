package envelope

import (
	"fmt"
	"regexp"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/envelope/dialect"
	"eventscope/adapters/pattern"
)

// Mapping pins where the messages of some destinations carry a fact, for producers
// that follow no convention. Each field is empty, or one of "header NAME" (exactly as it
// is spelled), "property NAME" (correlation-id, message-id, type, app-id, reply-to,
// user-id, content-type, exchange, routing-key), "key", or a JSON pointer into the body
// (RFC 6901): "/payload/order/id". What a mapping finds is believed before anything
// else; where it finds nothing, the message is read as if there were no mapping.
type Mapping struct {
	// Destination is a destination's name, a pattern with * and ?, or ~ and a
	// regular expression. Where several mappings fit, the first that says something
	// of a fact counts for it.
	Destination string

	Flow, Cause, ID, Type, Version, Service, Entity, Time string
}

// Rules are compiled mappings. A nil *Rules has none.
type Rules struct{ rules []rule }

// rule is one compiled mapping, or several merged for one destination.
type rule struct {
	destination *regexp.Regexp
	sources     [dialect.RoleCount]*location
}

// location is where a mapping finds a fact.
type location struct {
	from    []byte // the rule in words, for evidence
	kind    locationKind
	name    string
	pointer []string
}

type locationKind uint8

const (
	inHeader locationKind = iota
	inProperty
	inKey
	inBody
)

// Compile compiles mappings; an error names the mapping and what is wrong with it, and
// wraps [adapters.ErrUsage].
func Compile(mappings []Mapping) (*Rules, error) {
	rules := &Rules{}
	for i, m := range mappings {
		bad := func(field string, err error) error {
			return fmt.Errorf("%w: mapping %d (%q): %s: %w", adapters.ErrUsage, i+1, m.Destination, field, err)
		}
		destination, err := pattern.Compile(m.Destination)
		if err != nil {
			return nil, bad("destination", err)
		}
		r := rule{destination: destination}
		for _, field := range []struct {
			name, text string
			role       dialect.Role
		}{
			{"flow", m.Flow, dialect.Flow}, {"cause", m.Cause, dialect.Cause}, {"id", m.ID, dialect.OwnID}, {"type", m.Type, dialect.EventType},
			{"version", m.Version, dialect.Version}, {"service", m.Service, dialect.Service}, {"entity", m.Entity, dialect.Entity}, {"time", m.Time, dialect.Occurred},
		} {
			if field.text == "" {
				continue
			}
			where, err := compileLocation(field.text)
			if err != nil {
				return nil, bad(field.name, err)
			}
			where.from = []byte(m.Destination + ": " + field.text)
			r.sources[field.role] = where
		}
		rules.rules = append(rules.rules, r)
	}
	return rules, nil
}

func compileLocation(text string) (*location, error) {
	kind, name, _ := strings.Cut(text, " ")
	name = strings.TrimSpace(name)
	switch {
	case text == "key":
		return &location{kind: inKey}, nil
	case strings.HasPrefix(text, "/"):
		pointer, err := compilePointer(text)
		return &location{kind: inBody, pointer: pointer}, err
	case kind == "header" && name != "":
		return &location{kind: inHeader, name: name}, nil
	case kind == "property" && isProperty(name):
		return &location{kind: inProperty, name: name}, nil
	case kind == "property":
		return nil, fmt.Errorf("%q is not a property; there are %s", name, strings.Join(propertyNames, ", "))
	}
	return nil, fmt.Errorf("%q is not a place; write header NAME, property NAME, key, or a JSON pointer such as /payload/order/id", text)
}

var propertyNames = []string{"correlation-id", "message-id", "type", "app-id", "reply-to", "user-id", "content-type", "exchange", "routing-key"}

func isProperty(name string) bool {
	for _, known := range propertyNames {
		if name == known {
			return true
		}
	}
	return false
}

// compilePointer splits a JSON pointer into its reference tokens (RFC 6901, section 4).
func compilePointer(text string) ([]string, error) {
	tokens := strings.Split(text[1:], "/")
	for i, token := range tokens {
		for rest := token; ; {
			tilde := strings.IndexByte(rest, '~')
			if tilde < 0 {
				break
			}
			if tilde+1 == len(rest) || (rest[tilde+1] != '0' && rest[tilde+1] != '1') {
				return nil, fmt.Errorf("%q is not a JSON pointer: ~ must be written ~0 and / in a name ~1", text)
			}
			rest = rest[tilde+2:]
		}
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	return tokens, nil
}

// forDestination merges the rules that fit a destination, or nil.
func (r *Rules) forDestination(name string) *rule {
	var merged *rule
	for i := range r.rules {
		if !r.rules[i].destination.MatchString(name) {
			continue
		}
		if merged == nil {
			merged = &rule{}
		}
		for role, where := range r.rules[i].sources {
			if merged.sources[role] == nil {
				merged.sources[role] = where
			}
		}
	}
	return merged
}
