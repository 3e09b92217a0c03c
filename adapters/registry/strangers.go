package registry

import "fmt"

const (
	// mostStrangers is how many schemas a destination may name that the registry does not
	// have. What begins there like a frame is none then: numbers begin with zeros, too.
	mostStrangers = 1000
	// mostAsked is how many questions there may be at once for one destination, so that one
	// whose values only look like frames leaves room for the others.
	mostAsked = 64
	// mostDestinations bounds of how many destinations this is known; others share a count.
	mostDestinations = 4096
)

// strangers counts what destinations named and the registry does not have.
type strangers struct{ of map[string]*stranger }

// stranger is one destination.
type stranger struct{ pending, unknown int }

func (s *strangers) at(destination string) *stranger {
	known := s.of[destination]
	if known == nil {
		if len(s.of) >= mostDestinations {
			destination = ""
			known = s.of[destination]
		}
		if known == nil {
			known = &stranger{}
			s.of[destination] = known
		}
	}
	return known
}

// refuse says why a new schema of a destination is not asked for, or nil.
func (s *strangers) refuse(destination string) error {
	switch at := s.at(destination); {
	case at.unknown >= mostStrangers:
		return fmt.Errorf("more than %d schemas that it seems to name are unknown, so its values only look as if they did", mostStrangers)
	case at.pending >= mostAsked:
		return fmt.Errorf("%d other schemas that it seems to name are being asked for", at.pending)
	}
	return nil
}

func (s *strangers) asked(destination string) { s.at(destination).pending++ }

func (s *strangers) answered(destination string, unknown bool) {
	at := s.at(destination)
	at.pending = max(0, at.pending-1)
	if unknown {
		at.unknown++
	}
}
