package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/cmd/internal/source"
	"eventscope/cmd/internal/spelling"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Themes are the values that theme may have.
var Themes = []string{"auto", "dark", "light"}

// Switches are the values of what is on or off.
var Switches = []string{"on", "off"}

// check finds what is wrong with a file of good structure, without looking up any
// secret: one may check a file where its secrets are not.
func (f *File) check() []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if f.Memory.Value != "" {
		if _, err := ParseMemory(f.Memory.Value); err != nil {
			add("%s", f.Memory.wrong("memory: "+err.Error()))
		}
	}
	if f.Theme.Value != "" && !slices.Contains(Themes, f.Theme.Value) {
		add("%s", f.Theme.wrong("theme is one of "+strings.Join(Themes, ", ")))
	}
	for i, value := range []Text{f.Mouse, f.Links} {
		if value.Value != "" && !slices.Contains(Switches, value.Value) {
			add("%s", value.wrong([]string{"mouse", "links"}[i]+" is one of "+strings.Join(Switches, ", ")))
		}
	}
	if f.Current.Value != "" {
		if _, err := f.Context(f.Current.Value); err != nil {
			add("%s", f.Current.wrong(err.Error()))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Contexts)) {
		if color := f.Contexts[name].Color; color.Value != "" && !slices.Contains(theme.Names(), color.Value) {
			add("%s", color.wrong("color is one of "+strings.Join(theme.Names(), ", ")))
		}
		for i, s := range f.Contexts[name].Sources {
			if s.URL.Value == "" {
				add(" context %s, source %d: the source has no url", name, i+1)
				continue
			}
			problems = append(problems, s.check(f.drivers, f.shared)...)
		}
	}
	if _, err := envelope.Compile(f.EnvelopeMappings()); err != nil {
		add(" %s", strings.TrimPrefix(err.Error(), adapters.ErrUsage.Error()+": "))
	}
	for i, path := range f.Paths {
		if len(path.Types) < 2 {
			add(" path %d (%s) needs at least two types", i+1, path.Name)
		}
	}
	return slices.Concat(problems, f.checkServices(), f.checkHeaders(), f.checkSchemas(), f.checkMasks(), f.checkKeys(), f.checkColumns())
}

// checkHeaders finds header rules that could not be meant.
func (f *File) checkHeaders() (problems []string) {
	for _, name := range slices.Concat(f.Letters.StripHeaders, f.Letters.KeepHeaders) {
		if inner := strings.TrimSuffix(strings.TrimPrefix(name, "*"), "*"); inner == "" || strings.Contains(inner, "*") {
			problems = append(problems, fmt.Sprintf(" letters: %q is no name of a header; * may stand at its beginning or its end", name))
		}
	}
	return problems
}

// checkServices finds groups that are said to be of two services.
func (f *File) checkServices() (problems []string) {
	of := map[string]string{}
	for _, service := range slices.Sorted(maps.Keys(f.Services)) {
		for _, group := range f.Services[service] {
			if other, said := of[group]; said {
				problems = append(problems, fmt.Sprintf(" services: %s is of %s and of %s", group, other, service))
			}
			of[group] = service
		}
	}
	return problems
}

// check finds what is wrong with a source that has a URL, each problem with its place.
func (s Source) check(drivers source.Drivers, shared bool) []string {
	var problems []string
	for _, written := range slices.Concat([]Text{s.URL, s.User, s.Password}, s.Registry.texts()) {
		for _, ref := range reference.FindAllString(written.Value, -1) {
			inner, closed := strings.CutSuffix(ref[2:], "}")
			kind, name, _ := strings.Cut(inner, ":")
			if !closed || name == "" || (kind != "env" && kind != "file") {
				problems = append(problems, written.wrong("a reference is written ${env:NAME} or ${file:path}"))
			}
		}
	}
	if len(problems) == 0 && !strings.Contains(s.URL.Value, "${") {
		if _, err := drivers.Parse(s.URL.Value); err != nil {
			problems = append(problems, s.URL.wrong(err.Error()))
		}
	}
	if s.Link.Value != "" {
		if _, err := text.ParseTemplate(s.Link.Value, page.LinkNames); err != nil {
			problems = append(problems, s.Link.wrong("link: "+err.Error()))
		}
	}
	const remedy = "everybody can read this file and it holds a password: run chmod 600 on it, or write ${env:NAME} or ${file:path} in place of the password"
	switch {
	case !shared:
	case literal(s.Password.Value):
		problems = append(problems, s.Password.wrong(remedy))
	case literal(s.Registry.Password.Value):
		problems = append(problems, s.Registry.Password.wrong(remedy))
	case literal(s.Registry.Token.Value):
		problems = append(problems, s.Registry.Token.wrong(remedy))
	case literal(s.Registry.OAuth.Secret.Value):
		problems = append(problems, s.Registry.OAuth.Secret.wrong(remedy))
	default:
		for _, written := range []Text{s.URL, s.Registry.URL, s.Registry.OAuth.URL} {
			if holdsPassword(written.Value) {
				problems = append(problems, written.wrong(remedy))
				break
			}
		}
	}
	return problems
}

// holdsPassword reports whether a password is written out in URLs, or in one of their parameters.
func holdsPassword(urls string) bool {
	return holdsPasswordBetween(urls, "?&") || holdsPasswordBetween(urls, "?&,") // of several, or with a comma in it
}

// holdsPasswordBetween is that of URLs that are parted by marks.
func holdsPasswordBetween(urls, marks string) bool {
	parted := func(r rune) bool { return strings.ContainsRune(marks, r) }
	for part := range strings.FieldsFuncSeq(reference.ReplaceAllString(urls, ""), parted) {
		if _, address, found := strings.Cut(part, "://"); found { // of a parameter that is a URL
			part = address
		}
		before, _, found := strings.Cut(part, "@")
		if _, password, _ := strings.Cut(before, ":"); found && password != "" {
			return true
		}
	}
	return false
}

// Context returns a context by name.
func (f *File) Context(name string) (Context, error) {
	if context, ok := f.Contexts[name]; ok {
		return context, nil
	}
	names := slices.Sorted(maps.Keys(f.Contexts))
	cause := "it has none"
	if len(names) > 0 {
		cause = "it has " + strings.Join(names, ", ")
	}
	if guess := spelling.Nearest(name, names); guess != "" {
		cause += "; did you mean " + guess + "?"
	}
	return Context{}, &adapters.Problem{
		Doing: fmt.Sprintf("find the context %q in the config", name), Cause: cause, Kind: adapters.ErrUsage,
	}
}

// Open looks up the secrets of a context of the file and returns its sources, ready to be opened.
func (f *File) Open(c Context, getenv func(string) string) ([]source.Source, error) {
	var sources []source.Source
	for _, s := range c.Sources {
		opened, at, err := s.open(f.drivers, getenv)
		if err != nil {
			if problem := (*adapters.Problem)(nil); errors.As(err, &problem) {
				return nil, fmt.Errorf("%s:%d:%d: %w", f.Path, at.Line, at.Column, err)
			}
			return nil, &adapters.Problem{
				Doing: fmt.Sprintf("read the source at %s:%d:%d", f.Path, at.Line, at.Column), Cause: err.Error(), Kind: adapters.ErrUsage,
			}
		}
		sources = append(sources, opened)
	}
	return sources, nil
}

// open completes the source; with an error it says which text is at fault.
func (s Source) open(drivers source.Drivers, getenv func(string) string) (opened source.Source, at Text, err error) {
	escape := inURL
	if strings.HasPrefix(s.URL.Value, "${") && !literal(s.URL.Value) {
		escape = asIs // the whole URL is somewhere else
	}
	url, err := expand(s.URL.Value, getenv, escape)
	if err != nil {
		return opened, s.URL, err
	}
	opened, err = drivers.Parse(url)
	if err != nil {
		return opened, s.URL, err
	}
	if opened.Password != "" {
		opened.PasswordFrom = "config"
	}
	for name, api := range opened.APIs {
		if api.Password != "" {
			api.PasswordFrom = "config"
			opened.APIs[name] = api
		}
	}
	if opened.Registry.Password != "" {
		opened.Registry.PasswordFrom = "config"
	}
	if at, err := s.Registry.complete(&opened.Registry, getenv); err != nil {
		return opened, at, err
	}
	if opened.Link = s.Link.Value; opened.Link != "" {
		if _, err := text.ParseTemplate(opened.Link, page.LinkNames); err != nil {
			return opened, s.Link, fmt.Errorf("link: %w", err)
		}
	}
	if s.Name != "" {
		opened.Name = s.Name
	}
	if s.User.Value != "" {
		if opened.User, err = expand(s.User.Value, getenv, asIs); err != nil {
			return opened, s.User, err
		}
	}
	if s.Password.Value != "" {
		if opened.Password, err = expand(s.Password.Value, getenv, asIs); err != nil {
			return opened, s.Password, err
		}
		opened.PasswordFrom = "config"
	}
	return opened, s.URL, opened.FindPassword(getenv)
}
