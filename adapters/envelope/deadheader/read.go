package deadheader

import (
	"bytes"
	"encoding/binary"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"eventscope/adapters"
	"eventscope/adapters/envelope/spelling"
)

// maxWords bounds an exception's message, in bytes.
const maxWords = 4096

// Read reads what the headers of a dead letter say, and whether m may be one. Headers of a
// dead-letter writer make it one; Identity.DeadLetter of package envelope is the same test, but for
// messages that are tried again. Without such headers a message of a destination that is named like
// a dead-letter one may still be one, of confidence [NameOnly]: the name alone proves nothing.
//
// Where several writers have written, the first tells the origin and the last why it
// died. Where one has written several times, as Spring does at each hop, likewise.
// Strings are UTF-8, at most [spelling.MaxID] bytes, the message 4096.
func Read(m *adapters.Message) (Info, bool) {
	d := Info{Confidence: Unknown}
	found := false
	for _, w := range writersOf(m) {
		found = true
		w.read(m, &d)
	}
	if readXDeath(m, &d) {
		found = true
	}
	name := m.Position.Destination
	if m.Properties != nil && m.Properties.Queue != "" {
		name = m.Properties.Queue
	}
	origin, ok := OriginByName(name)
	if d.Origin != "" {
		if d.OriginName() == origin {
			d.Confidence = Certain
		}
		return d, true
	}
	if ok {
		found = true
		if origin != "" {
			d.Origin, d.OriginFrom, d.Confidence = bounded(origin, spelling.MaxID), "destination name "+bounded(name, spelling.MaxID), NameOnly
		}
	}
	if !found {
		return Info{}, false
	}
	return d, true
}

// writersOf are the writers whose marks m has, in the order in which they wrote.
func writersOf(m *adapters.Message) []*writer {
	var found []*writer
	at := map[*writer]int{}
	for i := range spelling.Headers(m) {
		if len(m.Headers[i].Name) > spelling.LongestName {
			continue
		}
		lower := strings.ToLower(m.Headers[i].Name)
		for j := range writers {
			w := &writers[j]
			if _, known := at[w]; !known && spelling.MatchesAny(w.marks, lower) {
				at[w] = i
				found = append(found, w)
			}
		}
	}
	sort.SliceStable(found, func(a, b int) bool { return at[found[a]] < at[found[b]] })
	return found
}

// read adds what the writer says to d.
func (w *writer) read(m *adapters.Message, d *Info) {
	if d.Origin == "" {
		w.origin(m, d)
	}
	take := func(fact fact, limit int, into *string) {
		if text, _, ok := w.text(m, fact, false); ok {
			*into = bounded(text, limit)
		}
	}
	take(reason, spelling.MaxID, &d.Reason)
	take(exception, spelling.MaxID, &d.Exception)
	take(words, maxWords, &d.Message)
	take(group, spelling.MaxID, &d.Group)
	if n, ok := w.number(m, attempts, false); ok && n > 0 && n < 1<<31 {
		d.Attempts = int(n)
	}
	if t, ok := w.time(m, firstAt); ok {
		d.FirstAt = t
	}
	if t, ok := w.time(m, lastAt); ok {
		d.LastAt = t
	}
	d.Writer = w.name
}

// origin adds where it died first.
func (w *writer) origin(m *adapters.Message, d *Info) {
	name, header, ok := w.text(m, originName, true)
	if !ok || len(name) > spelling.MaxID || !utf8.ValidString(name) {
		return
	}
	d.Origin, d.OriginFrom, d.Confidence = name, "header "+header, Claimed
	d.Exchange, _, _ = w.text(m, originExchange, true)
	d.RoutingKey, _, _ = w.text(m, originKey, true)
	d.Exchange, d.RoutingKey = bounded(d.Exchange, spelling.MaxID), bounded(d.RoutingKey, spelling.MaxID)
	partition, ok := w.number(m, originPartition, true)
	if !ok || partition < 0 || partition >= 1<<31 {
		return
	}
	offset, ok := w.number(m, originOffset, true)
	if !ok || offset < 0 {
		return
	}
	d.OriginAt = adapters.Position{Destination: name, Partition: int32(partition), Offset: offset}
	d.Origin = d.OriginAt.String()
}

// value is the first header, or the last, that holds a fact, with its encoding.
func (w *writer) value(m *adapters.Message, fact fact, first bool) (adapters.Header, encoding, bool) {
	headers := spelling.Headers(m)
	for _, c := range w.clues {
		if c.fact != fact {
			continue
		}
		for i := range headers {
			h := &headers[i]
			if !first {
				h = &headers[len(headers)-1-i]
			}
			if len(h.Value) > 0 && strings.EqualFold(h.Name, c.header) {
				return *h, c.encoding, true
			}
		}
	}
	return adapters.Header{}, 0, false
}

func (w *writer) text(m *adapters.Message, fact fact, first bool) (text, header string, ok bool) {
	h, encoding, ok := w.value(m, fact, first)
	if !ok {
		return "", "", false
	}
	value := h.Value[:min(len(h.Value), maxWords+utf8.UTFMax)]
	switch encoding {
	case asAddress:
		value = spelling.Segment(value)
	case asARN:
		value = value[bytes.LastIndexByte(value, ':')+1:]
	case asQueue:
		value = spelling.FirstOf(value, '@')
	case asConnector:
		value = append([]byte("connect-"), value...)
	case asLine:
		value = spelling.FirstOf(value, '\n')
	case asStack:
		value = spelling.FirstOf(spelling.FirstOf(spelling.FirstOf(value, '\n'), ':'), ' ')
	}
	text = strings.TrimSpace(string(value))
	return text, bounded(h.Name, spelling.MaxID), text != ""
}

func (w *writer) number(m *adapters.Message, fact fact, first bool) (int64, bool) {
	h, encoding, ok := w.value(m, fact, first)
	if !ok {
		return 0, false
	}
	switch {
	case encoding == asInt32 && len(h.Value) == 4:
		return int64(int32(binary.BigEndian.Uint32(h.Value))), true
	case encoding == asInt64 && len(h.Value) == 8:
		return int64(binary.BigEndian.Uint64(h.Value)), true
	case encoding == asNumber && len(h.Value) <= 20:
		n, err := strconv.ParseInt(string(h.Value), 10, 64)
		return n, err == nil
	}
	return 0, false
}

func (w *writer) time(m *adapters.Message, fact fact) (time.Time, bool) {
	h, _, ok := w.value(m, fact, false)
	if !ok {
		return time.Time{}, false
	}
	return spelling.Time(h.Value)
}

// bounded is s as valid UTF-8 of at most limit bytes, not ending within a rune.
func bounded(s string, limit int) string {
	if len(s) > limit {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
	return strings.ToValidUTF8(s, "?")
}
