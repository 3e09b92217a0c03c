package output

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Lag is a consumer and how it stands, to be written.
type Lag struct {
	*lag.Consumer
	Round int       // the look, from 1
	At    time.Time // of the look
}

// AppendLag appends a line for each log of the consumer, or one for it if it has none.
func (l *jsonLines) AppendLag(dst []byte, c *Lag) []byte {
	if len(c.Lag.Logs) == 0 {
		start := len(dst)
		dst = consumerHead(append(dst, '{'), c)
		for _, name := range []string{"destination", "partition", "start", "committed", "end", "lag", "lag_seconds"} {
			dst = append(field(dst, name), "null"...)
		}
		dst = quote(field(dst, "state"), c.Standing.State.String())
		for _, name := range []string{"member", "in_rate", "out_rate"} {
			dst = append(field(dst, name), "null"...)
		}
		return l.end(look(dst, c), start)
	}
	for i := range c.Lag.Logs {
		start := len(dst)
		dst = logLag(consumerHead(append(dst, '{'), c), &c.Lag, &c.Lag.Logs[i], &c.Logs[i])
		dst = l.end(look(dst, c), start)
	}
	return dst
}

// look appends which look it was, and when.
func look(dst []byte, c *Lag) []byte {
	return number(field(moment(field(dst, "time"), c.At), "round"), int64(c.Round))
}

func consumerHead(dst []byte, c *Lag) []byte {
	dst = quote(field(dst, "source"), c.Source)
	dst = quote(field(dst, "kind"), c.Lag.Kind)
	return quote(field(dst, "group"), c.Lag.Group)
}

// logLag appends the fields of one log.
func logLag(dst []byte, c *consumer.Lag, log *consumer.LogLag, s *lag.Standing) []byte {
	dst = quote(field(dst, "destination"), log.Destination)
	dst = optional(field(dst, "partition"), int64(log.Partition), log.Partition >= 0)
	dst = optional(field(dst, "start"), log.Start, log.Start >= 0)
	dst = optional(field(dst, "committed"), log.Committed, log.Committed >= 0)
	dst = optional(field(dst, "end"), log.End, log.End >= 0)
	dst = optional(field(dst, "lag"), log.Lag, log.State.Counted())
	dst = decimal(field(dst, "lag_seconds"), s.Seconds, s.SecondsKnown)
	dst = quote(field(dst, "state"), s.State.String())
	dst = known(field(dst, "member"), memberOf(c, log))
	dst = decimal(field(dst, "in_rate"), s.In.PerSecond, s.In.Known)
	return decimal(field(dst, "out_rate"), s.Out.PerSecond, s.Out.Known)
}

func memberOf(c *consumer.Lag, log *consumer.LogLag) string {
	if log.Member < 0 || log.Member >= len(c.Members) {
		return ""
	}
	return c.Members[log.Member].String()
}

// optional appends a number, or null where it is not known.
func optional(dst []byte, n int64, isKnown bool) []byte {
	if !isKnown {
		return append(dst, "null"...)
	}
	return number(dst, n)
}

// decimal appends a number with at most three decimals, or null where it is not known.
func decimal(dst []byte, n float64, isKnown bool) []byte {
	if !isKnown {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, math.Round(n*1000)/1000, 'f', -1, 64)
}

// The columns of lags.
var (
	lagStateColumn = &column{least: 13, most: 13}
	consumerColumn = &column{least: 16, most: 40}
	kindColumn     = &column{least: 8, most: 8}
	memberColumn   = &column{least: 12, most: 32}
)

// AppendLag appends a line with the totals of a consumer, and a line a log.
func (l *textLines) AppendLag(dst []byte, c *Lag) []byte {
	total := c.Lag.Total()
	cells := []text.Safe{
		l.cell(lagStateColumn, l.words(c.Standing.State.String())),
		l.cell(consumerColumn, l.words(c.Lag.Group)),
		l.cell(kindColumn, l.words(string(c.Lag.Kind))),
		right(counted(total.Lag, total.Known > 0), 13),
		right(behindFor(&c.Standing), 11),
	}
	dst = l.head(dst, lagLines, func() []text.Safe {
		return []text.Safe{l.cell(lagStateColumn, text.Own("State")), l.cell(consumerColumn, text.Own("Consumer")), l.cell(kindColumn, text.Own("Kind")),
			right(text.Own("Lag"), 13), right(text.Own("Behind"), 11), text.Own("Notes")}
	})
	role, _ := l.theme.Lag(c.Standing.State)
	dst = l.line(dst, cells, text.Join(text.Own("; "), l.totals(c, total)...), l.looks(role, theme.Strong, theme.Dim)...)
	for i := range c.Lag.Logs {
		dst = l.log(dst, c, &c.Lag.Logs[i], &c.Logs[i])
	}
	return dst
}

func counted(n int64, isKnown bool) text.Safe {
	if !isKnown {
		return text.Own("-")
	}
	return text.Count(n)
}

func behindFor(s *lag.Standing) text.Safe {
	if !s.SecondsKnown || s.Seconds == 0 {
		return text.Safe{}
	}
	return text.Span(time.Duration(s.Seconds * 1e9))
}

// totals are the notes on a consumer.
func (l *textLines) totals(c *Lag, total consumer.Total) (notes []text.Safe) {
	note := func(format string, args ...any) { notes = append(notes, l.words(fmt.Sprintf(format, args...))) }
	if c.Err != nil {
		notes = append(notes, l.words(c.Err.Error()))
	}
	if len(c.Lag.Logs) == 0 && c.Standing.Why != "" {
		notes = append(notes, l.words(c.Standing.Why))
	}
	switch s := &c.Standing; {
	case s.Direction == lag.Draining:
		notes = append(notes, text.Own("draining, empty in ").Add(text.Span(s.Left)))
	case s.Trend() != "" && total.Lag > 0:
		note("%s", s.Trend())
	}
	if s := &c.Standing; s.In.Known && total.Lag > 0 {
		notes = append(notes, text.Short(s.In.PerSecond).Add(text.Own("/s in, "), text.Short(s.Out.PerSecond), text.Own("/s out")))
	}
	if total.Known < total.Of && c.Lag.Queue == nil {
		note("%d of %d partitions known", total.Known, total.Of)
	}
	if c.Lag.MembersKnown {
		n := len(c.Lag.Members)
		notes = append(notes, text.Plural(n, text.Own(" member"), text.Own(" members")))
	}
	if total.Unread > 0 && len(c.Lag.Members) > 0 {
		notes = append(notes, text.Plural(total.Unread, text.Own(" partition"), text.Own(" partitions")).Add(text.Own(" without a member")))
	}
	if total.Left > 0 {
		notes = append(notes, text.Count(total.Left).Add(text.Own(" in topics that no member reads any more")))
	}
	if c.Lag.Protocol != "" {
		note("a group of type %s", c.Lag.Protocol)
	}
	return notes
}

// LogName is a partition as positions write it, or a queue.
func LogName(log *consumer.LogLag) string {
	if log.Partition < 0 {
		return log.Destination
	}
	return log.Destination + "/" + strconv.Itoa(int(log.Partition))
}

// log appends the line of one log.
func (l *textLines) log(dst []byte, c *Lag, log *consumer.LogLag, s *lag.Standing) []byte {
	cells := []text.Safe{
		l.cell(lagStateColumn, text.Own("  ").Add(l.words(s.State.String()))),
		l.cell(consumerColumn, text.Own("  ").Add(l.words(LogName(log)))),
		l.cell(kindColumn, text.Safe{}),
		right(counted(log.Lag, log.State.Counted()), 13),
		right(behindFor(s), 11),
		right(offsets(c.Lag.Kind, log), 18),
		l.cell(memberColumn, l.words(memberOf(&c.Lag, log))),
	}
	notes := []text.Safe{l.words(s.Why)}
	if depth := c.Lag.Queue; depth != nil && s.Why == "" || depth != nil && s.State == consumer.LagBehind {
		notes = append(notes, counted(depth.Ready, depth.Ready >= 0).Add(text.Own(" ready, "), counted(depth.Unacked, depth.Unacked >= 0), text.Own(" not acknowledged")))
	}
	if log.Left {
		notes = append(notes, text.Own("no member reads the topic any more"))
	}
	if log.LastStable >= 0 && log.LastStable < log.End {
		notes = append(notes, text.Own("readers of committed transactions end at ").Add(text.Count(log.LastStable), l.open(log.Open)))
	}
	role, _ := l.theme.Lag(s.State)
	return l.line(dst, cells, text.Join(text.Own("; "), notes...), l.looks(role)...)
}

// offsets is how far a consumer is in a log. Those of RabbitMQ have no offsets.
func offsets(kind consumer.Kind, log *consumer.LogLag) text.Safe {
	if kind == consumer.QueueConsumers || kind == consumer.StreamConsumer {
		return text.Safe{}
	}
	return counted(log.Committed, log.Committed >= 0).Add(text.Own(" of "), counted(log.End, log.End >= 0))
}

// open names the transaction that holds readers up.
func (l *textLines) open(t *consumer.Transaction) text.Safe {
	if t == nil {
		return text.Safe{}
	}
	words := text.Own(", for ").Add(l.words(t.String()))
	if t.Hangs {
		return words.Add(text.Own(" hangs: it has ended, and the partition was not told"))
	}
	words = words.Add(text.Own(" is open"))
	if !t.Since.IsZero() {
		words = words.Add(text.Own(" since "), text.Moment(t.Since.Local()))
	}
	return words
}
