package compare

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/spelling"
	"eventscope/adapters/payload"
)

// Varies is why a field differs between any two events.
type Varies string

// The reasons.
const (
	ByID       Varies = "id"
	ByTime     Varies = "time"
	ByPosition Varies = "position"
)

// known reads what is known of a side.
func (c *Comparer) known(s *Side) *known {
	k := &known{at: s.Event.Time}
	add := func(id string) {
		if id != "" {
			k.ids = append(k.ids, []byte(id))
		}
	}
	add(s.Event.FlowID)
	add(s.Event.Entity)
	if s.Message != nil {
		var id envelope.Identity
		c.reader.Read(s.Message, &id)
		for _, f := range []envelope.Field{id.ID, id.Flow, id.Cause, id.Entity, id.Trace} {
			add(string(f.Value))
		}
		if k.at.IsZero() {
			k.at = id.Time
		}
	}
	slices.SortFunc(k.ids, func(a, b []byte) int { return cmp.Or(cmp.Compare(len(b), len(a)), bytes.Compare(a, b)) })
	k.ids = slices.CompactFunc(k.ids, bytes.Equal)
	return k
}

// varies says why a field that is in both differs between any two events, or nothing.
func (c *comparison) varies(in Place, name string, a, b []byte) Varies {
	if a == nil || b == nil {
		return ""
	}
	if in == InEvent && name == "position" {
		return ByPosition
	}
	if in == InEvent && name == "time" {
		return ByTime
	}
	a, b = payload.Unquoted(a), payload.Unquoted(b)
	switch {
	case c.a.isNear(a) && c.b.isNear(b):
		return ByTime
	case in == InHeader && hasSuffix(name, "timestamp"):
		return ByTime
	case in == InHeader && (hasSuffix(name, "offset") || hasSuffix(name, "partition")):
		return ByPosition
	case isRandom(a) && isRandom(b), haveRandomEnds(a, b), c.a.isOwn(a) && c.b.isOwn(b), bytes.Equal(c.a.without(a), c.b.without(b)):
		return ByID
	}
	return ""
}

func hasSuffix(name, suffix string) bool { return strings.HasSuffix(strings.ToLower(name), suffix) }

// near is how far a time of an event may be from that of its message.
const near = 24 * time.Hour

// isNear reports whether a text is a time of about when the event was.
func (k *known) isNear(text []byte) bool {
	at, ok := spelling.Time(text)
	return ok && (k.at.IsZero() || at.Sub(k.at).Abs() <= near)
}

// isOwn reports whether a text is one of the ids.
func (k *known) isOwn(text []byte) bool {
	return slices.ContainsFunc(k.ids, func(id []byte) bool { return bytes.EqualFold(id, text) })
}

// leastID is the length from which on an id is looked for in longer texts: a short one is in many.
const leastID = 6

// without is a text with a sign in the place of each id of the event.
func (k *known) without(text []byte) []byte {
	for _, id := range k.ids {
		if len(id) >= leastID {
			text = bytes.ReplaceAll(text, id, []byte{0})
		}
	}
	return text
}

// isRandom reports whether a text looks like an id that a program made: a UUID, a ULID, a trace context
// or some other long number of hexadecimal digits.
func isRandom(text []byte) bool {
	const ulid, leastDigits, most = 26, 16, 128
	if len(text) < leastDigits || len(text) > most {
		return false
	}
	digits, hex := 0, true
	for _, c := range text {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c|0x20 && c|0x20 <= 'f', c == '-':
		case 'g' <= c|0x20 && c|0x20 <= 'z':
			hex = false
		default:
			return false
		}
	}
	return digits > 0 && (hex && !decimal(text) || len(text) == ulid && !bytes.ContainsRune(text, '-'))
}

// haveRandomEnds reports whether two texts begin alike and end in such a number: tx-a7f8de37.
func haveRandomEnds(a, b []byte) bool {
	atA, atB := bytes.LastIndexAny(a, "-_.:/")+1, bytes.LastIndexAny(b, "-_.:/")+1
	return atA > 0 && bytes.Equal(a[:atA], b[:atB]) && isHex(a[atA:]) && isHex(b[atB:])
}

// isHex reports whether a text is a number of eight hexadecimal digits or more, not all of them decimal.
func isHex(text []byte) bool {
	const least = 8
	return len(text) >= least && len(bytes.Trim(text, "0123456789abcdefABCDEF")) == 0 && bytes.ContainsAny(text, "0123456789") && !decimal(text)
}

// decimal reports whether a text is a number, which may be an amount.
func decimal(text []byte) bool {
	return len(bytes.Trim(text, "0123456789")) == 0
}
