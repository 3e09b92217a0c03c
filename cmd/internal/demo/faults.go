package demo

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"eventscope/adapters"
)

// Kind names a fault.
type Kind string

// The kinds of fault. The first four strike while an event is handled and belong to
// the business; the next five strike what is published; the last three a service.
const (
	Declined   Kind = "declined"
	Fraud      Kind = "fraud"
	OutOfStock Kind = "out-of-stock"
	Timeout    Kind = "timeout"

	Poison       Kind = "poison"
	Duplicate    Kind = "duplicate"
	ReusedID     Kind = "reused-id"
	Lost         Kind = "lost"
	SecondSchema Kind = "version-2"
	NewSchema    Kind = "schema-v2"

	BrokenSchema Kind = "broken-schema"
	Slow         Kind = "slow"
	Crash        Kind = "crash"
)

const (
	burst       = 5 // orders in a broken-schema burst
	slowness    = 1200 * time.Millisecond
	slowPeriod  = 20 * time.Second
	leastAbsent = 1500 * time.Millisecond // a crashed service stays away this long
	mostAbsent  = 3 * time.Second
)

var effects = map[Kind]string{
	Declined:     "the next payment is declined",
	Fraud:        "the next payment is found fraudulent and refunded",
	OutOfStock:   "the next order cannot be reserved and is refunded",
	Timeout:      "the next event cannot be handled in time and dies; it succeeds when replayed",
	Poison:       "the next event is damaged on its way out",
	Duplicate:    "the next event is published twice",
	ReusedID:     "the next event is published again with the same id and another payload",
	Lost:         "the next event is not published, and its flow stays where it is",
	SecondSchema: "the next order is written in schema version 2",
	NewSchema:    fmt.Sprintf("sign-ups are written in a new version of their schema, which %s cannot read for %v", lastDeployed, deployed),
	BrokenSchema: fmt.Sprintf("the next %d orders are written in a schema that payment cannot read; they succeed when replayed", burst),
	Slow:         fmt.Sprintf("every event takes %v for %v, so that lag grows and then drains", slowness, slowPeriod),
	Crash:        fmt.Sprintf("the service falls over between two steps and is back within %v", mostAbsent),
}

// DefaultFaults is how often faults happen by themselves: the share of the events
// concerned, from 0 to 1. It may be copied, not changed.
var DefaultFaults = map[Kind]float64{
	Declined: 0.06, Fraud: 0.03, OutOfStock: 0.06, Timeout: 0.004,
	Poison: 0.004, Duplicate: 0.012, ReusedID: 0.003, Lost: 0.004, SecondSchema: 0.2,
	NewSchema:    0.02,
	BrokenSchema: 0.01, Slow: 0.0005, Crash: 0.0008,
}

// Fault is one thing that can be made to go wrong.
type Fault struct {
	Service string
	Kind    Kind
	Effect  string // in words
}

// Faults lists what [System.Fault] takes, service by service.
func Faults() []Fault {
	faults := []Fault{}
	for _, s := range services() {
		for _, kind := range s.kinds() {
			faults = append(faults, Fault{s.name, kind, effects[kind]})
		}
	}
	return faults
}

// kinds lists what can go wrong with the service.
func (s *service) kinds() []Kind {
	kinds := append([]Kind{}, s.faults...)
	if len(s.reactions) > 0 {
		kinds = append(kinds, Slow, Crash)
	}
	if s.home != "" {
		kinds = append(kinds, Duplicate, ReusedID, Lost)
	}
	return kinds
}

// Fault makes the next thing go wrong that fits: the kinds of a service are those in
// [Faults]. It does not wait for it to happen. The error wraps adapters.ErrUsage and
// says what can be chosen.
func (s *System) Fault(service, kind string) error {
	kinds, names := []string{}, []string{}
	for _, fault := range Faults() {
		if len(names) == 0 || names[len(names)-1] != fault.Service {
			names = append(names, fault.Service)
		}
		if fault.Service != service {
			continue
		}
		if fault.Kind == NewSchema && s.config.Registry == nil {
			continue // sign-ups have no schema then
		}
		if string(fault.Kind) == kind {
			s.wanted.add(service, fault.Kind)
			return nil
		}
		kinds = append(kinds, string(fault.Kind))
	}
	problem := &adapters.Problem{Doing: fmt.Sprintf("make %s fail by %q", service, kind), Kind: adapters.ErrUsage}
	if len(kinds) == 0 {
		problem.Cause, problem.Remedy = "there is no such service", "choose one of "+strings.Join(names, ", ")
	} else {
		problem.Cause, problem.Remedy = "that is none of its faults", "choose one of "+strings.Join(kinds, ", ")
	}
	return problem
}

// wanted counts the faults that were asked for and have not happened yet.
type wanted struct {
	mutex  sync.Mutex
	counts map[string]int
}

func (w *wanted) add(service string, kind Kind) {
	count := 1
	if kind == BrokenSchema {
		count = burst
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.counts == nil {
		w.counts = map[string]int{}
	}
	w.counts[service+" "+string(kind)] += count
}

func (w *wanted) take(service string, kind Kind) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	name := service + " " + string(kind)
	if w.counts[name] == 0 {
		return false
	}
	w.counts[name]--
	return true
}

// struck says whether a fault happens now: because somebody asked for it, or because
// chance has it for what is named by about.
func (s *service) struck(kind Kind, about string) bool {
	if !slices.Contains(s.kinds(), kind) {
		return false
	}
	byChance := s.chance(string(kind), about).Float64() < s.system.faults[kind]
	if !byChance && !s.system.wanted.take(s.name, kind) {
		return false
	}
	s.system.stats.count(func(all *Stats) { all.Faults[kind]++ })
	return true
}
