package page

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// Files are where values go, and what they are opened with.
type Files struct {
	SaveFolder string   // the working directory when empty
	Editor     []string // with its arguments; the environment's when empty
}

// Save writes data to a new file of the save folder. what is what it is called when that fails,
// and saved when it is done.
func (f *Files) Save(s Screen, name string, data []byte, what, saved text.Safe) tea.Cmd {
	folder := f.SaveFolder
	return Work(func() Answer {
		path, err := writeNew(folder, name, data)
		return func() tea.Cmd {
			if err != nil {
				s.Say(theme.Bad, text.Own("cannot save ").Add(what, text.Own(": "), s.Theme().String(err.Error())))
				return nil
			}
			s.Say(theme.Good, s.Theme().Glyph.Done.Add(text.Own(" saved "), saved, text.Own(" to "), s.Theme().String(path)))
			return nil
		}
	})
}

// Edit opens a copy of data in the user's editor and removes it after. then takes what it is by
// then, if anybody wants it.
func (f *Files) Edit(s Screen, name string, data []byte, then func(changed []byte) tea.Cmd) tea.Cmd {
	folder, err := os.MkdirTemp("", "eventscope-")
	var path string
	if err == nil {
		path, err = writeNew(folder, name, data)
	}
	if err != nil {
		os.RemoveAll(folder)
		s.Say(theme.Bad, text.Own("cannot write a copy for the editor: ").Add(s.Theme().String(err.Error())))
		return nil
	}
	editor := f.editor()
	return tea.ExecProcess(exec.CommandContext(s.Context(), editor[0], append(editor[1:], path)...), func(err error) tea.Msg {
		return Answer(func() tea.Cmd {
			defer os.RemoveAll(folder)
			if err != nil {
				s.Say(theme.Bad, text.Own("set EDITOR to another; ").Add(s.Theme().String(editor[0]), text.Own(" failed: "), s.Theme().String(err.Error())))
			}
			if err != nil || then == nil {
				return nil
			}
			changed, err := os.ReadFile(path)
			if err != nil {
				s.Say(theme.Bad, text.Own("cannot read the edited copy: ").Add(s.Theme().String(err.Error())))
				return nil
			}
			return then(changed)
		})
	})
}

// editor is the user's editor with its arguments.
func (f *Files) editor() []string {
	if len(f.Editor) > 0 {
		return slices.Clone(f.Editor)
	}
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if words := strings.Fields(os.Getenv(name)); len(words) > 0 {
			return words
		}
	}
	return []string{"vi"}
}

// FileName is a position as the name of a file: what a file system or a shell may take
// for something else becomes a hyphen.
func FileName(position, format string) string {
	extension := map[string]string{"json": ".json", "text": ".txt"}[format]
	if extension == "" {
		extension = ".bin"
	}
	return "event-" + plainName(position) + extension
}

func plainName(s string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, s)
	return name[:min(len(name), 120)]
}

// mostNames is how many names are tried for a file.
const mostNames = 1000

// writeNew writes a file that only the user can read. A file that is there stays; the
// new one gets a number.
func writeNew(folder, name string, data []byte) (path string, err error) {
	extension := filepath.Ext(name)
	for n := range mostNames {
		path = filepath.Join(folder, name)
		if n > 0 {
			path = filepath.Join(folder, strings.TrimSuffix(name, extension)+"-"+strconv.Itoa(n)+extension)
		}
		var file *os.File
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = file.Write(data)
		return path, errors.Join(err, file.Close())
	}
	return "", err
}
