package tracing

import (
	"fmt"
	"time"

	"eventscope/adapters"
)

// Direction says what becomes of a lag.
type Direction uint8

const (
	// DirectionUnknown: there were too few looks to say.
	DirectionUnknown Direction = iota
	// Steady: it neither grows nor shrinks.
	Steady
	// Growing: more comes than is done.
	Growing
	// Draining: more is done than comes.
	Draining
)

// String is the direction in a word.
func (d Direction) String() string { return [...]string{"unknown", "steady", "growing", "draining"}[d] }

// LagStanding is how a consumer stands in one log, or in all.
type LagStanding struct {
	State adapters.LagState
	// Why explains State in a clause.
	Why string

	// Seconds is how long ago the message came that is to be read next, in seconds, if
	// SecondsKnown. Of a group it is that of the log where it is longest.
	Seconds      float64
	SecondsKnown bool

	// In and Out are messages a second that came and were done.
	In, Out adapters.Rate
	// Direction is what becomes of the lag, and Left is how long it takes until it is zero
	// at this rate; only while it is draining.
	Direction Direction
	Left      time.Duration
}

// Log says how a consumer stands in one log of lag, which was observed last.
func (s *LagSeries) Log(source string, lag *adapters.Lag, l *adapters.LogLag, now time.Time) LagStanding {
	out := LagStanding{State: l.State, In: l.In, Out: l.Out}
	var p *progress
	if c := s.consumers[consumerKey{source, lag.Kind, lag.Group}]; c != nil {
		p = c.logs[l.Log]
	}
	ends := s.ends[sourceLog{source, l.Log}]
	if p != nil && l.State.Counted() {
		out.State, out.Why = s.judge(p, l, lag.MembersKnown, now.UnixNano())
		s.rates(&out, lag.Kind, p, ends, now)
	}
	if out.Why == "" {
		out.Why = s.explain(l)
	}
	out.direct(toDrain(lag, l.Lag))
	out.Seconds, out.SecondsKnown = s.seconds(l, p, ends, now)
	return out
}

// judge applies Burrow's rules in their order, to looks by our own clock rather than to
// commits: what is committed again without change cannot be seen, so members tell a
// consumer that stalls from one that stopped.
func (s *LagSeries) judge(p *progress, l *adapters.LogLag, known bool, now int64) (adapters.LagState, string) {
	window := int64(s.config.Window)
	patience := max(window, 2*p.usual())
	quiet := p.quiet(now)
	span := func(n int64) string { return time.Duration(n).Round(time.Second).String() }
	switch {
	case l.State != adapters.LagOK && l.State != adapters.LagBehind:
		return l.State, "" // one look is enough
	case l.Lag <= s.config.Allowed:
		return adapters.LagOK, "nothing left to read"
	case p.empty(l.Next(), l.End):
		return adapters.LagOK, "nothing left to read but marks of transactions"
	case quiet >= patience && p.frozen:
		return adapters.LagStall, fmt.Sprintf("waits for %s, open at offset %d, for %s", l.Open, l.Open.From, span(quiet))
	case quiet >= patience && !(known && p.member):
		who := ""
		if known {
			who = ", and nobody reads it"
		}
		return adapters.LagStop, fmt.Sprintf("nothing committed for %s with %d to read%s", span(quiet), l.Lag, who)
	case p.highest > 0:
		return adapters.LagRewind, fmt.Sprintf("went back from %d to %d, and has not regained it", p.highest, p.latest.done)
	case quiet >= patience:
		return adapters.LagStall, fmt.Sprintf("somebody reads it, and nothing was committed for %s with %d to read", span(quiet), l.Lag)
	case p.caughtUp():
		return adapters.LagOK, "caught up a moment ago"
	case p.neverFell(window):
		return adapters.LagWarn, "reads, and the lag did not shrink for " + span(p.latest.at-p.commits[0].at)
	case now-p.began < window:
		return adapters.LagBehind, "watched too shortly to say more"
	}
	return adapters.LagOK, "behind, and reading"
}

// explain is why a state needs no second look.
func (s *LagSeries) explain(l *adapters.LogLag) string {
	switch l.State {
	case adapters.LagNoOffset:
		return "nothing was ever committed"
	case adapters.LagAhead:
		return fmt.Sprintf("committed %d, and the log ends at %d: it was made again, or lost its end", l.Committed, l.End)
	case adapters.LagTruncated:
		return fmt.Sprintf("retention took %d that were never read", l.Lost)
	case adapters.LagBehind:
		return "watched too shortly to say more"
	}
	return l.Why
}

// rates takes the rates over the window, where the broker has none.
func (s *LagSeries) rates(out *LagStanding, kind adapters.ConsumerKind, p *progress, ends *endSeries, now time.Time) {
	since := now.Add(-s.config.Window).UnixNano()
	if ends != nil && !out.In.Known && kind != adapters.QueueConsumers {
		out.In.PerSecond, out.In.Known = ends.rate(since)
	}
	if !out.Out.Known && kind != adapters.QueueConsumers && p.highest == 0 {
		out.Out.PerSecond, out.Out.Known = p.done.rate(since)
	}
}

// toDrain is how much has to go until a lag is gone: of a queue what is ready, because its
// consumers hold about as much as long as there is more.
func toDrain(lag *adapters.Lag, all int64) int64 {
	if lag.Queue != nil && lag.Queue.Ready >= 0 {
		return lag.Queue.Ready
	}
	return all
}

// direct compares the rates.
func (l *LagStanding) direct(lag int64) {
	const alike = 0.01 // of the larger
	if !l.In.Known || !l.Out.Known {
		return
	}
	drain := l.Out.PerSecond - l.In.PerSecond
	switch slack := alike * max(l.In.PerSecond, l.Out.PerSecond); {
	case drain > slack && lag > 0:
		l.Direction = Draining
		l.Left = time.Duration(min(float64(lag)/drain, 1e9) * 1e9)
	case drain < -slack:
		l.Direction = Growing
	default:
		l.Direction = Steady
	}
}

// seconds is how long ago the next message came: by the ends that were seen, by the
// message itself where it is older than these, or unknown.
func (s *LagSeries) seconds(l *adapters.LogLag, p *progress, ends *endSeries, now time.Time) (float64, bool) {
	since := func(at int64) (float64, bool) { return max(0, time.Duration(now.UnixNano()-at).Seconds()), true }
	next := l.Next()
	switch {
	case !l.State.Counted():
		return 0, false
	case l.Lag == 0:
		return 0, true
	case !l.Oldest.IsZero():
		return since(l.Oldest.UnixNano())
	case p == nil || ends == nil || next < 0:
		return 0, false
	case p.empty(next, l.End):
		return 0, true
	case p.isTold && !p.nothing && p.told.n == next:
		return since(p.told.at)
	}
	before, isTold := p.before(next)
	at, ok := ends.reached(next, before, isTold)
	if !ok {
		return 0, false
	}
	return since(at)
}

// Wanted are the positions of a consumer whose next messages would tell how many seconds
// it is behind, because the ends that were seen do not reach back so far, or whether there
// is a next message at all. Each is to be given to Told.
func (s *LagSeries) Wanted(source string, lag *adapters.Lag, now time.Time) (positions []adapters.Position) {
	c := s.consumers[consumerKey{source, lag.Kind, lag.Group}]
	if c == nil {
		return nil
	}
	for i := range lag.Logs {
		l := &lag.Logs[i]
		p, ends, next := c.logs[l.Log], s.ends[sourceLog{source, l.Log}], l.Next()
		if p == nil || ends == nil || next < 0 || !l.State.Counted() || l.Lag == 0 || p.empty(next, l.End) || p.isTold && !p.nothing && p.told.n == next {
			continue
		}
		before, isTold := p.before(next)
		_, isKnown := ends.reached(next, before, isTold)
		stuck := p.quiet(now.UnixNano()) > int64(s.config.Window)/2
		if !isKnown || stuck {
			positions = append(positions, adapters.Position{Destination: l.Destination, Partition: l.Partition, Offset: next})
		}
	}
	return positions
}

// Group puts together how a consumer stands in all its logs, given how it stands in each.
func (s *LagSeries) Group(lag *adapters.Lag, logs []LagStanding) LagStanding {
	out := LagStanding{State: adapters.LagOK}
	if len(logs) == 0 {
		out.Why = "it reads nothing and has committed nothing"
	}
	total := lag.Total()
	complete := true
	for i, standing := range logs {
		if l := &lag.Logs[i]; l.Left || l.State == adapters.LagNoOffset && l.Start == l.End && total.Known > 0 {
			continue // nobody reads it, or there is nothing in it that could have been committed
		}
		if standing.State > out.State || standing.State == adapters.LagUnknown && out.State == adapters.LagOK {
			out.State, out.Why = standing.State, standing.Why
		}
		if standing.SecondsKnown {
			out.SecondsKnown, out.Seconds = true, max(out.Seconds, standing.Seconds)
		}
		if lag.Logs[i].State.Counted() {
			out.In.PerSecond += standing.In.PerSecond
			out.Out.PerSecond += standing.Out.PerSecond
			complete = complete && standing.In.Known && standing.Out.Known
		}
	}
	out.In.Known, out.Out.Known = complete && total.Known > 0, complete && total.Known > 0
	out.direct(toDrain(lag, total.Lag))
	return out
}

// Sample is a lag at a time.
type Sample struct {
	At  time.Time
	Lag int64
}

// Recent are the total lags of a consumer in the last minutes, oldest first.
func (s *LagSeries) Recent(source string, kind adapters.ConsumerKind, group string) (samples []Sample) {
	c := s.consumers[consumerKey{source, kind, group}]
	if c == nil {
		return nil
	}
	for _, p := range c.totals.list {
		samples = append(samples, Sample{time.Unix(0, p.at), p.n})
	}
	return samples
}
