package main

import (
	"os"
	"path/filepath"
	"testing"

	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/console"
)

// What was wanted at the start holds in the next context as far as that allows it, and what cannot
// be read leaves everything as it is.
func TestWhatHoldsInAnotherContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	contexts := "contexts:\n  dev: {sources: [{url: kafka://h/a}]}\n  locked: {read_only: true, sources: [{url: kafka://h/b}]}\n" +
		"  prod: {production: true, sources: [{url: kafka://h/c}]}\n  broken: {sources: [{url: kafka://h/d, password: '${env:NOT_THERE}'}]}\n"
	if err := os.WriteFile(path, []byte(contexts), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name            string
		wanted, granted bool
		writes          bool
	}{
		{"dev", true, true, true}, {"dev", false, true, false}, {"locked", true, true, false}, {"prod", true, true, true}, {"prod", true, false, false}, {"prod", false, true, false},
	} {
		p := &program{Console: console.New(nil, nil, nil), getenv: func(string) string { return "" }, brokers: brokers}
		p.flags.config, p.flags.write.Given = path, c.wanted
		file, err := config.Load(path, p.getenv, brokers)
		if err != nil {
			t.Fatal(err)
		}
		v := &view{settings: &settings{file: file}}
		if err := v.switchTo(p, c.name, c.granted); err != nil || v.next.settings.readOnly == c.writes || v.next.title != c.name {
			t.Errorf("%+v: %v, %+v", c, err, v.next)
		}
		v.next = nil
		if err := v.switchTo(p, "broken", true); err == nil || v.next != nil {
			t.Errorf("a context without its password is opened: %v", err)
		}
		if p.flags.context != "" || p.flags.write.Context != "" {
			t.Error("the flags of the program were changed")
		}
	}
}
