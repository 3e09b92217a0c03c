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
	anywhere, prod := config.Consent{Given: true}, config.Consent{Given: true, Context: "prod"}
	for _, c := range []struct {
		name   string
		wanted config.Consent
		typed  bool
		writes bool
	}{
		{"dev", anywhere, false, true}, {"dev", config.Consent{}, false, false}, {"dev", prod, false, false}, {"dev", prod, true, true},
		{"locked", anywhere, false, false}, {"locked", anywhere, true, false}, {"locked", prod, false, false},
		{"prod", anywhere, true, true}, {"prod", anywhere, false, false}, {"prod", config.Consent{}, true, false}, {"prod", prod, false, true},
	} {
		p := &program{Console: console.New(nil, nil, nil), getenv: func(string) string { return "" }, brokers: brokers}
		p.flags.config, p.flags.write = path, c.wanted
		file, err := config.Load(path, p.getenv, brokers)
		if err != nil {
			t.Fatal(err)
		}
		v := &view{settings: &settings{file: file}}
		accept, err := v.switchTo(p, c.name, c.typed)
		if err != nil || v.next != nil {
			t.Fatalf("%+v: %v, and before it is accepted %+v", c, err, v.next)
		}
		if accept(); v.next.settings.readOnly == c.writes || v.next.title != c.name {
			t.Errorf("%+v: %+v", c, v.next.settings)
		}
		if _, err := v.switchTo(p, "broken", true); err == nil {
			t.Error("a context without its password is opened")
		}
		if p.flags.context != "" || p.flags.write != c.wanted {
			t.Error("the flags of the program were changed")
		}
	}
}

// What the config marks as production while a screen is open asks for its name from then on.
func TestAContextThatBecomesProduction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write := func(staging string) {
		if err := os.WriteFile(path, []byte("contexts:\n  dev: {sources: [{url: kafka://h/a}]}\n  staging: {"+staging+"sources: [{url: kafka://h/b}]}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	p := &program{Console: console.New(nil, nil, nil), getenv: func(string) string { return "" }, brokers: brokers}
	p.flags.config, p.flags.write = path, config.Consent{Given: true}
	file, err := config.Load(path, p.getenv, brokers)
	if err != nil {
		t.Fatal(err)
	}
	v := &view{settings: &settings{file: file}}
	write("production: true, ")
	accept, err := v.switchTo(p, "staging", false)
	if err != nil {
		t.Fatal(err)
	}
	if accept(); !v.next.settings.readOnly {
		t.Error("writes are allowed in production without its name")
	}
}
