package demo

import (
	"maps"
	"sync"
)

// Stats are counts since the start of [System.Run].
type Stats struct {
	Orders      int64            // orders placed
	Events      map[string]int64 // messages published, by event type, those of faults included
	DeadLetters map[string]int64 // messages given up, by the destination at which they died
	Faults      map[Kind]int64   // faults that happened
	Duplicates  int64            // events recognised as handled before, and skipped
	Retries     int64            // attempts after a first one that failed
	Restarts    int64            // services that came back after a crash or a lost connection
}

// stats is the one Stats that all services count in.
type stats struct {
	mutex sync.Mutex
	Stats
}

func (s *stats) count(change func(*Stats)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	change(&s.Stats)
}

// Stats returns the counts so far; it is the caller's copy.
func (s *System) Stats() Stats {
	s.stats.mutex.Lock()
	defer s.stats.mutex.Unlock()
	copied := s.stats.Stats
	copied.Events = maps.Clone(copied.Events)
	copied.DeadLetters = maps.Clone(copied.DeadLetters)
	copied.Faults = maps.Clone(copied.Faults)
	return copied
}
