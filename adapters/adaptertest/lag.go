package adaptertest

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/driver"
)

// LagBroker is how the suite of lag reaches one kind of consumer of one broker: a real one, or a
// model that other tests stand on.
type LagBroker struct {
	// Kind is what [consumer.Lag] must say.
	Kind consumer.Kind

	// Uncounted says that nobody tells how far such consumers are.
	Uncounted bool

	// Offsets says that the logs have offsets, and messages the Time at which they were published.
	Offsets bool

	// Stays says that the broker cannot be broken, and leaves out the subtest that needs it.
	Stays bool

	// Whole says that a source is always opened on all that there is.
	Whole bool

	// Unseen says that the broker tells nothing of who reads.
	Unseen bool

	// Make prepares a place where nobody else reads what is read there, until the end of t.
	Make func(t testing.TB) LagPlace
}

// LagPlace is where the suite has consumers. What is made there goes at the end of t.
type LagPlace struct {
	// Consumer makes a destination that has one log and no messages, and a consumer that reads it.
	Consumer func(t testing.TB) LagConsumer

	// Untold makes a consumer of which the broker cannot tell how far it is, and messages for it.
	Untold func(t testing.TB) LagConsumer

	// Unread makes a destination with messages that nobody reads, and returns its name.
	Unread func(t testing.TB) string

	// Open opens destinations of the broker, or all. The suite closes it.
	Open func(t testing.TB, destinations ...string) *driver.Source

	// Break makes the broker answer nothing more.
	Break func(t testing.TB)
}

// LagConsumer is a consumer of one log. What of it the suite does not call may be nil.
type LagConsumer struct {
	Kind  consumer.Kind // if not that of the broker
	Group string
	Log   adapters.Log

	// Publish publishes messages to the log, and Finish lets so many more be consumed.
	Publish func(t testing.TB, messages ...adapters.Message)
	Finish  func(t testing.TB, n int)

	// Join lets a member read the log, which consumes nothing; nil where the broker does not
	// tell of members.
	Join func(t testing.TB) (leave func())
	// Holds is how many messages of a queue a member takes, and does not settle.
	Holds int64

	// Remove makes the consumer vanish.
	Remove func(t testing.TB)
}

// RunLag runs the suite of lag. Its subtests share a place, and consumers that stay as they are,
// since a broker may take its time to count. The last one breaks the broker.
func RunLag(t *testing.T, broker LagBroker) {
	place := broker.Make(t)
	setting := &lagTest{T: t, LagBroker: broker, place: place}
	standing := setting.consumers(3)
	for _, test := range lagTests {
		if test.only != nil && !test.only(&broker) {
			continue
		}
		t.Run(test.name, func(t *testing.T) { test.run(&lagTest{T: t, LagBroker: broker, place: place, standing: standing}) })
	}
}

func counted(broker *LagBroker) bool   { return !broker.Uncounted }
func offsets(broker *LagBroker) bool   { return broker.Offsets }
func breakable(broker *LagBroker) bool { return !broker.Stays }
func parts(broker *LagBroker) bool     { return !broker.Whole }

var lagTests = []struct {
	name string
	only func(*LagBroker) bool // nil is any
	run  func(*lagTest)
}{
	{"EachConsumerOnce", nil, testEachConsumerOnce},
	{"WhatIsAskedFor", nil, testLagAskedFor},
	{"WhatIsOpened", parts, testLagOpened},
	{"UnknownConsumer", nil, testUnknownConsumer},
	{"BehindIsWhatIsLeft", counted, testBehind},
	{"UnknownIsNoNumber", nil, testUntold},
	{"Members", counted, testMembers},
	{"AConsumerVanishes", nil, testConsumerVanishes},
	{"NobodyReads", nil, testNobodyReads},
	{"SeveralAtOnce", nil, testLagAtOnce},
	{"EndsWithItsContext", nil, testLagCancelled},
	{"EndsWithItsCaller", nil, testLagStopped},
	{"NextTimes", offsets, testNextTimes},
	{"NoNextTimesWithoutOffsets", nil, testNoNextTimes},
	{"ABrokerThatIsGone", breakable, testLagOfNobody},
}

// lagTest is one subtest.
type lagTest struct {
	*testing.T
	LagBroker
	place    LagPlace
	standing []LagConsumer // which have consumed all that there is: nothing
}

// open opens destinations of the place.
func (lt *lagTest) open(destinations ...string) *driver.Source {
	lt.Helper()
	source := lt.place.Open(lt, destinations...)
	lt.Cleanup(func() { _ = source.Close() })
	if source.Lag == nil {
		lt.Fatal("the source tells no lag")
	}
	return source
}

// look is one sweep: what was told without an error, by name, and what could not be told. All
// of it must be sound.
func (lt *lagTest) look(reader consumer.LagReader, groups ...string) (lags map[string]consumer.Lag, troubles []error) {
	lt.Helper()
	lags = map[string]consumer.Lag{}
	seen, began := map[string]bool{}, time.Now()
	for lag, err := range reader.Lag(lt.Context(), consumer.LagQuery{Groups: groups}) {
		if err != nil {
			troubles = append(troubles, err)
		}
		if lag.Group == "" && err != nil {
			continue
		}
		if seen[lag.Group] || lag.Group == "" || len(groups) > 0 && !slices.Contains(groups, lag.Group) {
			lt.Errorf("asked for %q, there comes %q, known before: %v", groups, lag.Group, seen)
		}
		if seen[lag.Group] = true; lag.Of < len(seen) {
			lt.Errorf("%d of %d consumers", len(seen), lag.Of)
		}
		lt.sound(&lag)
		if err == nil {
			if lags[lag.Group] = lag; lag.At.Before(began) || lag.At.After(time.Now()) {
				lt.Errorf("%s is told as of %v, and the sweep began at %v", lag.Group, lag.At, began)
			}
		}
	}
	return lags, troubles
}

// await looks until a consumer is as wanted: figures of a broker may be late.
func (lt *lagTest) await(reader consumer.LagReader, c *LagConsumer, what string, wanted func(*consumer.Lag) bool) consumer.Lag {
	lt.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for limit := time.Now().Add(patience); ; <-again.C {
		lags, troubles := lt.look(reader, c.Group)
		lag, told := lags[c.Group]
		switch {
		case told && len(troubles) == 0 && wanted(&lag):
			lt.own(&lag, c)
			return lag
		case time.Now().After(limit):
			lt.Fatalf("%s: %s stays %+v with %+v, %v", what, c.Group, lag, lag.Queue, troubles)
		}
	}
}

// own requires what is said of a consumer to be about it.
func (lt *lagTest) own(lag *consumer.Lag, c *LagConsumer) {
	lt.Helper()
	if kind := cmp.Or(c.Kind, lt.Kind); lag.Kind != kind || len(lag.Logs) != 1 || lag.Logs[0].Log != c.Log {
		lt.Errorf("%s is told as %v, with %+v, want %v that reads %v", c.Group, lag.Kind, lag.Logs, kind, c.Log)
	}
}

// behind requires a number.
func behind(n int64) func(*consumer.Lag) bool {
	return func(l *consumer.Lag) bool {
		total := l.Total()
		return total.Known == 1 && total.Of == 1 && total.Lag == n && (n == 0) == (l.Logs[0].State == consumer.LagOK)
	}
}

// sound requires what holds of each Lag, whoever tells it.
func (lt *lagTest) sound(lag *consumer.Lag) {
	lt.Helper()
	if len(lag.Members) > 0 && !lag.MembersKnown {
		lt.Errorf("%s has members %v, which nobody knows", lag.Group, lag.Members)
	}
	for i := range lag.Logs {
		lt.soundLog(lag, &lag.Logs[i])
		if i > 0 && cmp.Or(strings.Compare(lag.Logs[i-1].Destination, lag.Logs[i].Destination), cmp.Compare(lag.Logs[i-1].Partition, lag.Logs[i].Partition)) >= 0 {
			lt.Errorf("%s reads %v, and then %v", lag.Group, lag.Logs[i-1].Log, lag.Logs[i].Log)
		}
	}
	if queue := lag.Kind == consumer.QueueConsumers; queue && lag.Queue != nil && len(lag.Logs) == 1 && lag.Logs[0].State.Counted() {
		if d := lag.Queue; lag.Logs[0].Lag != d.Ready+max(0, d.Unacked) || d.Ready < 0 {
			lt.Errorf("%s is behind by %d, with %+v", lag.Group, lag.Logs[0].Lag, d)
		}
	} else if !queue && lag.Queue != nil {
		lt.Errorf("%s, which is no queue, has %+v", lag.Group, lag.Queue)
	}
}

func (lt *lagTest) soundLog(lag *consumer.Lag, l *consumer.LogLag) {
	lt.Helper()
	judged := *l
	judged.Classify()
	switch {
	case l.Lag < 0 || l.Lost < 0 || !l.State.Counted() && (l.Lag != 0 || l.Lost != 0):
		lt.Errorf("%s is %v in %v, behind by %d, with %d lost", lag.Group, l.State, l.Log, l.Lag, l.Lost)
	case l.State == consumer.LagUnknown && l.Why == "":
		lt.Errorf("%s is %v in %v, and nobody says why", lag.Group, l.State, l.Log)
	case l.Member < -1 || l.Member >= len(lag.Members):
		lt.Errorf("of the %d members of %s number %d reads %v", len(lag.Members), lag.Group, l.Member, l.Log)
	case lag.Kind == consumer.QueueConsumers && (len(lag.Logs) != 1 || l.Partition != adapters.NoPartition || max(l.Start, l.Committed, l.End, l.LastStable) != -1):
		lt.Errorf("the queue %s has the log %+v", lag.Group, l)
	case l.State.Counted() && (judged.State != l.State || judged.Lag != l.Lag || judged.Lost != l.Lost) && lag.Kind != consumer.ShareGroup:
		lt.Errorf("%s is %v in %v, behind by %d, with %d lost, and its offsets say %+v", lag.Group, l.State, l.Log, l.Lag, l.Lost, judged)
	case l.End >= 0 && l.LastStable > l.End:
		lt.Errorf("%v ends at %d, and is stable to %d", l.Log, l.End, l.LastStable)
	}
}

// unknown requires that a name is told of as one that nobody has.
func (lt *lagTest) unknown(reader consumer.LagReader, name string) bool {
	lt.Helper()
	for lag, err := range reader.Lag(lt.Context(), consumer.LagQuery{Groups: []string{name}}) {
		if lag.Group == name && lag.Total().Known > 0 {
			return false
		}
		if lag.Group == name && errors.Is(err, adapters.ErrUnknownDestination) {
			return true
		}
	}
	return false
}
