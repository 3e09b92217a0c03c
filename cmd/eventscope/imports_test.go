package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
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
	"adapters/consumer":    1,
	"adapters/deadletter":  1,
	"adapters/driver":      2,
	"adapters/envelope":    1,
	"adapters/payload":     1,
	"adapters/registry":    2,
	"adapters/adaptertest": 3,
	"adapters/aws":         3,
	"adapters/kafka":       3,
	"adapters/rabbitmq":    3,
	"adapters/servicebus":  3,
	"replay":               2,
	"replay/files":         1,
	"tracing/copies":       2,
	"tracing/lag":          2,
	"tracing/packed":       2,
	"tracing/query":        2,
	"tracing/usual":        2,
	"tracing/versions":     2,
	"tracing/wanted":       2,
	"tracing":              3,
	"tracing/topology":     4,
	"tui/text":             5,
	"tui/theme":            5,
	"tui/widget":           5,
	"tui/keymap":           5,
	"tui/page":             6,
	"tui/eventpage":        7,
	"tui/flowpage":         8,
	"tui/lagpage":          8,
	"tui/letterpage":       8,
	"tui/schemapage":       8,
	"tui/streampage":       8,
	"tui/topologypage":     8,
	"tui":                  9,
	"cmd/internal":         10,
	"cmd/eventscope":       11,
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

// TestPagesDoNotKnowEachOther: a page of the screen opens another through what it may ask of the
// screen. That of an event is below the others, since some are made of it.
func TestPagesDoNotKnowEachOther(t *testing.T) {
	isPage := func(room string) bool { return levels[room] == levels["tui/flowpage"] }
	for _, p := range listPackages(t) {
		if room := strings.TrimPrefix(p.ImportPath, module+"/"); isPage(room) {
			for _, imported := range p.Imports {
				if other := strings.TrimPrefix(imported, module+"/"); isPage(other) {
					t.Errorf("%s imports %s", room, other)
				}
			}
		}
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
	"adapters/aws":        {"github.com/Azure/", "charm.land/", "github.com/charmbracelet/", "github.com/rabbitmq/", "github.com/twmb/franz-go", module + "/tracing"},
	"adapters/envelope":   {"github.com/aws/", "github.com/Azure/", "github.com/twmb/franz-go", "github.com/rabbitmq/", "github.com/michaelklishin/", "charm.land/"},
	"adapters/payload":    {"github.com/aws/", "github.com/Azure/", "github.com/twmb/franz-go", "github.com/rabbitmq/", "github.com/michaelklishin/", "charm.land/"},
	"adapters/kafka":      {"github.com/aws/aws-sdk-go-v2/service/sqs", "github.com/aws/aws-sdk-go-v2/service/sns", "github.com/Azure/", "charm.land/", "github.com/charmbracelet/", "github.com/rabbitmq/", module + "/tracing"},
	"adapters/rabbitmq":   {"github.com/aws/", "github.com/Azure/", "charm.land/", "github.com/charmbracelet/", "github.com/twmb/franz-go", module + "/tracing"},
	"adapters/servicebus": {"github.com/aws/", "charm.land/", "github.com/charmbracelet/", "github.com/rabbitmq/", "github.com/twmb/franz-go", module + "/tracing"},
	"tracing":             {"github.com/aws/", "github.com/Azure/", "charm.land/", "github.com/charmbracelet/", "github.com/twmb/franz-go", "github.com/rabbitmq/", module + "/adapters/aws", module + "/adapters/kafka", module + "/adapters/rabbitmq", module + "/adapters/servicebus"},
	"replay":              {"github.com/aws/", "github.com/Azure/", "charm.land/", "github.com/charmbracelet/", module + "/adapters/aws", module + "/adapters/kafka", module + "/adapters/rabbitmq", module + "/adapters/servicebus"},
	"tui":                 {"github.com/aws/", "github.com/Azure/", "github.com/twmb/franz-go", "github.com/rabbitmq/", "github.com/michaelklishin/", module + "/adapters/aws", module + "/adapters/kafka", module + "/adapters/rabbitmq", module + "/adapters/servicebus"},
}

// contract are the packages that a broker's folder is written against.
var contract = []string{"adapters", "adapters/consumer", "adapters/deadletter", "adapters/driver", "adapters/schemas"}

// mostNames is how many exported names a package of the contract may have: it is read whole.
const mostNames = 70

// TestTheContractIsSmall counts what a package of the contract exports, methods and fields aside.
func TestTheContractIsSmall(t *testing.T) {
	for _, room := range contract {
		names := 0
		files, err := filepath.Glob(filepath.Join("../..", room, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				names += exportedBy(t, file)
			}
		}
		if names == 0 || names > mostNames {
			t.Errorf("package %s exports %d names; at most %d can be read whole", room, names, mostNames)
		}
	}
}

func exportedBy(t *testing.T, file string) (names int) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	count := func(name *ast.Ident) {
		if name.IsExported() {
			names++
		}
	}
	for _, declaration := range parsed.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				count(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					count(s.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						count(name)
					}
				}
			}
		}
	}
	return names
}

func checkForbidden(t *testing.T, room string, p goPackage) {
	if slices.Contains(contract, room) {
		for _, dependency := range p.Deps {
			ours := strings.TrimPrefix(dependency, module+"/")
			if strings.Contains(strings.Split(dependency, "/")[0], ".") || ours != dependency && !slices.Contains(contract, ours) {
				t.Errorf("%s depends on %s; the contract has the standard library only", room, dependency)
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
