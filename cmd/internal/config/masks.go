package config

import "eventscope/adapters/payload/mask"

// Mask is a [mask.Rule] as the file spells it.
type Mask struct {
	Destination string   `yaml:"destination"`
	Paths       []string `yaml:"paths"`
	Headers     []string `yaml:"headers"`
	Tags        []string `yaml:"tags"`
	Key         bool     `yaml:"key"`
}

// MaskRules are the masks, compiled; nil where there are none.
func (f *File) MaskRules() (*mask.Rules, error) {
	var rules []mask.Rule
	for _, m := range f.Masks {
		rules = append(rules, mask.Rule(m))
	}
	return mask.Compile(rules)
}

// checkMasks finds a mask that masks nothing.
func (f *File) checkMasks() []string {
	if _, err := f.MaskRules(); err != nil {
		return []string{" " + err.Error()}
	}
	return nil
}
