package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fileName is a file as a map of files names it; * stands for several.
var fileName = regexp.MustCompile(`[a-z0-9_*]+\.go`)

// TestEveryFileIsOnItsMap: the map of files in each package's doc.go has every file of the
// folder, tests aside, and no other; and each package has a doc.go.
func TestEveryFileIsOnItsMap(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, entry os.DirEntry, err error) error {
		if files, _ := filepath.Glob(filepath.Join(path, "*.go")); err == nil && entry.IsDir() && len(files) > 0 && !slices.Contains(files, filepath.Join(path, "doc.go")) {
			t.Errorf("%s has no doc.go", path)
		}
		if err != nil || entry.Name() != "doc.go" {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			return err
		}
		folder := filepath.Dir(path)
		_, text, found := strings.Cut(parsed.Doc.Text(), "# Files\n")
		if text, _, _ = strings.Cut(text, "\n# "); !found {
			t.Errorf("%s has no map of files", path)
			return nil
		}
		checkMap(t, folder, fileName.FindAllString(text, -1))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkMap(t *testing.T, folder string, named []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	matches := func(pattern, name string) bool {
		ok, err := filepath.Match(pattern, name)
		return err == nil && ok
	}
	var there []string
	for _, file := range files {
		name := filepath.Base(file)
		if name == "doc.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		there = append(there, name)
		if !slices.ContainsFunc(named, func(pattern string) bool { return matches(pattern, name) }) {
			t.Errorf("%s is not on the map of %s", name, folder)
		}
	}
	for _, pattern := range named {
		if !strings.HasSuffix(pattern, "_test.go") && !slices.ContainsFunc(there, func(name string) bool { return matches(pattern, name) }) {
			t.Errorf("the map of %s has %s, which is not there", folder, pattern)
		}
	}
}
