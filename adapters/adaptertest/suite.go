package adaptertest

import (
	"testing"
	"time"

	"eventscope/adapters"
)

// patience is how long the suite waits for what a working adapter does at once.
const patience = time.Minute

// Broker is how the suite reaches one kind of destination of one broker.
type Broker struct {
	// Kind is what [adapters.Adapter.Broker] must answer.
	Kind adapters.Broker

	// Make creates a destination that nobody else uses, with that many logs, and
	// removes it at the end of t. It takes messages of 6 MiB. Logs is never above
	// MaxLogs.
	Make func(t testing.TB, logs int) (destination string)

	// MaxLogs is how many logs one destination can have: any number for a Kafka
	// topic (say 6), 1 for a stream or a tap.
	MaxLogs int

	// Open opens an adapter that reads these destinations. The suite closes it.
	Open func(t testing.TB, destinations ...string) adapters.Adapter

	// Publish writes the messages in order and returns when the broker has confirmed
	// all of them. Key, Value, Headers, Properties and, where it is not zero, Time are
	// to be written as far as the protocol can. Position.Partition chooses the log; the
	// rest of Position means nothing.
	Publish func(t testing.TB, destination string, messages ...adapters.Message)

	// Break kills the broker, as SIGKILL would, and returns what brings it back with
	// its data. Nil leaves out the subtests that need it.
	Break func(t testing.TB) (mend func())

	// Keys says that messages have a key, that no key and no value are things that a
	// message can have, and that they differ from empty ones.
	Keys bool

	// Multimap says that headers keep their order and their duplicates.
	Multimap bool

	// Properties says that the AMQP basic properties travel with the message.
	Properties bool

	// Times says that the publisher's Time is the broker's time of a message, so that
	// starts by time can be checked to the message.
	Times bool
}

// Run runs the suite. What an adapter's [adapters.Capabilities] do not name must
// answer [errors.ErrUnsupported], and that is checked instead.
func Run(t *testing.T, broker Broker) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, broker) })
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

type test struct {
	name string
	run  func(*testing.T, Broker)
}

var tests = []test{
	{"Opened", testOpened},
	{"Unsupported", testUnsupported},
	{"TailFromEnd", testTailFromEnd},
	{"TailFromBeginning", testTailFromBeginning},
	{"TailFromTime", testTailFromTime},
	{"TailAgain", testTailAgain},
	{"OrderWithinLog", testOrderWithinLog},
	{"Headers", testHeaders},
	{"NilAndEmpty", testNilAndEmpty},
	{"Properties", testProperties},
	{"LargeAndHostile", testLargeAndHostile},
	{"ManyDestinations", testManyDestinations},
	{"BackPressure", testBackPressure},
	{"CancelIdle", testCancelIdle},
	{"CancelBlocked", testCancelBlocked},
	{"BatchUntouchedUntilRelease", testBatchUntouched},
	{"ScanAll", testScanAll},
	{"ScanEndsAtMark", testScanEndsAtMark},
	{"ScanEmpty", testScanEmpty},
	{"ScanByTime", testScanByTime},
	{"ScanByOffset", testScanByOffset},
	{"ScanPartitions", testScanPartitions},
	{"ScanKey", testScanKey},
	{"ScanCancelled", testScanCancelled},
	{"ScanBesideRun", testScanBesideRun},
	{"Estimate", testEstimate},
	{"FetchOrder", testFetchOrder},
	{"FetchGone", testFetchGone},
	{"FetchStops", testFetchStops},
	{"Positions", testPositions},
	{"Counters", testCounters},
	{"CloseEndsAll", testClose},
	{"BrokerDiesAndReturns", testBrokerDies},
}
