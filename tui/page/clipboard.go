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

// Copy puts content into the clipboard of the user's own terminal, over SSH too (OSC 52).
// What a stranger wrote is pasted into shells, so control characters in it are escaped.
func Copy(s Screen, content string, what text.Safe) tea.Cmd {
	return put(s, content, what, text.Safe{})
}

// CopySaved is Copy on a page that has a key by which the same is saved.
func CopySaved(s Screen, content string, what text.Safe) tea.Cmd {
	return put(s, content, what, text.Own("; w saves it to a file"))
}

// put puts content into the clipboard, or says that it is too long, and what helps.
func put(s Screen, content string, what, instead text.Safe) tea.Cmd {
	if len(content) > mostCopied {
		s.Say(theme.Warn, what.Add(text.Own(" is too long for a clipboard"), instead))
		return nil
	}
	lines := strings.Split(strings.ReplaceAll(content, "\r\n", "\n"), "\n")
	escaped := false
	for i, line := range lines {
		clean := string(text.Cleaner{}.Append(nil, []byte(line)))
		escaped = escaped || clean != line
		lines[i] = clean
	}
	note := text.Own("copied ").Add(what, text.Own(", "), text.Size(int64(len(content))))
	if escaped {
		note = note.Add(text.Own("; control characters are escaped"))
	}
	s.Say(theme.Good, s.Theme().Glyph.Done.Add(text.Space, note))
	return tea.SetClipboard(strings.Join(lines, "\n"))
}

// CopyOrSave copies content, or saves it to a file of that name where it is too long for a clipboard.
func CopyOrSave(s Screen, f *Files, content string, what text.Safe, name, extension string) tea.Cmd {
	if len(content) <= mostCopied {
		return Copy(s, content, what)
	}
	return f.Save(s, plainName(name)+extension, []byte(content), what, what.Add(text.Own(", which is too long for a clipboard,")))
}

// CopyFlowIDs puts the ids of marked rows into the clipboard, one a line.
func CopyFlowIDs(s Screen, marked iter.Seq[string]) tea.Cmd {
	ids := slices.Compact(slices.Sorted(marked))
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	if len(ids) == 0 {
		s.Say(theme.Warn, text.Own("none of the marked rows has a flow id; nothing was copied"))
		return nil
	}
	return Copy(s, strings.Join(ids, "\n"), text.Plural(len(ids), text.Own(" flow id"), text.Own(" flow ids")))
}
