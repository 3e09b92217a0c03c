package toy

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// source is a cluster, as it was opened.
type source struct {
	*Cluster
	names   []string // of destinations; none is all
	purpose driver.Purpose
	write   bool
	batch   int

	status struct {
		sync.Mutex
		adapters.Status
	}
}

func newSource(c *Cluster, config *driver.Config) *source {
	s := &source{Cluster: c, names: namesOf(config.Path), purpose: config.Purpose, write: config.Write, batch: usualBatch}
	if batch, err := strconv.Atoi(config.Value("batch")); err == nil {
		s.batch = batch
	}
	s.tell(adapters.Connecting, nil)
	return s
}

// adapter is the source with all its parts.
func (s *source) adapter(name string) *driver.Source {
	return &driver.Source{
		Name: cmp.Or(name, string(broker)), Broker: broker, Status: s.now, Close: s.close,
		Tailer: s, Scanner: s, Estimator: s, Fetcher: s, DeadLetters: deadLetters{s}, Lag: consumers{s}, Topology: topology{s},
	}
}

// check says which of the destinations that are named is not there.
func (s *source) check() error {
	return s.ask("open it", func() error {
		for _, name := range s.names {
			if s.purpose != driver.ToSend && s.find(name) == nil {
				return s.unknown(adapters.Stream, name)
			}
		}
		s.status.Destinations = len(s.logs())
		return nil
	})
}

func (s *source) unknown(kind adapters.DestinationKind, name string) error {
	return adapters.UnknownDestination(broker, s.name, kind, name)
}

// meant reports whether a destination is one of those that are named.
func (s *source) meant(d *destination) bool {
	return len(s.names) == 0 || slices.Contains(s.names, d.name)
}

// logs are those that are read.
func (s *source) logs() (logs []*destination) {
	for _, d := range s.destinations {
		if d.kind == adapters.Stream && s.meant(d) {
			logs = append(logs, d)
		}
	}
	return logs
}

// now is the status.
func (s *source) now() adapters.Status {
	s.status.Lock()
	defer s.status.Unlock()
	return s.status.Status
}

// tell changes the state of the connection.
func (s *source) tell(state adapters.Connection, why error) {
	s.status.Lock()
	defer s.status.Unlock()
	if s.status.Connection != state || s.status.Since.IsZero() {
		s.status.Connection, s.status.Since = state, time.Now()
	}
	s.status.Err = why
}

// count adds what was delivered to the intake.
func (s *source) count(messages int, bytes int64) {
	s.status.Lock()
	defer s.status.Unlock()
	s.status.Messages += int64(messages)
	s.status.Bytes += bytes
}

func (s *source) close() error {
	s.tell(adapters.Closed, nil)
	return nil
}
