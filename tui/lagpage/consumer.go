package lagpage

import (
	"slices"
	"strings"
	"time"

	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tui/page"
	"eventscope/tui/text"
)

// consumerLag is a group or queue as it was last seen. It never changes.
type consumerLag struct {
	lag.Consumer
	partly bool      // the seconds may be more: they are not known of all logs
	trend  []float64 // of the lag, a value every lagStep, the newest last
	words  string    // what the filter looks in, in lower case
	short  bool      // there was no room for its logs
}

// lagTrend is how many values the line of a lag has, and lagStep the time between two.
const lagTrend, lagStep = 20, 15 * time.Second

// describe is how a consumer is shown, whose lags of the last minutes are in series.
func describe(found *lag.Consumer, series *lag.Series, now time.Time) *consumerLag {
	c := &consumerLag{Consumer: *found}
	if len(c.Lag.Logs) == 0 && c.Standing.Unsure {
		c.Total.Of = 1
	}
	for i := range c.Logs {
		l := &c.Lag.Logs[i]
		c.partly = c.partly || !c.Logs[i].SecondsKnown && !l.Left && (l.Lag > 0 || !l.State.Counted())
	}
	if c.Standing.Why == "" {
		c.Standing.Why = c.whyOfMost()
	}
	if c.Total.Known > 0 {
		c.trend = trendOf(series.Recent(c.Source, c.Lag.Kind, c.Lag.Group), now)
	}
	c.words = c.listed()
	return c
}

// whyOfMost is what is said of the log with most to read.
func (c *consumerLag) whyOfMost() string {
	most, why := int64(-1), ""
	for i := range c.Lag.Logs {
		if l := &c.Lag.Logs[i]; !l.Left && l.Lag > most {
			most, why = l.Lag, c.Logs[i].Why
		}
	}
	return why
}

// trendOf are lags at equal distances, none before the first look.
func trendOf(samples []lag.Sample, now time.Time) (values []float64) {
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
func (c *consumerLag) listed() string {
	words := []string{c.Lag.Group, c.Source, string(c.Lag.Kind), c.Lag.Phase, c.Lag.Protocol, c.Standing.State.String(), c.Standing.Direction.String()}
	last := ""
	for i := range c.Lag.Logs {
		if l := &c.Lag.Logs[i]; l.Destination != last {
			last = l.Destination
			words = append(words, last)
		}
	}
	for i := range c.Lag.Members {
		words = append(words, c.Lag.Members[i].String())
	}
	return strings.ToLower(strings.Join(words, "\n"))
}

// unknown is a consumer of which nothing was heard for too long.
func (c *consumerLag) unknown() *consumerLag {
	if c.Standing.State == consumer.LagUnknown && c.Total.Known == 0 {
		return c
	}
	n := &consumerLag{Consumer: c.Unheard(), words: c.words}
	n.Total.Of, n.Err = max(1, c.Total.Of), c.Err
	return n
}

// inPart reports whether the lag is known of some logs only, or it is said of each log why
// it is not.
func (c *consumerLag) inPart() bool { return c.Total.Known < c.Total.Of && len(c.Lag.Logs) > 0 }

// keepsUp reports whether what is left is merely on its way, so that it is no news whether it is
// a message more or less than before.
func (c *consumerLag) keepsUp() bool {
	const onItsWay = 2 // seconds
	isWell := c.Standing.State == consumer.LagOK || c.Standing.State == consumer.LagBehind
	return isWell && !c.partly && c.Standing.SecondsKnown && c.Standing.Seconds < onItsWay
}

// moves reports whether the lag grows or drains, and that is news.
func (c *consumerLag) moves() bool {
	d := c.Standing.Direction
	return (d == lag.Growing || d == lag.Draining) && c.Total.Lag > 0 && !c.keepsUp()
}

// like reports whether two looks at a consumer are shown alike.
func (c *consumerLag) like(other *consumerLag) bool {
	return c == other || c.Key() == other.Key() && c.Total == other.Total && c.partly == other.partly && c.short == other.short &&
		page.SameError(c.Err, other.Err) && sameStanding(&c.Standing, &other.Standing) && c.Lag.Phase == other.Lag.Phase &&
		c.Lag.MembersKnown == other.Lag.MembersKnown && slices.Equal(c.Lag.Members, other.Lag.Members) && slices.Equal(c.trend, other.trend) &&
		sameDepth(c.Lag.Queue, other.Lag.Queue) && slices.EqualFunc(c.Lag.Logs, other.Lag.Logs, sameLog) &&
		slices.EqualFunc(c.Logs, other.Logs, func(a, b lag.Standing) bool { return sameStanding(&a, &b) })
}

func sameLog(a, b consumer.LogLag) bool {
	a.Open, b.Open, a.Oldest, b.Oldest = nil, nil, time.Time{}, time.Time{} // told by standings
	return a == b
}

func sameDepth(a, b *consumer.QueueDepth) bool { return a == b || a != nil && b != nil && *a == *b }

// sameStanding compares what is shown: seconds are whole ones, and rates are short.
func sameStanding(a, b *lag.Standing) bool {
	return a.State == b.State && a.Why == b.Why && a.Direction == b.Direction && secondsText(a, false) == secondsText(b, false) &&
		page.RateText(a.In) == page.RateText(b.In) && page.RateText(a.Out) == page.RateText(b.Out) && leftText(a.Left) == leftText(b.Left)
}

// secondsText is how many seconds behind, with a plus where it may be more.
func secondsText(s *lag.Standing, partly bool) text.Safe {
	if !s.SecondsKnown {
		return page.Unknown
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
