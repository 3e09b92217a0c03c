package consumer

// LagState says how a consumer stands in one log. The adapter says what one look shows;
// the names that need a second look (LagWarn to LagRewind) are Burrow's, and come from
// whoever keeps samples, or from a broker that keeps rates itself.
type LagState uint8

// The states, from the most harmless to the worst.
const (
	// LagUnknown: not asked yet, or it could not be told.
	LagUnknown LagState = iota
	// LagOK: nothing left to read, or keeping up.
	LagOK
	// LagNoOffset: nothing was ever committed. How much there is to read depends on where
	// the consumer would start, so there is no number.
	LagNoOffset
	// LagNotAllowed: the user may not see it.
	LagNotAllowed
	// LagBehind: something is left to read, and it was not observed long enough.
	LagBehind
	// LagWarn: it reads, and the lag does not shrink.
	LagWarn
	// LagRedeliver: much of what a queue delivers comes back.
	LagRedeliver
	// LagRebalance: its partitions are being given out anew, so not all of them are read.
	LagRebalance
	// LagAhead: what was committed lies behind the end, as when a topic was made again
	// under the same name, or an unclean election lost its end. The lag is 0.
	LagAhead
	// LagTruncated: retention took messages that were never read.
	LagTruncated
	// LagRewind: it went back and has not caught up with where it was.
	LagRewind
	// LagStall: there is somebody to read, and nothing moves.
	LagStall
	// LagStop: nothing moves, and there is nobody known to read.
	LagStop
)

var lagStateNames = [...]string{
	"UNKNOWN", "OK", "NO_OFFSET", "NOT_ALLOWED", "BEHIND", "WARN", "REDELIVER", "REBALANCE", "AHEAD", "TRUNCATED", "REWIND", "STALL", "STOP",
}

// LagStates are all states, in order.
var LagStates = func() (all []LagState) {
	for state := range lagStateNames {
		all = append(all, LagState(state))
	}
	return all
}()

// String is the state as a lag line has it.
func (l LagState) String() string {
	if int(l) < len(lagStateNames) {
		return lagStateNames[l]
	}
	return lagStateNames[LagUnknown]
}

// Counted reports whether there is a lag in numbers.
func (l LagState) Counted() bool {
	return l != LagUnknown && l != LagNoOffset && l != LagNotAllowed
}

// Classify sets State, Lag and Lost by the offsets of the log. It needs all of Start,
// Committed and End, and leaves an adapter's LagNotAllowed and the like alone when they are
// not there.
func (l *LogLag) Classify() {
	switch {
	case l.Start < 0 || l.End < 0:
		return
	case l.Committed < 0:
		l.State, l.Lag = LagNoOffset, 0
	case l.Committed > l.End:
		l.State, l.Lag = LagAhead, 0
	case l.Committed < l.Start:
		l.State, l.Lag, l.Lost = LagTruncated, l.End-l.Start, l.Start-l.Committed
	case l.Committed == l.End:
		l.State, l.Lag = LagOK, 0
	default:
		l.State, l.Lag = LagBehind, l.End-l.Committed
	}
}
