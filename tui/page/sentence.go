package page

import (
	"context"
	"errors"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tracing/lag"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// Sentence is an error for an operator, made printable.
func Sentence(t *theme.Theme, err error) text.Safe {
	if errors.Is(err, context.DeadlineExceeded) {
		return text.Own("no answer in time")
	}
	if errors.Is(err, tracing.ErrUnknown) {
		return text.Own("it is not in the index, or no longer")
	}
	problem := (*adapters.Problem)(nil)
	advised := errors.As(err, &problem) && problem.Remedy != "" // as of an archive: it tells more
	if errors.Is(err, adapters.ErrGone) && !advised {
		return text.Own("the broker no longer has it (retention or compaction)")
	}
	return t.String(err.Error())
}

// Repeated is the sentence for an error of something that is asked again by itself.
func Repeated(t *theme.Theme, err error) text.Safe {
	if errors.Is(err, context.DeadlineExceeded) {
		return Sentence(t, err).Add(text.Own("; it is asked again"))
	}
	return Sentence(t, err)
}

// TroubleLines are what cannot be told of whole sources.
func TroubleLines(t *theme.Theme, troubles []lag.Trouble, width int) (lines []widget.Line) {
	for _, trouble := range troubles {
		role, glyph := theme.Bad, t.Glyph.Failed
		if errors.Is(trouble.Err, errors.ErrUnsupported) {
			role, glyph = theme.Dim, t.Glyph.Dot
		}
		sentence := glyph.Add(text.Space, t.String(trouble.Source), text.Own(": "), Repeated(t, trouble.Err))
		lines = append(lines, widget.Paragraph(t, width, 2, role, sentence, 2)...)
	}
	return lines[:min(len(lines), MostTroubleLines)]
}

// MostTroubleLines bounds what sources in trouble take of the page.
const MostTroubleLines = 6

// GapSentence says what passed unseen.
func GapSentence(t *theme.Theme, g adapters.Gap) text.Safe {
	if g.From.Equal(g.To) {
		return t.String(g.Reason)
	}
	away := text.Own("was away ").Add(text.Span(g.To.Sub(g.From).Round(time.Second)))
	if g.Reason != "" {
		away = away.Add(text.Own(" ("), t.String(g.Reason), text.Own(")"))
	}
	if g.Missed >= 0 {
		return away.Add(text.Own("; "), text.Plural(int(g.Missed), text.Own(" message in between is"), text.Own(" messages in between are")), text.Own(" not shown"))
	}
	return away.Add(text.Own("; messages in between are not shown"))
}

// SameTrouble reports whether two troubles read alike.
func SameTrouble(a, b lag.Trouble) bool { return a.Source == b.Source && SameError(a.Err, b.Err) }
