package output

import (
	"fmt"
	"strconv"
	"strings"

	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
	"eventscope/tracing/versions"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Difference is one change between two schemas that people named.
type Difference struct {
	From, To *schemas.Schema
	payload.Change
}

// AppendVersion appends a version of a type; whole has the text of its schema, too.
func (l *jsonLines) AppendVersion(dst []byte, v *versions.Version, whole bool) []byte {
	start := len(dst)
	dst = quote(field(append(dst, '{'), "source"), v.Source)
	dst = quote(field(dst, "broker"), v.Broker)
	dst = quote(field(dst, "destination"), v.Destination)
	dst = quote(field(dst, "type"), v.Type)
	dst = known(field(dst, "version"), versionName(v))
	dst = schemaFields(dst, v)
	dst = quote(field(dst, "state"), v.State)
	dst = number(field(dst, "events"), v.Events)
	dst = decimal(field(dst, "share"), v.Share, true)
	dst = decimal(field(dst, "rate"), v.PerSecond, true)
	dst = number(field(dst, "misfits"), v.Misfits)
	dst = moment(field(dst, "first_seen"), v.First.Time)
	dst = position(field(dst, "first_position"), v.First.Position)
	dst = moment(field(dst, "last_seen"), v.Last.Time)
	dst = position(field(dst, "last_position"), v.Last.Position)
	dst = append(field(dst, "services"), '{')
	for _, w := range v.Writers {
		dst = append(quote(comma(dst), w.Service), ':')
		dst = number(dst, w.Events)
	}
	dst = number(field(append(dst, '}'), "other_services"), v.Others)
	dst = field(dst, "before")
	if v.Before == nil {
		dst = append(dst, "null"...)
	} else {
		dst = known(dst, versionName(v.Before))
	}
	dst = changeFields(dst, v)
	dst = brokeFields(dst, v)
	dst = earlierFields(dst, v)
	if whole && v.Schema != nil {
		dst = quote(field(dst, "text"), v.Schema.Text)
		dst = list(field(dst, "references"), v.Schema.References)
	}
	if v.Verdict != nil {
		dst = append(verdict(append(field(dst, "registry_says"), '{'), v.Verdict), '}')
	}
	return l.end(dst, start)
}

// verdict appends what a registry says; keeps is null where it has not compared the two.
func verdict(dst []byte, v *schemas.Verdict) []byte {
	dst = field(quote(field(dst, "level"), v.Level), "keeps")
	if v.Judged {
		dst = boolean(dst, v.Keeps)
	} else {
		dst = append(dst, "null"...)
	}
	return list(field(dst, "messages"), v.Messages)
}

// AppendVerdict appends what the registry says of two schemas.
func (l *jsonLines) AppendVerdict(dst []byte, older, newer *schemas.Schema, v *schemas.Verdict) []byte {
	start := len(dst)
	dst = quote(field(append(dst, '{'), "from"), older.Title())
	dst = quote(field(dst, "to"), newer.Title())
	return l.end(append(verdict(append(field(dst, "registry_says"), '{'), v), '}'), start)
}

// AppendVerdict appends what the registry says of two schemas.
func (l *textLines) AppendVerdict(dst []byte, older, _ *schemas.Schema, v *schemas.Verdict) []byte {
	return l.note(dst, verdictRole(v), "registry says: "+v.Told(older))
}

func verdictRole(v *schemas.Verdict) theme.Role {
	if v.Judged && !v.Keeps {
		return theme.Warn
	}
	return theme.Dim
}

// versionName is the version as lines have it: the number that the registry has for it, else what
// was declared, or the shape.
func versionName(v *versions.Version) string {
	if v.Schema != nil && v.Number > 0 {
		return strconv.Itoa(v.Number)
	}
	if v.Ref.By != schemas.ByNothing {
		return ""
	}
	return v.Name
}

func comma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last != '{' && last != '[' {
		return append(dst, ',')
	}
	return dst
}

// schemaFields appends the schema that the messages name.
func schemaFields(dst []byte, v *versions.Version) []byte {
	dst = field(dst, "schema")
	switch v.Ref.By {
	case schemas.ByNothing:
		dst = append(dst, "null"...)
	case schemas.ByID, schemas.ByGlobalID, schemas.ByContentID:
		dst = number(dst, int64(v.Ref.ID))
	default:
		dst = quote(dst, v.Ref.Number())
	}
	subject := ""
	if v.Schema != nil {
		subject = v.Schema.Place().Subject
	}
	dst = known(field(known(field(dst, "subject"), subject), "format"), v.Format)
	if v.Why != "" {
		dst = quote(field(dst, "why"), v.Why)
	}
	return dst
}

// changeFields appends what differs from the version before; null where they cannot be compared.
func changeFields(dst []byte, v *versions.Version) []byte {
	dst = field(dst, "change")
	if !v.Compared {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for i := range v.Changes {
		dst = append(change(append(comma(dst), '{'), &v.Changes[i]), '}')
	}
	return append(dst, ']')
}

func change(dst []byte, c *versions.Change) []byte {
	return boolean(field(quote(field(known(field(dst, "path"), c.Path), "change"), c.Text), "breaking"), c.Breaking)
}

// brokeFields appends who could not read it.
func brokeFields(dst []byte, v *versions.Version) []byte {
	dst = append(field(dst, "broke"), '[')
	for i := range v.Broke {
		b := &v.Broke[i]
		dst = known(field(append(comma(dst), '{'), "group"), b.Group)
		dst = position(field(dst, "position"), b.At)
		if b.Letters > 0 {
			dst = number(field(dst, "dead_letters"), b.Letters)
			dst = known(field(dst, "exception"), b.Exception)
		} else {
			dst = quote(field(dst, "state"), b.State.String())
			dst = number(field(dst, "lag"), b.Lag)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// earlierFields appends who stands before all that was read, if anybody does.
func earlierFields(dst []byte, v *versions.Version) []byte {
	if len(v.Earlier) == 0 {
		return dst
	}
	dst = append(field(dst, "stand_before"), '[')
	for i := range v.Earlier {
		b := &v.Earlier[i]
		dst = known(field(append(comma(dst), '{'), "group"), b.Group)
		dst = position(field(dst, "position"), b.At)
		dst = quote(field(dst, "state"), b.State.String())
		dst = append(number(field(dst, "lag"), b.Lag), '}')
	}
	return append(dst, ']')
}

// AppendDifference appends one change.
func (l *jsonLines) AppendDifference(dst []byte, d *Difference) []byte {
	start := len(dst)
	dst = quote(field(append(dst, '{'), "from"), d.From.Title())
	dst = quote(field(dst, "to"), d.To.Title())
	return l.end(change(dst, &d.Change), start)
}

// The columns of versions.
var (
	kindOfEventColumn = &column{least: 20, most: 36}
	versionColumn     = &column{least: 4, most: 16}
	standingColumn    = &column{least: 7, most: 7}
	whereColumn       = &column{least: 10, most: 24}
)

// AppendVersion appends a line for the version, one for each change, and one for each consumer
// that it broke.
func (l *textLines) AppendVersion(dst []byte, v *versions.Version, whole bool) []byte {
	name := v.Name
	if name == "" {
		name = "-"
	}
	cells := []text.Safe{
		l.cell(kindOfEventColumn, l.words(v.Type)), l.cell(versionColumn, l.words(name)), l.cell(standingColumn, l.words(string(v.State))),
		right(text.Share(v.Events, v.OfType), 5), right(text.Tenths(v.PerSecond).Add(text.Own("/s")), 8), l.clock(v.First.Time), l.cell(whereColumn, l.words(v.Destination)),
	}
	dst = l.head(dst, versionLines, func() []text.Safe {
		return []text.Safe{
			l.cell(kindOfEventColumn, text.Own("Type")), l.cell(versionColumn, text.Own("Version")), l.cell(standingColumn, text.Own("State")), right(text.Own("Share"), 5),
			right(text.Own("Rate"), 8), l.cell(timeColumn, text.Own("First seen")), l.cell(whereColumn, text.Own("Destination")), text.Own("Written by"),
		}
	})
	role := theme.Plain
	if v.State != versions.Current && v.State != versions.Gone {
		role = theme.Warn
	}
	dst = l.line(dst, cells, l.words(v.WrittenBy()), l.looks(theme.Strong, theme.Plain, role, theme.Plain, theme.Plain, theme.Dim, theme.Dim)...)
	if v.Why != "" {
		dst = l.note(dst, theme.Warn, "not decoded: "+v.Why)
	}
	if v.Misfits > 0 {
		dst = l.note(dst, theme.Warn, fmt.Sprintf("%s of the values are not what they claim to be", text.Count(v.Misfits)))
	}
	for i := range v.Broke {
		dst = l.note(dst, theme.Bad, "broke "+v.Broke[i].Told(v))
	}
	for i := range v.Earlier {
		dst = l.note(dst, theme.Warn, v.Earlier[i].ToldEarlier())
	}
	for i := range v.Changes {
		dst = l.change(dst, &v.Changes[i])
	}
	if v.Verdict != nil {
		dst = l.note(dst, verdictRole(v.Verdict), "registry says: "+v.Verdict.Told(v.OlderSchema()))
	}
	if whole {
		dst = l.schemaText(dst, v)
	}
	return dst
}

// note appends a line below that of a version.
func (l *textLines) note(dst []byte, role theme.Role, words string) []byte {
	return l.line(dst, []text.Safe{text.Own(" ")}, l.words(words), l.looks(theme.Plain, role)...)
}

func (l *textLines) change(dst []byte, c *versions.Change) []byte {
	words, role := versions.Told(c), theme.Dim
	if c.Breaking {
		words, role = words+"  BREAKING", theme.Warn
	}
	return l.note(dst, role, words)
}

// schemaText appends where the version was seen, and its schema.
func (l *textLines) schemaText(dst []byte, v *versions.Version) []byte {
	dst = l.note(dst, theme.Dim, fmt.Sprintf("%s, %s events, first at %s, last at %s", v.Title, text.Count(v.Events), v.First.Position, v.Last.Position))
	for line := range strings.Lines(v.SchemaText()) {
		dst = l.note(dst, theme.Plain, strings.TrimRight(line, "\r\n"))
	}
	return dst
}

// AppendDifference appends one change.
func (l *textLines) AppendDifference(dst []byte, d *Difference) []byte {
	return l.change(dst, &d.Change)
}
