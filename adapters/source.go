package adapters

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// Broker is a kind of broker, by the name that [Driver.Broker] gives it. Its text is what the
// "broker" field of an event line says.
type Broker string

// Tailer delivers messages as they come.
type Tailer interface {
	// Run delivers batches to the intake from start on, until ctx ends, and then
	// returns nil. It reconnects by itself for as long as it takes and reports that
	// in Status; it returns an error only for what waiting cannot mend (permission,
	// unknown destination, a start the broker cannot serve). Back-pressure of the
	// intake reaches the broker. Run is called at most once at a time.
	Run(ctx context.Context, start Start, intake Intake) error
}

// Scanner reads history and ends.
type Scanner interface {
	// Scan delivers what lies in span and returns nil when it has reached the end
	// that each log had when the scan began (its high watermark), or span's own end.
	// Several scans may run at once, beside Run.
	Scan(ctx context.Context, span Range, intake Intake) error
}

// Fetcher reads single messages again.
type Fetcher interface {
	// Fetch yields the messages at the positions given, in that order, each with its
	// own error: ErrGone where retention has taken it, ErrUnsupported where the
	// broker cannot read by position. A yielded message is the caller's to keep. The
	// sequence ends early only when the caller stops or ctx ends (the last error is
	// then ctx's). Positions that lie near each other are read together.
	Fetch(ctx context.Context, positions []Position) iter.Seq2[Message, error]
}

// Estimator says how much a scan will read.
type Estimator interface {
	// Estimate is the number of messages that span holds now, at most: compaction
	// and transactions leave gaps in offsets. It is for progress bars.
	Estimate(ctx context.Context, span Range) (int64, error)
}

// Start is where a tail begins in every log. The zero value is End.
type Start struct {
	kind   startKind
	time   time.Time
	ago    time.Duration
	newest int
}

type startKind uint8

const (
	startEnd startKind = iota
	startBeginning
	startTime
	startAgo
	startNewest
)

var (
	// End starts behind the newest message.
	End = Start{}
	// Beginning starts at the oldest message that is still there.
	Beginning = Start{kind: startBeginning}
)

// At starts at the first message whose broker time is not before t.
func At(t time.Time) Start { return Start{kind: startTime, time: t} }

// Ago starts d before the moment at which the reading begins.
func Ago(d time.Duration) Start { return Start{kind: startAgo, ago: d} }

// Newest starts so far before the end that about n messages of all logs together lie behind it:
// each log has a fair part of them, and what one does not need is for the others. Logs count by
// offsets, so that fewer may come where compaction or transactions left gaps.
func Newest(n int) Start {
	if n <= 0 {
		return End
	}
	return Start{kind: startNewest, newest: n}
}

// Newest is how many messages a start by number means; 0 for every other.
func (s Start) Newest() int { return s.newest }

// IsEnd reports whether nothing older than now is wanted.
func (s Start) IsEnd() bool { return s.kind == startEnd }

// IsBeginning reports whether everything is wanted.
func (s Start) IsBeginning() bool { return s.kind == startBeginning }

// Time is the time a start by time or age means at now; ok is false for all others.
func (s Start) Time(now time.Time) (t time.Time, ok bool) {
	switch s.kind {
	case startTime:
		return s.time, true
	case startAgo:
		return now.Add(-s.ago), true
	}
	return time.Time{}, false
}

// String prints s as [ParseStart] reads it, or a start by number in words.
func (s Start) String() string {
	switch s.kind {
	case startBeginning:
		return "beginning"
	case startTime:
		return s.time.Format(time.RFC3339Nano)
	case startAgo:
		return "-" + s.ago.String()
	case startNewest:
		return fmt.Sprintf("the newest %d messages", s.newest)
	}
	return "end"
}

// ParseStart reads "beginning", "end", an age such as "-10m", or an RFC 3339 time.
func ParseStart(text string) (Start, error) {
	switch text {
	case "end":
		return End, nil
	case "beginning":
		return Beginning, nil
	}
	if age, err := time.ParseDuration(text); err == nil && age <= 0 && -age >= 0 { // the least duration has no opposite
		return Ago(-age), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return At(t), nil
	}
	return Start{}, fmt.Errorf("%q is not a start: use beginning, end, an age such as -10m, or a time such as 2026-01-31T09:30:00Z", text)
}

// Range is a part of history.
type Range struct {
	// From is where to begin; End would read nothing.
	From Start
	// Until, if not zero, leaves out messages whose broker time is at or after it.
	// Brokers do not sort by time, so messages near it are read and then left out.
	Until time.Time
	// Destinations, if not empty, narrows the scan to these.
	Destinations []string
	// Except names destinations to leave out.
	Except []string
	// Key, if not nil, allows the adapter to leave out partitions that cannot hold
	// this message key. It is a hint: what is delivered still needs to be checked.
	Key []byte
	// KeyRank says which of the partitions that Key may be in, according to the
	// partitioners in use, is read: 0 is the most likely one.
	KeyRank int
	// Partitions, if not empty, narrows the scan of each destination to these.
	Partitions []int32
	// FromOffsets, if not nil, replaces From for the logs it names.
	FromOffsets map[Log]int64
	// UntilOffsets, if not nil, narrows the scan to the logs it names, and each to what lies
	// before its offset.
	UntilOffsets map[Log]int64
}

// Log is one append-only log: a partition of a Kafka topic, or a stream with
// NoPartition.
type Log struct {
	Destination string
	Partition   int32
}

// Shares is how many messages before its end each log gives to a start by number: n in all, or
// somewhat more where there are more logs than that, since each that has any gives one. Held is
// what each log has.
func Shares(n int, held map[Log]int64) map[Log]int64 {
	logs := slices.SortedFunc(maps.Keys(held), func(a, b Log) int {
		return cmp.Or(cmp.Compare(held[a], held[b]), strings.Compare(a.Destination, b.Destination), cmp.Compare(a.Partition, b.Partition))
	})
	shares := make(map[Log]int64, len(logs))
	left := int64(n)
	for i, log := range logs {
		fair := max(1, left/int64(len(logs)-i))
		shares[log] = max(0, min(held[log], fair))
		left -= shares[log]
	}
	return shares
}
