package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	// The maintained continuation of yaml.v3; its nodes know their line and column.
	"go.yaml.in/yaml/v3"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/cmd/internal/source"
	"eventscope/replay"
	"eventscope/tracing"
)

// Variable is the environment variable that names the config file.
const Variable = "EVENTSCOPE_CONFIG"

// File is a config file. The zero value, no file at all, is good.
type File struct {
	Path    string `yaml:"-"` // "" when there is none
	Current Text   `yaml:"current"`
	Memory  Text   `yaml:"memory"`
	Theme   Text   `yaml:"theme"`
	Mouse   Text   `yaml:"mouse"` // on or off
	Links   Text   `yaml:"links"` // on or off
	// Keys are commands of the screen by a key of the user's own.
	Keys     map[string]Text    `yaml:"keys"`
	Columns  Columns            `yaml:"columns"`
	Notify   Text               `yaml:"notify"` // how a person is told of news; see [alert.NewSender]
	Contexts map[string]Context `yaml:"contexts"`
	Mappings []Mapping          `yaml:"mappings"`
	Schemas  []Schema           `yaml:"schemas"`
	Masks    []Mask             `yaml:"masks"`
	Paths    []Path             `yaml:"paths"`
	// Services are the consumer groups and queues of services, by name of the service, where
	// their names do not tell.
	Services map[string][]string `yaml:"services"`
	Letters  Letters             `yaml:"letters"`

	shared  bool // everybody may read it
	drivers source.Drivers
}

// Context is one system to look at.
type Context struct {
	ReadOnly bool `yaml:"read_only"`
	// Production says that its name has to be typed before anything is written there.
	Production bool     `yaml:"production"`
	Color      Text     `yaml:"color"` // of its name on the screen
	Sources    []Source `yaml:"sources"`
}

// Source is one broker of a context.
type Source struct {
	Name     string `yaml:"name"`
	URL      Text   `yaml:"url"`
	User     Text   `yaml:"user"`
	Password Text   `yaml:"password"`
	// Link is where its messages can be looked at in a browser; see [page.LinkNames].
	Link Text `yaml:"link"`
	// Registry completes, or takes the place of, the parameters of the URL that begin with registry.
	Registry Registry `yaml:"registry"`
}

// Registry is the schema registry of a source; see [source.Registry].
type Registry struct {
	URL      Text `yaml:"url"`
	User     Text `yaml:"user"`
	Password Text `yaml:"password"`
	Token    Text `yaml:"token"`
	OAuth    struct {
		URL    Text `yaml:"url"`
		Client Text `yaml:"client"`
		Secret Text `yaml:"secret"`
		Scope  Text `yaml:"scope"`
	} `yaml:"oauth"`
	Cluster      Text `yaml:"cluster"`
	IdentityPool Text `yaml:"identity_pool"`
	Context      Text `yaml:"context"`
	CA           Text `yaml:"ca"`
	Certificate  Text `yaml:"cert"`
	Key          Text `yaml:"key"`
}

// Mapping is an [envelope.Mapping] as the file spells it.
type Mapping struct {
	Destination string `yaml:"destination"`
	Flow        string `yaml:"flow"`
	Cause       string `yaml:"cause"`
	ID          string `yaml:"id"`
	Type        string `yaml:"type"`
	Version     string `yaml:"version"`
	Service     string `yaml:"service"`
	Entity      string `yaml:"entity"`
	Time        string `yaml:"time"`
}

// Letters say how dead letters are replayed; see [replay.Headers].
type Letters struct {
	StripHeaders []string `yaml:"strip_headers"`
	KeepHeaders  []string `yaml:"keep_headers"`
}

// Path is a [tracing.Path] as the file spells it.
type Path struct {
	Name  string   `yaml:"name"`
	Types []string `yaml:"types"`
}

// Text is a string that knows where it stands in the file.
type Text struct {
	Value        string
	Line, Column int
}

// UnmarshalYAML reads the string and its place.
func (t *Text) UnmarshalYAML(node *yaml.Node) error {
	t.Line, t.Column = node.Line, node.Column
	return node.Decode(&t.Value)
}

// wrong is a problem with the text, behind its place.
func (t Text) wrong(problem string) string {
	return fmt.Sprintf("%d:%d: %s", t.Line, t.Column, problem)
}

// Locate finds the config file: the flag, else [Variable], else
// $XDG_CONFIG_HOME/eventscope/config.yaml, else the same under ~/.config. From says
// which of these it was; required says that somebody named it, so that it must exist.
func Locate(flag string, getenv func(string) string) (path, from string, required bool) {
	if flag != "" {
		return flag, "--config", true
	}
	if path := getenv(Variable); path != "" {
		return path, Variable, true
	}
	home, from := getenv("XDG_CONFIG_HOME"), "XDG_CONFIG_HOME"
	if !filepath.IsAbs(home) { // the specification says to ignore relative ones
		home, from = filepath.Join(getenv("HOME"), ".config"), "default"
	}
	return filepath.Join(home, "eventscope", "config.yaml"), from, false
}

// Load reads the file that [Locate] finds; drivers are the brokers that it may name. Errors are of kind [adapters.ErrUsage] and
// list everything that is wrong, a line each, with line and column.
func Load(flag string, getenv func(string) string, drivers source.Drivers) (*File, error) {
	path, _, required := Locate(flag, getenv)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !required {
		return &File{drivers: drivers}, nil
	}
	if err != nil {
		if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, &adapters.Problem{
			Doing: "read the config " + path, Cause: err.Error(),
			Remedy: "name another file with --config, or unset " + Variable, Kind: adapters.ErrUsage,
		}
	}
	info, err := os.Stat(path)
	file, problems := parse(data)
	file.Path, file.drivers = path, drivers
	file.shared = err == nil && info.Mode().Perm()&0o004 != 0
	problems = append(problems, file.check()...)
	if len(problems) > 0 {
		return nil, &Wrong{Path: path, Problems: problems}
	}
	return file, nil
}

// Wrong is everything that is wrong with a config file.
type Wrong struct {
	Path     string
	Problems []string // each with line and column, where it has a place
}

// Error lists the problems, a line each.
func (w *Wrong) Error() string {
	lines := make([]string, len(w.Problems))
	for i, problem := range w.Problems {
		lines[i] = w.Path + ":" + problem
	}
	return strings.Join(lines, "\n")
}

// Unwrap says that it is a matter of usage.
func (w *Wrong) Unwrap() error { return adapters.ErrUsage }

// parse reads the structure; the file it returns is good as far as problems is empty.
func parse(data []byte) (*File, []string) {
	file := &File{}
	var document, second yaml.Node
	reader := yaml.NewDecoder(bytes.NewReader(data))
	if err := reader.Decode(&document); errors.Is(err, io.EOF) { // nothing but comments
		return file, nil
	} else if err != nil {
		return file, []string{syntaxProblem(err)}
	}
	switch err := reader.Decode(&second); {
	case err == nil:
		return file, []string{fmt.Sprintf("%d:%d: a second document begins here; a config is one, without ---", second.Line, second.Column)}
	case !errors.Is(err, io.EOF):
		return file, []string{syntaxProblem(err)}
	}
	if len(document.Content) == 0 {
		return file, nil
	}
	if problems := strict(document.Content[0], *file); len(problems) > 0 {
		return file, problems
	}
	if err := document.Decode(file); err != nil {
		return &File{}, []string{syntaxProblem(err)}
	}
	return file, nil
}

// syntaxProblem is what the YAML reader said, with its line in front.
func syntaxProblem(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if list := (*yaml.TypeError)(nil); errors.As(err, &list) && len(list.Errors) > 0 {
		text = list.Errors[0]
	}
	var line int
	if _, err := fmt.Sscanf(text, "line %d:", &line); err == nil {
		_, rest, _ := strings.Cut(text, ": ")
		return fmt.Sprintf("%d: %s", line, rest)
	}
	return " " + text
}

// EnvelopeMappings are the mappings, as they are compiled.
func (f *File) EnvelopeMappings() []envelope.Mapping {
	var mappings []envelope.Mapping
	for _, m := range f.Mappings {
		mappings = append(mappings, envelope.Mapping(m))
	}
	return mappings
}

// TracingPaths are the declared paths.
func (f *File) TracingPaths() []tracing.Path {
	var paths []tracing.Path
	for _, p := range f.Paths {
		paths = append(paths, tracing.Path(p))
	}
	return paths
}

// ReplayHeaders are the headers that copies of letters leave out, or keep.
func (f *File) ReplayHeaders() replay.Headers {
	lower := func(names []string) (all []string) {
		for _, name := range names {
			all = append(all, strings.ToLower(name))
		}
		return all
	}
	return replay.Headers{Strip: lower(f.Letters.StripHeaders), Keep: lower(f.Letters.KeepHeaders)}
}
