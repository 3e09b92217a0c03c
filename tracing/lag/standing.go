package lag

import (
	"fmt"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/figure"
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

// NotDraining is the trend of who reads nothing and has something to read.
const NotDraining = "not draining"

// Trend is what becomes of the lag in a word, empty where nobody knows: the lag of who reads
// nothing is not steady for long.
func (s *Standing) Trend() string {
	switch {
	case s.Direction == DirectionUnknown:
		return ""
	case s.Direction == Steady && (s.State == consumer.LagStop || s.State == consumer.LagStall):
		return NotDraining
	}
	return s.Direction.String()
}

// Standing is how a consumer stands in one log, or in all.
type Standing struct {
	State consumer.LagState
	// Why explains State in a clause.
	Why string

	// Unread is how much is left to read, less what is known to be no messages, and Unsure
	// says that it may be more, because not all of it is known.
	Unread int64
	Unsure bool

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

// Stand says how a consumer stands that was observed last, in all and in each of its logs;
// err is what its source could not tell of it.
func (s *Series) Stand(source string, lag *consumer.Lag, err error, now time.Time) (all Standing, logs []Standing) {
	for i := range lag.Logs {
		logs = append(logs, s.log(source, lag, &lag.Logs[i], now))
	}
	if len(logs) == 0 {
		return standingOfNothing(lag, err), nil
	}
	all = Together(lag, logs)
	all.Unsure = all.Unsure || err != nil
	return all, logs
}

// log says how a consumer stands in one log.
func (s *Series) log(source string, lag *consumer.Lag, l *consumer.LogLag, now time.Time) Standing {
	out := Standing{State: l.State, In: l.In, Out: l.Out, Unread: l.Lag}
	out.Unsure = l.State == consumer.LagAhead || !l.State.Counted() && !(l.State == consumer.LagNoOffset && l.Start == l.End)
	var p *progress
	if c := s.consumers[Key{source, lag.Kind, lag.Group}]; c != nil {
		p = c.logs[l.Log]
	}
	ends := s.ends[sourceLog{source, l.Log}]
	if p != nil && l.State.Counted() {
		s.rates(&out, lag.Kind, p, ends, now)
	}
	out.direct(toDrain(lag, l.Lag))
	out.Seconds, out.SecondsKnown = s.seconds(l, p, ends, now)
	if p != nil && p.empty(l.Next(), l.End) {
		out.Unread = 0
	}
	if out.Unread == 0 && out.Direction == Growing { // by marks of transactions, or what was aborted
		out.Direction = Steady
	}
	out.State, out.Why = s.state(p, l, &out, lag, now.UnixNano())
	if out.Why == "" {
		out.Why = s.explain(l)
	}
	return out
}

// state applies Burrow's rules in their order, to looks by our own clock rather than to
// commits: what is committed again without change cannot be seen, so members tell a
// consumer that stalls from one that stopped.
func (s *Series) state(p *progress, l *consumer.LogLag, at *Standing, lag *consumer.Lag, now int64) (consumer.LagState, string) {
	switch {
	case l.State != consumer.LagOK && l.State != consumer.LagBehind:
		return l.State, "" // one look is enough
	case l.Lag <= s.config.Allowed:
		return consumer.LagOK, "nothing left to read"
	case at.Unread == 0:
		return consumer.LagOK, "nothing left to read but marks of transactions, or what was aborted"
	case p == nil && deserted(lag):
		return consumer.LagStop, nobodyReads(l)
	case p == nil:
		return l.State, ""
	}
	if state, why := s.still(p, l, lag, now); why != "" {
		return state, why
	}
	return s.moves(p, at, now)
}

// still judges a consumer that may have come to a stop; there is no why if it has not.
func (s *Series) still(p *progress, l *consumer.LogLag, lag *consumer.Lag, now int64) (consumer.LagState, string) {
	patience := max(int64(s.config.Window), 2*p.usual())
	quiet := p.quiet(now)
	switch {
	case quiet >= patience && p.frozen:
		return consumer.LagStall, fmt.Sprintf("waits for %s, open at offset %s, for %s", l.Open, figure.Count(l.Open.From), lasted(quiet))
	case quiet >= patience && !(lag.MembersKnown && p.member):
		who := ""
		if lag.MembersKnown {
			who = ", and nobody reads it"
		}
		return consumer.LagStop, fmt.Sprintf("nothing committed for %s with %s to read%s", lasted(quiet), figure.Count(l.Lag), who)
	case p.deserted && !p.alone:
		return consumer.LagStop, nobodyReads(l)
	case p.highest > 0:
		return consumer.LagRewind, fmt.Sprintf("went back from %s to %s, and has not regained it", figure.Count(p.highest), figure.Count(p.latest.done))
	case quiet >= patience:
		return consumer.LagStall, fmt.Sprintf("somebody reads it, and nothing was committed for %s with %s to read", lasted(quiet), figure.Count(l.Lag))
	}
	return consumer.LagUnknown, ""
}

// moves judges a consumer that reads and has something left to read. It is well only if
// that is on its way, or was seen to become no more.
func (s *Series) moves(p *progress, at *Standing, now int64) (consumer.LagState, string) {
	const onItsWay = 2 // seconds
	window := int64(s.config.Window)
	switch {
	case p.caughtUp(now, window/6):
		return consumer.LagOK, "caught up a moment ago"
	case p.caught > 0 && now-p.behind < window:
		return consumer.LagBehind, "behind for " + lasted(now-p.behind)
	case p.neverFell(window):
		return consumer.LagWarn, "reads, and the lag did not shrink for " + lasted(p.latest.at-p.commits[0].at)
	case now-p.began < window:
		return consumer.LagBehind, "not observed long enough"
	case at.SecondsKnown && at.Seconds < onItsWay:
		return consumer.LagOK, "behind, and reading"
	case p.grows():
		return consumer.LagWarn, "reads, and the lag grows"
	case at.Direction == DirectionUnknown:
		return consumer.LagBehind, "not observed long enough"
	}
	return consumer.LagOK, "behind, and reading"
}

func lasted(n int64) string { return figure.Span(time.Duration(n).Round(time.Second)) }

func nobodyReads(l *consumer.LogLag) string {
	return fmt.Sprintf("nobody reads it, and %s are left to read", figure.Count(l.Lag))
}

// explain is why a state needs no second look.
func (s *Series) explain(l *consumer.LogLag) string {
	switch l.State {
	case consumer.LagNoOffset:
		return "nothing was ever committed"
	case consumer.LagAhead:
		return fmt.Sprintf("committed %s, and the log ends at %s: it was made again, or lost its end", figure.Count(l.Committed), figure.Count(l.End))
	case consumer.LagTruncated:
		return fmt.Sprintf("retention took %s that were never read", figure.Count(l.Lost))
	case consumer.LagBehind:
		return "not observed long enough"
	}
	return l.Why
}

// rates takes the rates over the window, where the broker has none.
func (s *Series) rates(out *Standing, kind consumer.Kind, p *progress, ends *endSeries, now time.Time) {
	since := now.Add(-s.config.Window).UnixNano()
	if ends != nil && !out.In.Known && kind != consumer.QueueConsumers {
		out.In.PerSecond, out.In.Known = ends.rate(since)
	}
	if !out.Out.Known && kind != consumer.QueueConsumers && p.highest == 0 {
		out.Out.PerSecond, out.Out.Known = p.done.rate(since)
	}
}

// toDrain is how much has to go until a lag is gone: of a queue what is ready, because its
// consumers hold about as much as long as there is more.
func toDrain(lag *consumer.Lag, all int64) int64 {
	if lag.Queue != nil && lag.Queue.Ready >= 0 {
		return lag.Queue.Ready
	}
	return all
}

// direct compares the rates.
func (s *Standing) direct(lag int64) {
	const alike = 0.01 // of the larger
	if !s.In.Known || !s.Out.Known {
		return
	}
	drain := s.Out.PerSecond - s.In.PerSecond
	switch slack := alike * max(s.In.PerSecond, s.Out.PerSecond); {
	case drain > slack && lag > 0:
		s.Direction = Draining
		s.Left = time.Duration(min(float64(lag)/drain, 1e9) * 1e9)
	case drain < -slack:
		s.Direction = Growing
	default:
		s.Direction = Steady
	}
}

// longest is the most seconds that anyone is behind: about as many as a [time.Duration] can hold.
const longest = 9e9

// seconds is how long ago the next message came: by the ends that were seen, by the
// message itself where it is older than these, or unknown.
func (s *Series) seconds(l *consumer.LogLag, p *progress, ends *endSeries, now time.Time) (float64, bool) {
	since := func(at time.Time) (float64, bool) { return min(max(0, now.Sub(at).Seconds()), longest), true }
	next := l.Next()
	switch {
	case !l.State.Counted():
		return 0, false
	case l.Lag == 0:
		return 0, true
	case !l.Oldest.IsZero():
		return since(l.Oldest)
	case p == nil || ends == nil || next < 0:
		return 0, false
	case p.empty(next, l.End):
		return 0, true
	case p.isTold && !p.nothing && p.told.n == next:
		return since(time.Unix(0, p.told.at))
	}
	before, isTold := p.before(next)
	at, ok := ends.reached(next, before, isTold)
	if !ok {
		return 0, false
	}
	return since(time.Unix(0, at))
}

// Wanted are the positions of a consumer whose next messages would tell how many seconds
// it is behind, because the ends that were seen do not reach back so far, or whether there
// is a next message at all. Each is to be given to Told.
func (s *Series) Wanted(source string, lag *consumer.Lag, now time.Time) (positions []adapters.Position) {
	c := s.consumers[Key{source, lag.Kind, lag.Group}]
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
		stuck := p.deserted || p.quiet(now.UnixNano()) > int64(s.config.Window)/2
		if !isKnown || stuck {
			positions = append(positions, adapters.Position{Destination: l.Destination, Partition: l.Partition, Offset: next})
		}
	}
	return positions
}

// Sample is a lag at a time.
type Sample struct {
	At  time.Time
	Lag int64
}

// Recent are the total lags of a consumer in the last minutes, oldest first.
func (s *Series) Recent(source string, kind consumer.Kind, group string) (samples []Sample) {
	c := s.consumers[Key{source, kind, group}]
	if c == nil {
		return nil
	}
	for _, p := range c.totals.list {
		samples = append(samples, Sample{time.Unix(0, p.at), p.n})
	}
	return samples
}
