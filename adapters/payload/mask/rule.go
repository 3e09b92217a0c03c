package mask

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"eventscope/adapters/pattern"
)

// Rule says what is masked of some destinations.
type Rule struct {
	// Destination is a name, or a pattern as in mappings.
	Destination string
	// Paths are JSON pointers into values, in which * is any member or element, and ** any
	// number of them: /payload/card/number, /**/email.
	Paths []string
	// Headers are names, in whatever case; those of AMQP properties too (correlation-id).
	Headers []string
	// Tags are those of schemas (confluent:tags): members that have one are masked.
	Tags []string
	// Key says that keys are masked.
	Key bool
}

// Rules are compiled rules. A nil *Rules has none.
type Rules struct {
	list  pattern.List[*Rule]
	known pattern.Memory[*Mask]
}

// Compile compiles rules. An error names the one that is wrong.
func Compile(rules []Rule) (*Rules, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	made := &Rules{}
	for i := range rules {
		r := &rules[i]
		err := made.list.Add(r.Destination, r)
		for _, path := range r.Paths {
			if !strings.HasPrefix(path, "/") {
				err = errors.Join(err, fmt.Errorf("the path %q does not begin with /, as in /payload/card or /**/email", path))
			}
		}
		if len(r.Paths)+len(r.Headers)+len(r.Tags) == 0 && !r.Key {
			err = errors.Join(err, errors.New("it masks nothing: give it paths, headers, tags or key"))
		}
		if err != nil {
			return nil, fmt.Errorf("mask %d (%q): %w", i+1, r.Destination, err)
		}
	}
	return made, nil
}

// Of is what is masked of a destination, or nil.
func (r *Rules) Of(destination string) *Mask {
	if r == nil {
		return nil
	}
	if known, ok := r.known.Get(destination); ok {
		return known
	}
	return r.known.Put(destination, merge(r.list.All(destination)))
}

// merge makes one mask of all rules that fit.
func merge(rules []*Rule) *Mask {
	if len(rules) == 0 {
		return nil
	}
	m := &Mask{}
	for _, r := range rules {
		for _, path := range r.Paths {
			m.paths = append(m.paths, segments(path))
		}
		for _, header := range r.Headers {
			m.headers = append(m.headers, strings.ToLower(header))
		}
		m.tags, m.Key = append(m.tags, r.Tags...), m.Key || r.Key
	}
	m.headers, m.tags = slices.Compact(m.headers), slices.Compact(m.tags)
	return m
}

// segments are the parts of a JSON pointer (RFC 6901). Several ** in a row mean no more than one.
func segments(path string) (parts []string) {
	for part := range strings.SplitSeq(path[1:], "/") {
		if part == "**" && len(parts) > 0 && parts[len(parts)-1] == part {
			continue
		}
		parts = append(parts, strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
	}
	return parts
}
