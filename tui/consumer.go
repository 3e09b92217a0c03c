package tui

import (
	"errors"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/text"
)

// consumerKey names a consumer: of two kinds there may be one of each name.
type consumerKey struct {
	source string
	kind   adapters.ConsumerKind
	group  string
}

// consumer is a group or queue as it was last seen. It never changes.
type consumer struct {
	consumerKey
	broker   adapters.Broker
	lag      adapters.Lag
	total    adapters.Total
	standing tracing.LagStanding
	partly   bool                  // the seconds may be more: they are not known of all logs
	logs     []tracing.LagStanding // one for each of lag.Logs
	trend    []float64             // of the lag, a value every trendStep, the newest last
	words    string                // what the filter looks in, in lower case
	err      error
	short    bool // there was no room for its logs
}

const (
	// lagTrend is how many values the line of a lag has, and lagStep the time between two.
	lagTrend, lagStep = 20, 15 * time.Second
	// mostWords bounds how many destinations and members of a consumer the filter knows.
	mostWords = 50
)

// stand judges a consumer that was observed last.
func (s *lagSurvey) stand(source *Source, lag adapters.Lag, err error, now time.Time) *consumer {
	c := &consumer{consumerKey: consumerKey{source.Name, lag.Kind, lag.Group}, broker: source.Broker, lag: lag, total: lag.Total(), err: err}
	switch {
	case len(lag.Logs) == 0 && errors.Is(err, adapters.ErrNotAuthorized):
		c.standing.State, c.total.Of = adapters.LagNotAllowed, 1
	case len(lag.Logs) == 0 && err != nil:
		c.standing.State, c.total.Of = adapters.LagUnknown, 1
	default:
		for i := range lag.Logs {
			l := &lag.Logs[i]
			standing := s.series.Log(source.Name, &lag, l, now)
			c.partly = c.partly || !standing.SecondsKnown && !l.Left && (l.Lag > 0 || !l.State.Counted())
			c.logs = append(c.logs, standing)
		}
		c.standing = s.series.Group(&lag, c.logs)
		if c.standing.Why == "" {
			c.standing.Why = c.whyOfMost()
		}
	}
	if c.total.Known > 0 {
		c.trend = trendOf(s.series.Recent(source.Name, lag.Kind, lag.Group), now)
	}
	c.words = c.listed()
	return c
}

// whyOfMost is what is said of the log with most to read.
func (c *consumer) whyOfMost() string {
	most, why := int64(-1), ""
	for i := range c.lag.Logs {
		if l := &c.lag.Logs[i]; !l.Left && l.Lag > most {
			most, why = l.Lag, c.logs[i].Why
		}
	}
	return why
}

// trendOf are lags at equal distances, none before the first look.
func trendOf(samples []tracing.Sample, now time.Time) (values []float64) {
	next := 0
	for i := lagTrend - 1; i >= 0; i-- {
		end := now.Truncate(lagStep).Add(-time.Duration(i-1) * lagStep)
		for next < len(samples) && samples[next].At.Before(end) {
			next++
		}
		if next > 0 {
			values = append(values, float64(samples[next-1].Lag))
		}
	}
	return values
}

// listed is what the pages show of a consumer, in lower case.
func (c *consumer) listed() string {
	words := []string{c.group, c.source, string(c.kind), c.lag.Phase, c.lag.Protocol, c.standing.State.String(), c.standing.Direction.String()}
	last := ""
	for i := range c.lag.Logs {
		if l := &c.lag.Logs[i]; l.Destination != last && len(words) < mostWords {
			last = l.Destination
			words = append(words, last)
		}
	}
	for i := range c.lag.Members[:min(len(c.lag.Members), mostWords)] {
		words = append(words, c.lag.Members[i].String())
	}
	return strings.ToLower(strings.Join(words, "\n"))
}

// unknown is a consumer of which nothing was heard for too long.
func (c *consumer) unknown() *consumer {
	if c.standing.State == adapters.LagUnknown && c.total.Known == 0 {
		return c
	}
	n := &consumer{consumerKey: c.consumerKey, broker: c.broker, words: c.words, err: c.err}
	n.lag = adapters.Lag{Kind: c.kind, Group: c.group, At: c.lag.At}
	n.total = adapters.Total{Of: max(1, c.total.Of)}
	n.standing = tracing.LagStanding{State: adapters.LagUnknown, Why: "nothing was heard of it since " + text.Clock(c.lag.At.Local()).String()}
	return n
}

// inPart says that the lag is known of some logs only, or that it is said of each log why
// it is not.
func (c *consumer) inPart() bool { return c.total.Known < c.total.Of && len(c.lag.Logs) > 0 }

// keepsUp says that what is left is merely on its way, so that it is no news whether it is
// a message more or less than before.
func (c *consumer) keepsUp() bool {
	const onItsWay = 2 // seconds
	isWell := c.standing.State == adapters.LagOK || c.standing.State == adapters.LagBehind
	return isWell && !c.partly && c.standing.SecondsKnown && c.standing.Seconds < onItsWay
}

// moves says that the lag grows or drains, and that this is news.
func (c *consumer) moves() bool {
	d := c.standing.Direction
	return (d == tracing.Growing || d == tracing.Draining) && c.total.Lag > 0 && !c.keepsUp()
}

// like says that two looks at a consumer are shown alike.
func (c *consumer) like(other *consumer) bool {
	return c == other || c.consumerKey == other.consumerKey && c.total == other.total && c.partly == other.partly && c.short == other.short &&
		sameError(c.err, other.err) && sameStanding(&c.standing, &other.standing) && c.lag.Phase == other.lag.Phase &&
		c.lag.MembersKnown == other.lag.MembersKnown && slices.Equal(c.lag.Members, other.lag.Members) && slices.Equal(c.trend, other.trend) &&
		sameDepth(c.lag.Queue, other.lag.Queue) && slices.EqualFunc(c.lag.Logs, other.lag.Logs, sameLog) &&
		slices.EqualFunc(c.logs, other.logs, func(a, b tracing.LagStanding) bool { return sameStanding(&a, &b) })
}

func sameLog(a, b adapters.LogLag) bool {
	a.Open, b.Open, a.Oldest, b.Oldest = nil, nil, time.Time{}, time.Time{} // told by standings
	return a == b
}

func sameDepth(a, b *adapters.QueueDepth) bool { return a == b || a != nil && b != nil && *a == *b }

// sameStanding compares what is shown: seconds are whole ones, and rates are short.
func sameStanding(a, b *tracing.LagStanding) bool {
	return a.State == b.State && a.Why == b.Why && a.Direction == b.Direction && secondsText(a, false) == secondsText(b, false) &&
		rateText(a.In) == rateText(b.In) && rateText(a.Out) == rateText(b.Out) && leftText(a.Left) == leftText(b.Left)
}

// unknownText stands where nobody knows.
var unknownText = text.Own("?")

// lagText is a lag in messages, with a plus where more may be left than is known.
func lagText(total *adapters.Total) text.Safe {
	switch {
	case total.Of == 0:
		return text.Own("-")
	case total.Known == 0:
		return unknownText
	case total.Known < total.Of:
		return text.Count(total.Lag).Add(text.Own("+"))
	}
	return text.Count(total.Lag)
}

// secondsText is how many seconds behind, with a plus where it may be more.
func secondsText(s *tracing.LagStanding, partly bool) text.Safe {
	if !s.SecondsKnown {
		return unknownText
	}
	behind := time.Duration(s.Seconds * float64(time.Second))
	value := leftText(behind)
	switch {
	case behind == 0:
		value = text.Own("0 s")
	case behind < time.Second:
		value = text.Own("<1 s")
	}
	if partly {
		value = value.Add(text.Own("+"))
	}
	return value
}

// leftText is a duration in whole seconds.
func leftText(d time.Duration) text.Safe { return text.Span(max(time.Second, d.Round(time.Second))) }

// rateText is messages a second: below ten with one decimal.
func rateText(r adapters.Rate) text.Safe {
	switch {
	case !r.Known:
		return unknownText
	case r.PerSecond > 0 && r.PerSecond < 9.95:
		return text.Tenths(r.PerSecond)
	}
	return text.Short(r.PerSecond)
}
