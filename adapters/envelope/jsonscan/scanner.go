package jsonscan

import (
	"errors"
	"io"
)

// ErrCut means that the text ends where more of it must follow, ErrSyntax that it is not JSON.
var (
	ErrCut    = io.ErrUnexpectedEOF
	ErrSyntax = errors.New("this is not JSON")
)

// MaxDepth is how deep objects and arrays may be nested.
const MaxDepth = 10_000

// Scanner is a place in JSON text. After an error it must not be used before the next Reset.
type Scanner struct {
	text  []byte
	at    int
	depth int
	fresh bool // nothing was read yet of what was entered last

	member lead // of the member that was found last

	// closing has the signs that must close what is being stepped over, by depth.
	closing [MaxDepth + 1]byte
}

// Reset moves before the value that text is.
func (s *Scanner) Reset(text []byte) {
	s.text, s.at, s.depth, s.fresh = text, space(text, 0), 0, false
}

// Offset is how many bytes of the text were read.
func (s *Scanner) Offset() int { return s.at }

// Ahead is the sign with which the value ahead begins, or 0 at the end of the text.
func (s *Scanner) Ahead() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// Enter goes into the object or array ahead: to [Scanner.Member] or [Scanner.Element].
func (s *Scanner) Enter() error {
	if s.depth == MaxDepth {
		return ErrSyntax
	}
	s.at++
	s.depth++
	s.fresh = true
	return nil
}

// Member moves before the value of the next member of the object that was entered and
// returns its name as it is written, in quotes. When there is none it leaves the object and
// reports false.
func (s *Scanner) Member() (quoted []byte, ok bool, err error) {
	s.member = lead{at: s.at, fresh: s.fresh}
	if ok, err = s.next('}'); !ok {
		return nil, false, err
	}
	b, start := s.text, s.at
	if b[start] != '"' {
		if _, err := s.skip(start); err != nil {
			return nil, false, err
		}
		return nil, false, ErrSyntax
	}
	end, err := stringEnd(b, start+1)
	if err != nil {
		return nil, false, err
	}
	i := space(b, end)
	if i >= len(b) {
		return nil, false, ErrCut
	}
	if b[i] != ':' {
		return nil, false, ErrSyntax
	}
	s.at = space(b, i+1)
	s.member.name, s.member.end = start, end
	return b[start:end:end], true, nil
}

// Element moves before the next element of the array that was entered. When there is none
// it leaves the array and reports false.
func (s *Scanner) Element() (ok bool, err error) { return s.next(']') }

// next moves over a comma where one must be. It reports false when it has moved over the
// end instead.
func (s *Scanner) next(end byte) (ok bool, err error) {
	b, i := s.text, space(s.text, s.at)
	if i >= len(b) {
		return false, ErrCut
	}
	fresh := s.fresh
	s.fresh = false
	switch {
	case b[i] == end:
		s.at, s.depth = i+1, s.depth-1
		return false, nil
	case fresh:
	case b[i] != ',':
		return false, ErrSyntax
	default:
		if i = space(b, i+1); i >= len(b) {
			return false, ErrCut
		}
	}
	s.at = i
	return true, nil
}

// Value moves over the value ahead and returns it as it is written.
func (s *Scanner) Value() ([]byte, error) {
	var end int
	var err error
	if s.Ahead() == '"' {
		end, err = stringEnd(s.text, s.at+1)
	} else {
		end, err = s.skip(s.at)
	}
	if err != nil {
		return nil, err
	}
	value := s.text[s.at:end:end]
	s.at = end
	return value, nil
}

// space is the first place from i on that is not white.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}
