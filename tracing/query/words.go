package query

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"eventscope/adapters/payload"
)

// word is one bare word, made ready to be searched for.
type word struct {
	text string // in lower case when fold
	fold bool
	// pivot is the place in text of its rarest byte: the search jumps from one of
	// these to the next.
	pivot int
}

func newWord(text string) word {
	w := word{text: text, fold: strings.IndexFunc(text, unicode.IsUpper) < 0}
	for i := range len(text) {
		if commonness(text[i]) < commonness(text[w.pivot]) {
			w.pivot = i
		}
	}
	return w
}

// commonness ranks bytes by how often they stand in text and JSON, roughly.
func commonness(c byte) int {
	const common = `etaoinsrhldcumpgfyw0123456789-_",: .bvkjxqz`
	return len(common) - strings.IndexByte(common, c)
}

// matchWords reports whether each word is part of one of the fields that words search.
func matchWords(words []word, s *Subject) bool {
	for i := range words {
		if !words[i].matches(s) {
			return false
		}
	}
	return true
}

func (w *word) matches(s *Subject) bool {
	if id := s.Identity; id != nil {
		if w.inBytes(id.Type.Value) || w.inBytes(id.Service.Value) || w.inBytes(id.Flow.Value) || !id.Flow.Known() && w.inBytes(id.Entity.Value) {
			return true
		}
	}
	if e := s.Entry; e != nil {
		if w.in(e.Type) || w.in(e.Service) || w.in(e.Flow) || w.in(e.Position.Destination) {
			return true
		}
	}
	if d := s.DeadLetter; d != nil {
		if w.in(d.Reason) || w.in(d.Exception) || w.in(d.Message) || w.in(d.Origin) || w.in(d.Group) || w.in(d.Writer) {
			return true
		}
	}
	if slices.ContainsFunc(s.Shown, w.in) {
		return true
	}
	if m := s.Message; m != nil {
		return w.in(m.Position.Destination) || w.inBytes(payload.ReadableKey(m, mostOfValue)) || w.inBytes(payload.Readable(m, mostOfValue))
	}
	return false
}

// in reports whether a short text has the word.
func (w *word) in(text string) bool {
	if !w.fold {
		return strings.Contains(text, w.text)
	}
	for at := 0; at+len(w.text) <= len(text); at++ {
		if foldsTo(text[at:], w.text) {
			return true
		}
	}
	return false
}

// inBytes reports whether text, which may be long, has the word.
func (w *word) inBytes(text []byte) bool {
	if !w.fold {
		return bytes.Contains(text, []byte(w.text))
	}
	low := w.text[w.pivot]
	high := low
	if 'a' <= low && low <= 'z' {
		high = low - 'a' + 'A'
	}
	last := len(text) - len(w.text) + w.pivot // where the pivot of the last match would be
	nextLow, nextHigh := nextByte(text, low, w.pivot), len(text)
	if high != low {
		nextHigh = nextByte(text, high, w.pivot)
	}
	for at := min(nextLow, nextHigh); at <= last; at = min(nextLow, nextHigh) {
		if foldsTo(text[at-w.pivot:], w.text) {
			return true
		}
		if at == nextLow {
			nextLow = nextByte(text, low, at+1)
		} else {
			nextHigh = nextByte(text, high, at+1)
		}
	}
	return false
}

// nextByte is where c stands in text at or after from, or the length of text.
func nextByte(text []byte, c byte, from int) int {
	if from < len(text) {
		if at := bytes.IndexByte(text[from:], c); at >= 0 {
			return from + at
		}
	}
	return len(text)
}

// foldsTo reports whether text, which is long enough, begins with word when its ASCII letters
// are in lower case.
func foldsTo[T string | []byte](text T, word string) bool {
	for i := range len(word) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
