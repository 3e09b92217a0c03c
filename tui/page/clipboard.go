package page

import (
	"iter"
	"slices"
	"strings"

	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// mostCopied bounds what goes to the clipboard: terminals drop longer sequences
// (xterm and tmux take about 100 KB).
const mostCopied = 74_000

// Copy puts s into the clipboard of the user's own terminal, over SSH too (OSC 52).
// What a stranger wrote is pasted into shells, so control characters in it are escaped.
func Copy(d Screen, s string, what text.Safe) tea.Cmd {
	if len(s) > mostCopied {
		d.Say(theme.Warn, what.Add(text.Own(" is too long for a clipboard; w saves it to a file")))
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
	d.Say(theme.Good, d.Theme().Glyph.Done.Add(text.Space, note))
	return tea.SetClipboard(strings.Join(lines, "\n"))
}

// CopyOrSave copies s, or saves it to a file of that name where it is too long for a clipboard.
func CopyOrSave(d Screen, f *Files, s string, what text.Safe, name, extension string) tea.Cmd {
	if len(s) <= mostCopied {
		return Copy(d, s, what)
	}
	return f.Save(d, plainName(name)+extension, []byte(s), what, what.Add(text.Own(", which is too long for a clipboard,")))
}

// CopyFlowIDs puts the ids of marked rows into the clipboard, one a line.
func CopyFlowIDs(d Screen, marked iter.Seq[string]) tea.Cmd {
	ids := slices.Compact(slices.Sorted(marked))
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	if len(ids) == 0 {
		d.Say(theme.Warn, text.Own("none of the marked rows has a flow id; nothing was copied"))
		return nil
	}
	return Copy(d, strings.Join(ids, "\n"), text.Plural(len(ids), text.Own(" flow id"), text.Own(" flow ids")))
}
