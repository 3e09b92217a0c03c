package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// release is as much of the release's description as can go wrong without anybody noticing
// before there is one.
type release struct {
	Version int
	Before  struct{ Hooks []string }
	Builds  []struct {
		Main, Binary         string
		Env, Ldflags, Flags  []string
		Goos, Goarch, Ignore []string
	}
	Archives []struct {
		Formats         []string
		FormatOverrides []struct {
			Goos    string
			Formats []string
		} `yaml:"format_overrides"`
		Files []yaml.Node
	}
	Checksum struct{ Algorithm string }
	Sboms    []struct{ Artifacts string }
}

// TestAReleaseHasWhatItPromises: every system and processor, completions and manual page, a
// checksum and a list of what is inside, from files that are there.
func TestAReleaseHasWhatItPromises(t *testing.T) {
	text, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var r release
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&r); err != nil {
		t.Fatal(err)
	}
	if r.Version != 2 || len(r.Builds) != 1 || len(r.Archives) != 1 || len(r.Sboms) != 1 || r.Sboms[0].Artifacts != "archive" || r.Checksum.Algorithm != "sha256" {
		t.Fatalf("%+v", r)
	}
	build := &r.Builds[0]
	slices.Sort(build.Goos)
	slices.Sort(build.Goarch)
	if !slices.Equal(build.Goos, []string{"darwin", "linux", "windows"}) || !slices.Equal(build.Goarch, []string{"amd64", "arm64"}) || len(build.Ignore) > 0 {
		t.Errorf("it is built for %v on %v, without %v", build.Goos, build.Goarch, build.Ignore)
	}
	if !slices.Contains(build.Env, "CGO_ENABLED=0") || !strings.Contains(strings.Join(build.Ldflags, " "), "-X main.released=") {
		t.Errorf("%+v", build)
	}
	if at, err := filepath.Abs(filepath.Join("../..", build.Main)); err != nil || at != folder(t) {
		t.Errorf("it builds %s, %v", build.Main, err)
	}
	for _, hook := range r.Before.Hooks {
		script, _, _ := strings.Cut(hook, " ")
		if info, err := os.Stat(filepath.Join("../..", script)); err != nil || info.Mode()&0o100 == 0 {
			t.Errorf("%s cannot be run: %v", script, err)
		}
	}
	for _, node := range r.Archives[0].Files {
		if node.Kind != yaml.ScalarNode { // made by a hook
			continue
		}
		if found, err := filepath.Glob(filepath.Join("../..", node.Value)); err != nil || len(found) == 0 {
			t.Errorf("the archive has no %s: %v", node.Value, err)
		}
	}
	for _, made := range []string{".release/completions/*", ".release/man/*"} {
		if !strings.Contains(string(text), "src: "+made) {
			t.Errorf("the archive has no %s", made)
		}
	}
}

func folder(t *testing.T) string {
	t.Helper()
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return at
}
