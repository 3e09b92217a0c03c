package tui

import (
	"os"
	"os/exec"

	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// saveValue writes the value to a new file of the save folder. The bytes are those of
// the message, nothing is escaped.
func (e *eventPage) saveValue() tea.Cmd {
	d, folder, name, value := e, e.files.SaveFolder, page.FileName(e.event.Position.String(), string(e.read.decoded.Format)), e.read.message.Value
	return page.Work(func() page.Answer {
		path, err := page.WriteNew(folder, name, value)
		return func() tea.Cmd {
			if err != nil {
				d.Say(theme.Bad, text.Own("cannot save the value: ").Add(d.Theme().String(err.Error())))
				return nil
			}
			d.Say(theme.Good, d.Theme().Glyph.Done.Add(text.Own(" saved "), text.Size(int64(len(value))), text.Own(" to "), d.Theme().String(path)))
			return nil
		}
	})
}

// editValue opens a copy of the value in the user's editor; the copy is removed after.
func (e *eventPage) editValue() tea.Cmd {
	d := e
	folder, err := os.MkdirTemp("", "eventscope-")
	if err == nil {
		var path string
		path, err = page.WriteNew(folder, page.FileName(e.event.Position.String(), string(e.read.decoded.Format)), e.read.decoded.Data)
		if err == nil {
			editor := e.files.EditorCommand()
			command := exec.CommandContext(d.Context(), editor[0], append(editor[1:], path)...)
			return tea.ExecProcess(command, func(err error) tea.Msg {
				return page.Answer(func() tea.Cmd {
					os.RemoveAll(folder)
					if err != nil {
						d.Say(theme.Bad, text.Own("set EDITOR to another; ").Add(d.Theme().String(editor[0]), text.Own(" failed: "), d.Theme().String(err.Error())))
					}
					return nil
				})
			})
		}
		os.RemoveAll(folder)
	}
	d.Say(theme.Bad, text.Own("cannot write a copy for the editor: ").Add(d.Theme().String(err.Error())))
	return nil
}
