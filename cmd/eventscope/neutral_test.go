package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// brokerName is a broker's name, however it is written.
var brokerName = regexp.MustCompile(`(?i)kafka|rabbit|amqp|\bsqs|\bsns|\baws\b|amazon|azure|service ?bus`)

// naming are the files that have to name brokers: the list of them, command lines as examples,
// and the demonstration, which runs on two.
var naming = []string{"cmd/eventscope/brokers.go", "cmd/internal/help/examples.go", "cmd/eventscope/demo.go", "cmd/internal/demo/*.go", "cmd/internal/embedded/*.go"}

// TestNobodyElseNamesABroker: outside its folder, and what reads the conventions of frameworks,
// no code names a broker. What differs is asked of the contract.
func TestNobodyElseNamesABroker(t *testing.T) {
	for _, pattern := range []string{"cmd/*/*.go", "cmd/*/*/*.go", "tui/*.go", "tui/*/*.go", "tracing/*.go", "tracing/*/*.go", "replay/*.go", "adapters/*.go", "adapters/consumer/*.go", "adapters/deadletter/*.go", "adapters/driver/*.go"} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			short := strings.TrimPrefix(filepath.ToSlash(file), "../../")
			exempt := func(pattern string) bool { ok, _ := filepath.Match(pattern, short); return ok }
			if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(short, "tui/tuitest/") || slices.ContainsFunc(naming, exempt) {
				continue
			}
			for _, found := range brokersNamedIn(t, file) {
				t.Errorf("%s: %s", short, found)
			}
		}
	}
}

// brokersNamedIn are identifiers and texts of a file that name a broker; comments may.
func brokersNamedIn(t *testing.T, file string) (found []string) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.Ident:
			if brokerName.MatchString(n.Name) {
				found = append(found, n.Name)
			}
		case *ast.BasicLit:
			if brokerName.MatchString(n.Value) {
				found = append(found, n.Value)
			}
		}
		return true
	})
	return found
}
