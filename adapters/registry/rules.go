package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"eventscope/adapters/schemas"
)

// Types of rules that encrypt (Confluent's data contracts): members with a tag, and all that
// follows the frame.
const (
	encryptsMembers = "ENCRYPT"
	encryptsAll     = "ENCRYPT_PAYLOAD"
	keyName         = "encrypt.kek.name"
)

// heard is what an answer said, for the parts that the client does not know: rules of encoding.
type heard struct{ bytes.Buffer }

type heardKey struct{}

// listening is a context in which the latest answer is heard.
func listening(ctx context.Context) (context.Context, *heard) {
	h := &heard{}
	return context.WithValue(ctx, heardKey{}, h), h
}

// rule is one that a registry has with a schema.
type rule struct {
	Name     string
	Type     string
	Tags     []string
	Params   map[string]string
	Disabled bool
}

// note notes in a schema what its rules say of encryption, and the tags beside it. No key is fetched.
func (h *heard) note(s *schemas.Schema) {
	var answer struct {
		RuleSet struct{ MigrationRules, DomainRules, EncodingRules []rule }
	}
	s.Tags = append(s.Tags, h.tags()...)
	if json.Unmarshal(h.Bytes(), &answer) != nil {
		return // an API that has no rules
	}
	set := &answer.RuleSet
	for _, rules := range [][]rule{set.MigrationRules, set.DomainRules, set.EncodingRules} {
		for _, r := range rules {
			if r.Disabled {
				continue
			}
			s.Rules = append(s.Rules, r.Name)
			switch r.Type {
			case encryptsAll:
				s.Encrypted = true
			case encryptsMembers:
				s.Encrypts = append(s.Encrypts, schemas.Encryption{Tags: r.Tags, Key: r.Params[keyName]})
			}
		}
	}
}

// tags are those that stand beside the schema, by paths of members.
func (h *heard) tags() (all []string) {
	var answer struct {
		Metadata struct{ Tags map[string][]string }
	}
	if json.Unmarshal(h.Bytes(), &answer) != nil {
		return nil // an API that has none
	}
	for _, tags := range answer.Metadata.Tags {
		all = append(all, tags...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
