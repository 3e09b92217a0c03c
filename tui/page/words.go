package page

import (
	"cmp"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/tracing"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// FlowLabel is what a row says of its flow.
func FlowLabel(event tracing.Event) string {
	if event.Entity != "" {
		return event.Entity
	}
	return event.FlowID
}

// TypeCell is an event's type with the glyph of its most telling mark.
func TypeCell(t *theme.Theme, row *widget.Row, e *tracing.Event, width int) {
	role, glyph := t.Marks(e.Marks)
	kind := t.String(e.Type)
	if kind.Empty() {
		kind, role = text.Own("(no type)"), theme.Dim
	}
	if glyph.Empty() {
		row.Cell(role, kind, width)
		return
	}
	kind = t.Cut(kind, width-2)
	row.Cell(role, kind.Add(text.Space, glyph), width)
}

// ClockWidth is a time of day in milliseconds.
const ClockWidth = len("12:04:31.204")

// ShortMoment is a time for a row, or a dash where there is none.
func ShortMoment(at, now time.Time) text.Safe {
	if at.IsZero() {
		return text.Own("-")
	}
	return text.ShortMoment(at.Local(), now.Local())
}

// Moment is a time to the millisecond, or that there is none.
func Moment(at time.Time) text.Safe {
	if at.IsZero() {
		return text.Own("nobody says when")
	}
	return text.Moment(at.Local())
}

// Age is how long ago something was, or empty when nobody knows when it was.
func Age(now, at time.Time) text.Safe {
	if at.IsZero() {
		return text.Safe{}
	}
	return text.Age(now.Sub(at))
}

// ShortName is the most that the name of a source takes in the header where room is scarce.
const ShortName = 10

// MostMeasured is for how many rows at most the columns of a list are made.
const MostMeasured = 500

// Words is how people speak of the kinds of brokers.
type Words map[adapters.Broker]driver.Words

// Destinations is how many a source reads: "4 topics".
func (w Words) Destinations(t *theme.Theme, b adapters.Broker, n int) text.Safe {
	name := w[b].ReadMany
	if n == 1 {
		name = w[b].Read
	}
	return text.Count(int64(n)).Add(text.Space, t.String(name))
}

// Product is a kind of broker as it writes itself.
func (w Words) Product(t *theme.Theme, b adapters.Broker) text.Safe {
	return t.String(cmp.Or(w[b].Product, string(b)))
}
