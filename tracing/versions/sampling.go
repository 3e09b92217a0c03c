package versions

const (
	// firstSampled are looked at of each key, and then one in sampleEvery; behind a shape that was
	// not met before, so many more that what it lacks is known to be gone.
	firstSampled = 64
	sampleEvery  = 128
	moreSampled  = 96
	// mostNovel is behind how many new shapes it is looked closer: values that are never alike say
	// nothing new by that.
	mostNovel = 32
)

// sampling says of which messages of a key the shapes are looked at.
type sampling struct {
	left   int // to be looked at one after the other
	skip   int // to be passed over until the next
	begun  bool
	prints map[uint64]bool // of the shapes that were met
}

// wants reports whether the next message is to be looked at.
func (s *sampling) wants() bool {
	switch {
	case !s.begun:
		s.begun, s.left = true, firstSampled-1
		return true
	case s.left > 0:
		s.left--
		return true
	case s.skip > 0:
		s.skip--
		return false
	}
	s.skip = sampleEvery - 1
	return true
}

// met notes the shape that was found.
func (s *sampling) met(shape *Shape) {
	if s.prints[shape.print] || len(s.prints) >= mostNovel {
		return
	}
	if s.prints == nil {
		s.prints = map[uint64]bool{}
	}
	if len(s.prints) > 0 {
		s.left = max(s.left, moreSampled)
	}
	s.prints[shape.print] = true
}
