package output

import (
	"strings"

	"github.com/charmbracelet/colorprofile"

	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// heading is what stands over the lines of a kind.
type heading string

// The kinds of lines that have a heading.
const (
	eventLines  heading = "events"
	flowLines   heading = "flows"
	lagLines    heading = "lags"
	letterLines heading = "letters"
	groupLines  heading = "groups"
	recordLines heading = "runs"

	versionLines heading = "versions"
)

// head appends the names of the columns over the first line of a kind, on a terminal alone: a
// program that reads text would take it for a result. It is called when the cells of that line are
// made, since the columns are then as wide as they need; the names are made only if they are wanted,
// since they widen columns too.
func (l *textLines) head(dst []byte, kind heading, cells func() []text.Safe) []byte {
	if !l.options.Terminal || l.headed == kind {
		return dst
	}
	l.headed = kind
	names := cells()
	last := len(names) - 1
	looks := make([]theme.Style, len(names))
	for i := range looks {
		looks[i] = l.theme.Style(theme.Title)
	}
	return l.line(dst, names[:last], names[last], looks...)
}

// basicTheme is how text looks: in the 16 colours that the terminal's own theme chooses, which fit
// a dark and a light background alike.
func basicTheme(ascii bool) *theme.Theme { return theme.New(colorprofile.ANSI, true, ascii) }

// paint appends a cell in its style. The room behind its text has none.
func (l *textLines) paint(dst []byte, style theme.Style, cell text.Safe) []byte {
	content := strings.TrimRight(cell.String(), " ")
	if !l.options.Colour || style == "" || content == "" {
		return append(dst, cell.String()...)
	}
	dst = append(append(append(dst, "\x1b["...), style...), 'm')
	dst = append(append(dst, content...), "\x1b[m"...)
	return append(dst, cell.String()[len(content):]...)
}

// looks are the styles of roles, one a cell.
func (l *textLines) looks(roles ...theme.Role) []theme.Style {
	styles := make([]theme.Style, len(roles))
	for i, role := range roles {
		styles[i] = l.theme.Style(role)
	}
	return styles
}
