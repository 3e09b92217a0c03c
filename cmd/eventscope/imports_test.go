package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "eventscope"

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// levels orders the rooms: a package imports only from its own or lower ones. A room
// that is not named belongs to the longest name it begins with.
var levels = map[string]int{
	"adapters":             0,
	"adapters/envelope":    1,
	"adapters/payload":     1,
	"adapters/adaptertest": 2,
	"adapters/kafka":       3,
	"adapters/rabbitmq":    3,
	"tracing":              2,
	"replay":               2,
	"tui":                  4,
	"cmd/internal":         5,
	"cmd/eventscope":       6,
}

// TestImportsPointDownwards holds the layout to what it promises.
func TestImportsPointDownwards(t *testing.T) {
	packages := listPackages(t)
	if len(packages) < 10 {
		t.Fatalf("go list found only %d packages of this module", len(packages))
	}
	for _, p := range packages {
		room := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imported := range p.Imports {
			if other, ours := strings.CutPrefix(imported, module+"/"); ours && level(t, other) > level(t, room) {
				t.Errorf("%s imports %s, which lies above it", room, other)
			}
		}
		checkForbidden(t, room, p)
	}
}

func level(t *testing.T, room string) int {
	longest := ""
	for name := range levels {
		if (room == name || strings.HasPrefix(room, name+"/")) && len(name) > len(longest) {
			longest = name
		}
	}
	if longest == "" {
		t.Errorf("the package %s is in no room of the layout", room)
	}
	return levels[longest]
}

// forbidden are dependencies, direct or not, that a room must not have.
var forbidden = map[string][]string{
	"adapters/envelope": {"github.com/twmb/", "github.com/rabbitmq/", "github.com/michaelklishin/", "charm.land/"},
	"adapters/payload":  {"github.com/twmb/", "github.com/rabbitmq/", "github.com/michaelklishin/", "charm.land/"},
	"adapters/kafka":    {"charm.land/", "github.com/charmbracelet/", "github.com/rabbitmq/", module + "/tracing"},
	"adapters/rabbitmq": {"charm.land/", "github.com/charmbracelet/", "github.com/twmb/", module + "/tracing"},
	"tracing":           {"charm.land/", "github.com/charmbracelet/", "github.com/twmb/", "github.com/rabbitmq/", module + "/adapters/kafka", module + "/adapters/rabbitmq"},
	"replay":            {"charm.land/", "github.com/charmbracelet/", module + "/adapters/kafka", module + "/adapters/rabbitmq"},
	"tui":               {"github.com/twmb/", "github.com/rabbitmq/", "github.com/michaelklishin/", module + "/adapters/kafka", module + "/adapters/rabbitmq"},
}

func checkForbidden(t *testing.T, room string, p goPackage) {
	if room == "adapters" {
		for _, dependency := range p.Deps {
			if strings.Contains(strings.Split(dependency, "/")[0], ".") || strings.HasPrefix(dependency, module+"/") {
				t.Errorf("adapters depends on %s; it has the standard library only", dependency)
			}
		}
		return
	}
	for name, prefixes := range forbidden {
		if room != name && !strings.HasPrefix(room, name+"/") {
			continue
		}
		for _, prefix := range prefixes {
			if i := slices.IndexFunc(p.Deps, func(dependency string) bool { return strings.HasPrefix(dependency, prefix) }); i >= 0 {
				t.Errorf("%s depends on %s", room, p.Deps[i])
			}
		}
	}
}

// listPackages asks go for the packages of this module; tests' imports are not counted.
func listPackages(t *testing.T) []goPackage {
	command := exec.Command("go", "list", "-json=ImportPath,Standard,Imports,Deps", module+"/...")
	out, err := command.Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		t.Fatalf("go list: %s", failed.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
