package output

import (
	"bytes"
	"strconv"
	"strings"

	"eventscope/adapters/payload"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// AppendLetterPage appends the letter's line, which has all there is.
func (l *jsonLines) AppendLetterPage(dst []byte, d *Letter) []byte { return l.AppendLetter(dst, d) }

// factWidth is the room of a fact's name on the page of a letter.
const factWidth = 11

// AppendLetterPage appends all there is to one letter, a line a fact: how it stands, why it
// died, where it would go, what it says of itself, its headers, and its value as a tree.
func (l *textLines) AppendLetterPage(dst []byte, d *Letter) []byte {
	letter := d.Letter
	dst = l.line(dst, []text.Safe{l.words(letter.Position.String())}, l.words(letter.State.String()), l.looks(theme.Title, theme.Warn)...)
	for _, fact := range l.letterFacts(d) {
		if !fact.said.Empty() {
			dst = l.fact(dst, fact.name, fact.said)
		}
	}
	headers := payload.Headers(d.Message)
	if len(headers) > 0 {
		dst = l.line(append(dst, '\n'), nil, text.Own("Headers"), l.looks(theme.Title)...)
	}
	for i := range headers {
		h := &headers[i]
		dst = l.whole(dst, []text.Safe{text.Own(" "), l.words(h.Name)}, l.words(strconv.Quote(string(h.Value))))
	}
	return l.tree(dst, d)
}

// letterFact is a line of the page; empty is left out.
type letterFact struct{ name, said text.Safe }

// letterFacts are the facts of a letter in the order in which one asks for them.
func (l *textLines) letterFacts(d *Letter) []letterFact {
	letter, death := d.Letter, &d.Letter.DeadLetter
	words := func(parts ...string) text.Safe {
		return l.words(strings.Join(strings.Fields(strings.Join(parts, " ")), " "))
	}
	var died, target, handled text.Safe
	if at := letter.Died(); !at.IsZero() {
		died = text.Moment(at.Local())
	}
	if target = text.Own("no destination known"); !letter.To.IsZero() {
		target = l.words(string(letter.To)).Add(l.evident(letter.ToFrom))
	}
	if mark := letter.Mark; mark != nil {
		handled = words("run", mark.Run, "by", mark.By)
	}
	attempts := ""
	if death.Attempts > 0 {
		attempts = strconv.Itoa(death.Attempts)
	}
	return []letterFact{
		{text.Own("Died"), died},
		{text.Own("Failed in"), words(death.Group)},
		{text.Own("Origin"), words(death.Origin).Add(l.evident(death.OriginFrom))},
		{text.Own("Why"), words(cause(death.Reason, death.Exception))},
		{text.Own("Exception"), words(death.Exception)},
		{text.Own("Message"), words(death.Message)},
		{text.Own("Attempts"), words(attempts)},
		{text.Own("Written by"), words(death.Writer)},
		{text.Own("Target"), target},
		{text.Own("Handled"), handled},
		{text.Own("Type"), words(letter.Type)},
		{text.Own("Service"), words(letter.Service)},
		{text.Own("Entity"), words(letter.Entity)},
		{text.Own("Flow"), words(letter.Flow)},
		{text.Own("Id"), words(letter.ID)},
		{text.Own("Key"), l.words(string(payload.ReadableKey(d.Message, payload.MaxDecompressed)))},
		{text.Own("Size"), text.Size(int64(letter.Size))},
	}
}

// evident is where a fact was read, in brackets, or empty.
func (l *textLines) evident(from string) text.Safe {
	if from == "" {
		return text.Safe{}
	}
	return text.Own(" (").Add(l.words(from), text.Own(")"))
}

// fact appends one line, its name in a column of its own.
func (l *textLines) fact(dst []byte, name, said text.Safe) []byte {
	return l.whole(dst, []text.Safe{text.Own(" "), name.Add(text.Own(" ").Repeat(factWidth - name.Width()))}, said)
}

// whole is a line of which nothing is cut, since one asked for all of it.
func (l *textLines) whole(dst []byte, cells []text.Safe, last text.Safe) []byte {
	width := l.options.Width
	l.options.Width = 0
	dst = l.line(dst, cells, last, l.looks(theme.Plain, theme.Dim)...)
	l.options.Width = width
	return dst
}

// tree appends the value: JSON a line a member, text as it is, anything else in hexadecimal.
func (l *textLines) tree(dst []byte, d *Letter) []byte {
	decoded := payload.Decode(d.Message, payload.MaxDecompressed)
	title := text.Own("Value, ").Add(l.words(string(decoded.Format)))
	dst = l.line(append(dst, '\n'), nil, title, l.looks(theme.Title)...)
	if decoded.Format == payload.Binary {
		for row := range payload.HexRows(decoded.Data, payload.HexWidth) {
			dst = l.whole(dst, []text.Safe{text.Own(" ")}, l.cleaner.Bytes(payload.AppendHexRow(nil, decoded.Data, row, payload.HexWidth), text.Bound))
		}
		return dst
	}
	outline := payload.NewOutline(decoded)
	for i := range outline.Len() {
		line := outline.Line(i)
		indent := text.Own("  ").Repeat(line.Depth)
		name := l.clean(line.Key)
		if line.Index >= 0 {
			name = text.Own("- ")
		} else if !name.Empty() {
			name = name.Add(text.Own(": "))
		}
		said := l.clean(bytes.TrimSpace(line.Value))
		if line.Open { // its members follow
			said = text.Safe{}
		}
		if i > 0 || !line.Open {
			dst = l.whole(dst, []text.Safe{text.Own(" ")}, indent.Add(name, said))
		}
	}
	return dst
}
