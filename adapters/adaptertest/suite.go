package adaptertest

import (
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// patience is how long the suite waits for what a working adapter does at once.
const patience = time.Minute

// Broker is how the suite reaches one kind of destination of one broker.
type Broker struct {
	// Kind is what [driver.Source] must say.
	Kind adapters.Broker

	// Make creates a destination that nobody else uses, with that many logs, and
	// removes it at the end of t. It takes messages of 6 MiB. Logs is never above
	// MaxLogs.
	Make func(t testing.TB, logs int) (destination string)

	// MaxLogs is how many logs one destination can have: any number for a Kafka
	// topic (say 6), 1 for a stream or a tap.
	MaxLogs int

	// Open opens an adapter that reads these destinations. The suite closes it.
	Open func(t testing.TB, destinations ...string) *driver.Source

	// Publish writes the messages in order and returns when the broker has confirmed
	// all of them. Key, Value, Headers, Properties and, where it is not zero, Time are
	// to be written as far as the protocol can. Position.Partition chooses the log; the
	// rest of Position means nothing.
	Publish func(t testing.TB, destination string, messages ...adapters.Message)

	// Break kills the broker, as SIGKILL would, and returns what brings it back with
	// its data. Nil leaves out the subtests that need it.
	Break func(t testing.TB) (mend func())

	// Beside says that other tests run at the same time, and leaves out the subtests that look
	// at the whole process.
	Beside bool

	// Serving are the functions in which a broker that runs inside the test's own process waits
	// for a request, each with the path of its package. Their goroutines are not the adapter's.
	Serving []string

	// Keys says that messages have a key, that no key and no value are things that a
	// message can have, and that they differ from empty ones.
	Keys bool

	// Multimap says that headers keep their order and their duplicates.
	Multimap bool

	// Properties says that the AMQP basic properties travel with the message.
	Properties bool

	// Largest, if not 0, is how large a message may be. What is published is then text as XML allows,
	// with names of letters and digits, and nothing is empty.
	Largest int

	// Unordered says that messages may come in another order than that in which they were published.
	Unordered bool

	// Times says that the publisher's Time is the broker's time of a message, so that
	// starts by time can be checked to the message.
	Times bool
}

// Run runs the suite: as much of it as the parts that a source has.
func Run(t *testing.T, broker Broker) {
	probe := open(t, broker, broker.Make(t, 1))
	for _, test := range tests {
		if test.applies(broker, probe) {
			t.Run(test.name, func(t *testing.T) { test.run(t, broker) })
		}
	}
}

// RunOne runs the subtest of that name alone, such as the one that breaks the broker
// on a broker that is there for nothing else.
func RunOne(t *testing.T, broker Broker, name string) {
	t.Helper()
	for _, test := range tests {
		if test.name == name {
			test.run(t, broker)
			return
		}
	}
	t.Fatalf("the suite has no subtest %q", name)
}

// test is a subtest. It runs only where it applies: a subtest that skips would look like
// one that was left out.
type test struct {
	name    string
	run     func(*testing.T, Broker)
	applies func(Broker, *driver.Source) bool
}

func always(Broker, *driver.Source) bool              { return true }
func keys(broker Broker, _ *driver.Source) bool       { return broker.Keys }
func properties(broker Broker, _ *driver.Source) bool { return broker.Properties }
func canBreak(broker Broker, _ *driver.Source) bool   { return broker.Break != nil }

func alone(broker Broker, _ *driver.Source) bool { return !broker.Beside }

func tailOnly(_ Broker, adapter *driver.Source) bool { return adapter.Scanner == nil }

func hasHistory(_ Broker, adapter *driver.Source) bool { return adapter.Scanner != nil }

func historyAndTail(broker Broker, adapter *driver.Source) bool {
	return hasHistory(broker, adapter) && adapter.Tailer != nil
}

func historyByTime(broker Broker, adapter *driver.Source) bool {
	return hasHistory(broker, adapter) && broker.Times
}

func partitions(broker Broker, adapter *driver.Source) bool {
	return hasHistory(broker, adapter) && broker.MaxLogs >= 3
}

func partitionsByKey(broker Broker, adapter *driver.Source) bool {
	return hasHistory(broker, adapter) && broker.Keys && broker.MaxLogs >= 6
}

func fetches(broker Broker, adapter *driver.Source) bool {
	return hasHistory(broker, adapter) && adapter.Fetcher != nil
}

func estimates(broker Broker, adapter *driver.Source) bool {
	return adapter.Estimator != nil && hasHistory(broker, adapter)
}

var tests = []test{
	{"Opened", testOpened, always},
	{"NoHistory", testNoHistory, tailOnly},
	{"TailFromEnd", testTailFromEnd, always},
	{"TailFromBeginning", testTailFromBeginning, historyAndTail},
	{"TailFromNewest", testTailFromNewest, historyAndTail},
	{"TailFromTime", testTailFromTime, historyByTime},
	{"TailAgain", testTailAgain, always},
	{"OrderWithinLog", testOrderWithinLog, always},
	{"Headers", testHeaders, always},
	{"NilAndEmpty", testNilAndEmpty, keys},
	{"Properties", testProperties, properties},
	{"LargeAndHostile", testLargeAndHostile, always},
	{"ManyDestinations", testManyDestinations, always},
	{"BackPressure", testBackPressure, always},
	{"CancelIdle", testCancelIdle, always},
	{"CancelBlocked", testCancelBlocked, always},
	{"BatchUntouchedUntilRelease", testBatchUntouched, always},
	{"ScanAll", testScanAll, hasHistory},
	{"ScanEndsAtMark", testScanEndsAtMark, hasHistory},
	{"ScanEmpty", testScanEmpty, hasHistory},
	{"ScanByTime", testScanByTime, historyByTime},
	{"ScanByOffset", testScanByOffset, hasHistory},
	{"ScanUntilOffset", testScanUntilOffset, hasHistory},
	{"ScanPartitions", testScanPartitions, partitions},
	{"ScanKey", testScanKey, partitionsByKey},
	{"ScanCancelled", testScanCancelled, hasHistory},
	{"ScanBesideRun", testScanBesideRun, historyAndTail},
	{"Estimate", testEstimate, estimates},
	{"FetchOrder", testFetchOrder, fetches},
	{"FetchGone", testFetchGone, fetches},
	{"FetchStops", testFetchStops, fetches},
	{"Positions", testPositions, always},
	{"Counters", testCounters, always},
	{"CloseEndsAll", testClose, alone},
	{"BrokerDiesAndReturns", testBrokerDies, canBreak},
}
