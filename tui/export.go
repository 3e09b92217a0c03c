package tui

import (
	"errors"
	"maps"
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

// mostCopied bounds what goes to the clipboard: terminals drop longer sequences
// (xterm and tmux take about 100 KB).
const mostCopied = 74_000

// copyText puts s into the clipboard of the user's own terminal, over SSH too (OSC 52).
// What a stranger wrote is pasted into shells, so control characters in it are escaped.
func (d *shell) copyText(s string, what text.Safe) tea.Cmd {
	if len(s) > mostCopied {
		d.say(theme.Warn, what.Add(text.Own(" is too long for a clipboard; w saves it to a file")))
		return nil
	}
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	escaped := false
	for i, line := range lines {
		clean := string(text.Cleaner{}.Append(nil, []byte(line)))
		escaped = escaped || clean != line
		lines[i] = clean
	}
	note := text.Own("copied ").Add(what, text.Own(", "), text.Size(int64(len(s))))
	if escaped {
		note = note.Add(text.Own("; control characters are escaped"))
	}
	d.say(theme.Good, d.theme.Glyph.Done.Add(space, note))
	return tea.SetClipboard(strings.Join(lines, "\n"))
}

// copyMarked puts the ids of marked rows into the clipboard, one a line.
func (d *shell) copyMarked(ids []string) tea.Cmd {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	if len(ids) == 0 {
		d.say(theme.Warn, text.Own("none of the marked rows has a flow id; nothing was copied"))
		return nil
	}
	return d.copyText(strings.Join(ids, "\n"), plural(len(ids), text.Own(" flow id"), text.Own(" flow ids")))
}

// values are the values of a map, in any order.
func values[K comparable](m map[K]string) []string { return slices.Collect(maps.Values(m)) }

// saveValue writes the value to a new file of the save folder. The bytes are those of
// the message, nothing is escaped.
func (e *eventPage) saveValue() tea.Cmd {
	d, folder, name, value := e.shell, e.options.SaveFolder, fileName(e.event.Position.String(), string(e.read.decoded.Format)), e.read.message.Value
	return run(func() answer {
		path, err := writeNew(folder, name, value)
		return func() tea.Cmd {
			if err != nil {
				d.say(theme.Bad, text.Own("cannot save the value: ").Add(d.theme.String(err.Error())))
				return nil
			}
			d.say(theme.Good, d.theme.Glyph.Done.Add(text.Own(" saved "), text.Size(int64(len(value))), text.Own(" to "), d.theme.String(path)))
			return nil
		}
	})
}

// editValue opens a copy of the value in the user's editor; the copy is removed after.
func (e *eventPage) editValue() tea.Cmd {
	d := e.shell
	folder, err := os.MkdirTemp("", "eventscope-")
	if err == nil {
		var path string
		path, err = writeNew(folder, fileName(e.event.Position.String(), string(e.read.decoded.Format)), e.read.decoded.Data)
		if err == nil {
			editor := e.editor()
			command := exec.CommandContext(d.ctx, editor[0], append(editor[1:], path)...)
			return tea.ExecProcess(command, func(err error) tea.Msg {
				return answer(func() tea.Cmd {
					os.RemoveAll(folder)
					if err != nil {
						d.say(theme.Bad, text.Own("set EDITOR to another; ").Add(d.theme.String(editor[0]), text.Own(" failed: "), d.theme.String(err.Error())))
					}
					return nil
				})
			})
		}
		os.RemoveAll(folder)
	}
	d.say(theme.Bad, text.Own("cannot write a copy for the editor: ").Add(d.theme.String(err.Error())))
	return nil
}

// editor is the user's editor with its arguments.
func (d *shell) editor() []string {
	if len(d.options.Editor) > 0 {
		return slices.Clone(d.options.Editor)
	}
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if words := strings.Fields(os.Getenv(name)); len(words) > 0 {
			return words
		}
	}
	return []string{"vi"}
}

// fileName is a position as the name of a file: what a file system or a shell may take
// for something else becomes a hyphen.
func fileName(position, format string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, position)
	extension := map[string]string{"json": ".json", "text": ".txt"}[format]
	if extension == "" {
		extension = ".bin"
	}
	return "event-" + name[:min(len(name), 120)] + extension
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
