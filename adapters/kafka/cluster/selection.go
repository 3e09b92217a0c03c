package cluster

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Selection is which topics of a cluster are looked at.
type Selection struct {
	Names    []string // exact names
	Patterns []*regexp.Regexp
}

// NewSelection is made of names, and of regular expressions behind a tilde that must match a whole
// name. Usage makes the error of one that is none.
func NewSelection(topics []string, usage func(cause, remedy string) error) (*Selection, error) {
	s := &Selection{}
	for _, text := range topics {
		expression, isPattern := strings.CutPrefix(text, "~")
		if !isPattern {
			if text == "" {
				return nil, usage("an empty topic name", "leave it out to read every topic")
			}
			s.Names = append(s.Names, text)
			continue
		}
		pattern, err := regexp.Compile("^(?:" + expression + ")$")
		if err != nil {
			return nil, usage(fmt.Sprintf("topic expression %q: %v", text, err), "see the syntax of Go's regexp package")
		}
		s.Patterns = append(s.Patterns, pattern)
	}
	return s, nil
}

// Ask are the names to ask the cluster for; nil means that all are needed.
func (s *Selection) Ask() []string {
	if len(s.Patterns) > 0 {
		return nil
	}
	return s.Names
}

// Wants says whether t is selected.
func (s *Selection) Wants(t *Topic) bool {
	if slices.Contains(s.Names, t.Name) {
		return true
	}
	if t.Internal {
		return false
	}
	if len(s.Names) == 0 && len(s.Patterns) == 0 {
		return true
	}
	return slices.ContainsFunc(s.Patterns, func(p *regexp.Regexp) bool { return p.MatchString(t.Name) })
}

// Chosen returns the selected topics of c by name, and the problems of those that
// cannot be read, one sentence each.
func (s *Selection) Chosen(access *Access, c *Catalog) (topics []*Topic, problems []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Topics)) {
		t := c.Topics[name]
		switch {
		case !s.Wants(t):
		case t.Forbidden():
			problems = append(problems, access.NotAllowed(name).Error())
		case t.Err != nil:
			if slices.Contains(s.Names, name) {
				problems = append(problems, fmt.Sprintf("topic %q: %s; reading goes on when it is there", name, InWords(t.Err)))
			}
		default:
			topics = append(topics, t)
		}
	}
	if len(topics) == 0 && len(problems) == 0 {
		problems = append(problems, fmt.Sprintf("no topic of the cluster is selected: none matches %s, or user %s may describe none that does", s, access.User()))
	}
	return topics, problems
}

// String says what is selected.
func (s *Selection) String() string {
	list := slices.Clone(s.Names)
	for _, p := range s.Patterns {
		list = append(list, "~"+strings.TrimSuffix(strings.TrimPrefix(p.String(), "^(?:"), ")$"))
	}
	if len(list) == 0 {
		return "(any but internal topics)"
	}
	return strings.Join(list, ", ")
}

// Verify is what Open demands of a catalog: every exact name is known, and at least
// one topic may be read if any is named.
func (s *Selection) Verify(access *Access, c *Catalog) error {
	readable := 0
	var refused error
	for _, name := range s.Names {
		t := c.Topics[name]
		switch {
		case t == nil || t.Unknown():
			return access.Unknown(name)
		case t.Forbidden():
			refused = access.NotAllowed(name)
		default:
			readable++
		}
	}
	if readable == 0 && len(s.Patterns) == 0 {
		return refused
	}
	return nil
}

// Narrowed reports whether not every topic is selected.
func (s *Selection) Narrowed() bool { return len(s.Names)+len(s.Patterns) > 0 }
