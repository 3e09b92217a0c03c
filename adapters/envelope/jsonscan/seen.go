package jsonscan

// lead is where the text lies that leads to the value of a member: from the end of what was
// before it, over its name.
type lead struct {
	at, name, end int
	fresh         bool
}

// Seen is how a member was written: with its name, and the comma, the colon and the white
// space around it. Bodies that one program writes have the same members at the same places,
// and to compare is faster than to look for the end of a name.
type Seen struct {
	written   []byte
	name, end int
	fresh     bool
}

// maxSeen bounds how much of a member is remembered, in bytes.
const maxSeen = 256

// See remembers the member that was just found by [Scanner.Member]. It reports false when
// that is too much to remember.
func (s *Scanner) See(seen *Seen) bool {
	m := &s.member
	if s.at-m.at > maxSeen {
		return false
	}
	seen.written = append(seen.written[:0], s.text[m.at:s.at]...)
	seen.name, seen.end, seen.fresh = m.name-m.at, m.end-m.at, m.fresh
	return true
}

// Again is [Scanner.Member] for a member that is written as one was that was seen. It
// reports false, and moves nowhere, when the next one is not.
func (s *Scanner) Again(seen *Seen) (quoted []byte, ok bool) {
	start, end := s.at, s.at+len(seen.written)
	if s.fresh != seen.fresh || end > len(s.text) || string(s.text[start:end]) != string(seen.written) {
		return nil, false
	}
	s.fresh = false
	s.at = space(s.text, end)
	return s.text[start+seen.name : start+seen.end : start+seen.end], true
}
