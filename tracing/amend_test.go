package tracing

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"eventscope/tracing/waiting"
)

// amended is a slab of events that are read again.
func amended(x *index, events map[Sequence]made) *slab {
	in := &slab{again: &again{what: waiting.For{Key: true}}}
	for _, sequence := range slices.Sorted(maps.Keys(events)) {
		e := events[sequence]
		in.records = append(in.records, e.record(in, int(x.log.at(sequence).offset)))
		in.again.sequences = append(in.again.sequences, sequence)
	}
	return in
}

// TestALongFlowThatIsReadAgainIsLearnedFromOnce, when all of a slab has been read, and not after each
// of its events. Whoever waits is answered in between.
func TestALongFlowThatIsReadAgainIsLearnedFromOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const events = 200
		s := New(Config{})
		x, whole := s.newIndex(), map[Sequence]made{}
		for i := range events {
			e := made{order: 1, entity: true, kind: "A"}
			sequence := e.into(x, i)
			e.id = fmt.Sprint("e", i)
			whole[sequence] = e
		}
		x.settleTo(x.log.end, events)
		number := x.log.at(x.log.first).flow
		learned := func(x *index) bool { return x.flows.at(number).flags&flowLearned != 0 }
		if !learned(x) {
			t.Fatal("nothing was learned from the flow")
		}
		answered := false
		go func() {
			s.requests <- request{done: make(chan struct{}), ask: func(x *index) {
				answered = true
				read := 0
				for sequence := range whole {
					if x.log.at(sequence).id != 0 {
						read++
					}
				}
				if read == 0 || read > 2*amendedAtOnce || learned(x) {
					t.Errorf("when %d of %d events were read again, it is learned from: %v", read, events, learned(x))
				}
			}}
		}()
		synctest.Wait()
		in := amended(x, whole)
		s.takeAgain(x, in)
		if !answered {
			t.Error("nobody was answered in between")
			<-s.requests
		}
		if !learned(x) {
			t.Error("nothing was learned from the flow in the end")
		}
	})
}

// TestWhatIsReadAgainIsLearnedAnew reads any events again at any time, some of which leave their flows.
// What is usual is what the flows of then say: each that ended was learned from, and nothing else was.
func TestWhatIsReadAgainIsLearnedAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(Config{})
		x, later := s.newIndex(), map[Sequence]made{}
		x.sources = []Source{{Name: "s"}}
		for i := range rapid.IntRange(1, 60).Draw(t, "events") {
			e := made{order: rapid.IntRange(0, 3).Draw(t, "order"), id: fmt.Sprint("e", i), kind: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "kind")}
			e.flow, e.dialect = rapid.Bool().Draw(t, "flow"), uint16(rapid.IntRange(0, 1).Draw(t, "dialect"))
			e.entity = !e.flow || rapid.Bool().Draw(t, "entity")
			known := e
			if rapid.Bool().Draw(t, "lacking") {
				known = made{order: e.order, entity: rapid.Bool().Draw(t, "key"), weak: true, kind: "lacking"}
				if rapid.Bool().Draw(t, "another key") {
					known.order += 10
				}
			}
			if sequence := known.into(x, i); known != e {
				later[sequence] = e
			}
			if rapid.Bool().Draw(t, "silence") {
				x.settleTo(x.log.end, 1000)
			}
			if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
				s.takeAgain(x, amended(x, later))
				clear(later)
			}
		}
		for number := uint32(1); number < x.flows.end; number++ {
			record := x.flows.at(number)
			if record.flags&flowInUse == 0 || record.parent != 0 {
				continue
			}
			if ended, learned := x.log.widen(record.tail) < x.settled, record.flags&flowLearned != 0; ended != learned {
				t.Fatalf("flow %d has ended: %v, and was learned from: %v", number, ended, learned)
			}
			x.unlearn(number)
		}
		if rest := x.know(); rest != "" {
			t.Fatalf("learned from nothing:\n%s", rest)
		}
	})
}
