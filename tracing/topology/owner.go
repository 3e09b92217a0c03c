package topology

import (
	"slices"
	"strings"
	"unicode"
)

// Why a consumer is taken for that of a service.
const (
	byConfig   = "by config"
	byName     = "by name"
	byReaction = "by name and by what it reacts to"
)

// plainWords are what names of services and groups have beside the name itself.
var plainWords = []string{"service", "services", "svc", "group", "groups", "consumer", "consumers", "worker", "workers", "app", "cg", "listener", "processor", "queue"}

// nameWords splits a name such as payment-service.v2 or PaymentService into words, in lower
// case, without the plain ones unless there is no other.
func nameWords(name string) []string {
	var spaced strings.Builder
	before := ' '
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = ' '
		case unicode.IsUpper(r) && unicode.IsLower(before):
			spaced.WriteRune(' ')
		}
		spaced.WriteRune(unicode.ToLower(r))
		before = r
	}
	all := strings.Fields(spaced.String())
	telling := slices.DeleteFunc(slices.Clone(all), func(word string) bool { return slices.Contains(plainWords, word) })
	if len(telling) == 0 {
		return all
	}
	return telling
}

// service is one that a consumer may be of.
type service struct {
	name  string
	words []string
}

// owners finds the service of a consumer.
type owners struct {
	said     map[string]string // group to service
	services []service
}

func newOwners(said map[string][]string, names []string) *owners {
	o := &owners{said: map[string]string{}}
	for name, groups := range said {
		for _, group := range groups {
			o.said[group] = name
		}
	}
	for _, name := range names {
		o.services = append(o.services, service{name, nameWords(name)})
	}
	return o
}

// named is a service whose name is in that of a consumer, from one word to another.
type named struct {
	service  string
	from, to int
}

// of is the service that a consumer is of, and why; empty when that is not known. Reacts
// says that a service was seen to react to what the consumer reads. A name within a longer
// one does not count: payment-gateway-events is not of payment.
func (o *owners) of(group string, reacts func(service string) bool) (name, by string) {
	if name, ok := o.said[group]; ok {
		return name, byConfig
	}
	words := nameWords(group)
	var all []named
	for _, s := range o.services {
		for from := 0; len(s.words) > 0 && from+len(s.words) <= len(words); from++ {
			if to := from + len(s.words); slices.Equal(s.words, words[from:to]) {
				all = append(all, named{s.name, from, to})
			}
		}
	}
	for _, n := range all {
		within := func(m named) bool { return m.from <= n.from && n.to <= m.to && m.to-m.from > n.to-n.from }
		switch exact := n.to-n.from == len(words); {
		case slices.ContainsFunc(all, within), !exact && !reacts(n.service), n.service == name:
		case name != "":
			return "", "" // either of the two
		case exact:
			name, by = n.service, byName
		default:
			name, by = n.service, byReaction
		}
	}
	return name, by
}
