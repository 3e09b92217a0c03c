package kafka

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"eventscope/adapters/kafka/cluster"
)

// selection is Config.Topics made ready.
type selection struct {
	names    []string // exact names
	patterns []*regexp.Regexp
}

func newSelection(c *Config) (*selection, error) {
	s := &selection{}
	for _, text := range c.Topics {
		expression, isPattern := strings.CutPrefix(text, "~")
		if !isPattern {
			if text == "" {
				return nil, c.usage("an empty topic name", "leave it out to read every topic")
			}
			s.names = append(s.names, text)
			continue
		}
		pattern, err := regexp.Compile("^(?:" + expression + ")$")
		if err != nil {
			return nil, c.usage(fmt.Sprintf("topic expression %q: %v", text, err), "see the syntax of Go's regexp package")
		}
		s.patterns = append(s.patterns, pattern)
	}
	return s, nil
}

// ask are the names to ask the cluster for; nil means that all are needed.
func (s *selection) ask() []string {
	if len(s.patterns) > 0 {
		return nil
	}
	return s.names
}

// wants says whether t is selected.
func (s *selection) wants(t *cluster.Topic) bool {
	if slices.Contains(s.names, t.Name) {
		return true
	}
	if t.Internal {
		return false
	}
	if len(s.names) == 0 && len(s.patterns) == 0 {
		return true
	}
	return slices.ContainsFunc(s.patterns, func(p *regexp.Regexp) bool { return p.MatchString(t.Name) })
}

// chosen returns the selected topics of c by name, and the problems of those that
// cannot be read, one sentence each.
func (s *selection) chosen(config *Config, c *cluster.Catalog) (topics []*cluster.Topic, problems []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Topics)) {
		t := c.Topics[name]
		switch {
		case !s.wants(t):
		case t.Forbidden():
			problems = append(problems, config.access().NotAllowed(name).Error())
		case t.Err != nil:
			if slices.Contains(s.names, name) {
				problems = append(problems, fmt.Sprintf("topic %q: %s; reading goes on when it is there", name, cluster.InWords(t.Err)))
			}
		default:
			topics = append(topics, t)
		}
	}
	if len(topics) == 0 && len(problems) == 0 {
		problems = append(problems, fmt.Sprintf("no topic of the cluster is selected: none matches %s, or user %s may describe none that does", s, config.access().User()))
	}
	return topics, problems
}

// String says what is selected.
func (s *selection) String() string {
	list := slices.Clone(s.names)
	for _, p := range s.patterns {
		list = append(list, "~"+strings.TrimSuffix(strings.TrimPrefix(p.String(), "^(?:"), ")$"))
	}
	if len(list) == 0 {
		return "(any but internal topics)"
	}
	return strings.Join(list, ", ")
}

// verify is what Open demands of a catalog: every exact name is known, and at least
// one topic may be read if any is named.
func (s *selection) verify(config *Config, c *cluster.Catalog) error {
	readable := 0
	var refused error
	for _, name := range s.names {
		t := c.Topics[name]
		switch {
		case t == nil || t.Unknown():
			return config.access().Unknown(name)
		case t.Forbidden():
			refused = config.access().NotAllowed(name)
		default:
			readable++
		}
	}
	if readable == 0 && len(s.patterns) == 0 {
		return refused
	}
	return nil
}
