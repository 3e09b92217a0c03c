package output

import (
	"cmp"
	"slices"
	"time"

	"eventscope/adapters"
)

// ByTime are lines of output on their way into the order of their events' time. Brokers
// give history partition by partition, so all of it is kept until the end, or until it is
// more than most bytes: then the earlier half is let go. It belongs to one goroutine.
type ByTime struct {
	most  int
	text  []byte
	lines []timedLine
	last  map[logOf]int64 // of each log: a message without a time stands behind the one before it

	gone int64 // the time of the latest line that was let go
	late int64 // lines that came when later ones had been let go
}

type timedLine struct {
	at         int64 // Unix nanoseconds
	start, end int   // in text
}

type logOf struct {
	source string
	log    adapters.Log
}

// NewByTime keeps at most so many bytes.
func NewByTime(most int) *ByTime { return &ByTime{most: most, last: make(map[logOf]int64)} }

// Add takes a line that write appends, and lets go of the earlier ones if there are too many.
func (b *ByTime) Add(source string, m *adapters.Message, writer *Writer, write func(dst []byte) []byte) error {
	log := logOf{source, adapters.Log{Destination: m.Position.Destination, Partition: m.Position.Partition}}
	at := b.last[log]
	if !m.Time.IsZero() && m.Time.After(time.Unix(0, 0)) {
		at = m.Time.UnixNano()
	}
	b.last[log] = at
	if at < b.gone {
		b.late++
	}
	if b.text == nil {
		b.text = make([]byte, 0, b.most) // grown step by step it would leave as much behind
	}
	start := len(b.text)
	b.text = write(b.text)
	b.lines = append(b.lines, timedLine{at, start, len(b.text)})
	const perLine = 24                                  // beside its text
	if len(b.text)+perLine*len(b.lines) <= b.most/8*7 { // so that the next line fits, too
		return nil
	}
	return b.flush(writer, (len(b.lines)+1)/2)
}

// flush writes the earliest n lines and keeps the others, moved together in their order.
func (b *ByTime) flush(writer *Writer, n int) error {
	slices.SortStableFunc(b.lines, func(x, y timedLine) int { return cmp.Compare(x.at, y.at) })
	for _, line := range b.lines[:n] {
		if err := writer.Write(append(writer.Available(), b.text[line.start:line.end]...)); err != nil {
			return err
		}
		b.gone = line.at
	}
	kept := b.lines[n:]
	slices.SortFunc(kept, func(x, y timedLine) int { return cmp.Compare(x.start, y.start) })
	end := 0
	for i, line := range kept {
		n := copy(b.text[end:], b.text[line.start:line.end])
		kept[i] = timedLine{line.at, end, end + n}
		end += n
	}
	b.lines, b.text = append(b.lines[:0], kept...), b.text[:end]
	return nil
}

// All writes what is left.
func (b *ByTime) All(writer *Writer) error { return b.flush(writer, len(b.lines)) }

// Late is how many lines came when later ones had been let go.
func (b *ByTime) Late() int64 { return b.late }
