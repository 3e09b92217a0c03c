package adaptertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// TopologyBroker is how the suite of topology reaches one broker: a real one, or a model that
// other tests stand on.
type TopologyBroker struct {
	// Kinds are those of destinations that can be made, and Odd are ends of names that a
	// destination can have.
	Kinds []adapters.DestinationKind
	Odd   []string

	// Leads says that a destination of a kind can lead to one of another in a way; nil is never.
	Leads func(way adapters.Way, from, to adapters.DestinationKind) bool

	// Undivided says that topics have no partitions.
	Undivided bool

	// Keys are those that a binding by a key can have.
	Keys []string

	// DeadLetters and Unroutable say that sources have these parts.
	DeadLetters, Unroutable bool

	// Stays says that the broker cannot be broken, and leaves out the subtest that needs it.
	Stays bool

	// Whole says that a source is always opened on all that there is.
	Whole bool

	// Place prepares a broker for the system that is made of these, until the end of t.
	Place func(t testing.TB) TopologyPlace
}

// TopologyPlace is a broker with the system of a test.
type TopologyPlace struct {
	// Unique makes a name that nothing else has, which ends in something.
	Unique func(end string) string

	// Make makes destinations, and what leads from one to another.
	Make func(t testing.TB, destinations []adapters.Destination, bindings []adapters.Binding)

	// Open opens some destinations of the broker for reading, or all. The suite closes it.
	Open func(t testing.TB, destinations ...adapters.Endpoint) *driver.Source

	// Break makes the broker answer nothing more.
	Break func(t testing.TB)

	// Lose publishes messages that lead to no queue, of which some are given back.
	Lose func(t testing.TB, dropped, returned int)
}

// RunTopology runs the suite of topology.
func RunTopology(t *testing.T, broker TopologyBroker) {
	for _, test := range topologyTests {
		if test.only != nil && !test.only(&broker) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			u := &topologyTest{T: t, TopologyBroker: broker, place: broker.Place(t)}
			u.draw()
			u.place.Make(t, u.destinations, u.bindings)
			test.run(u)
		})
	}
}

var topologyTests = []struct {
	name string
	only func(*TopologyBroker) bool // nil is any
	run  func(*topologyTest)
}{
	{"AllThatIsThere", nil, testAllThatIsThere},
	{"WhatIsOpened", func(b *TopologyBroker) bool { return !b.Whole }, testTopologyOpened},
	{"DeadLetterRoutes", func(b *TopologyBroker) bool { return b.DeadLetters }, testDeadLetterRoutes},
	{"SeveralAtOnce", nil, testTopologyAtOnce},
	{"EndsWithItsContext", nil, testTopologyCancelled},
	{"ABrokerThatIsGone", func(b *TopologyBroker) bool { return !b.Stays }, testTopologyOfNobody},
	{"Unroutable", func(b *TopologyBroker) bool { return b.Unroutable }, testUnroutable},
}

// topologyTest is one subtest, with the system that is there.
type topologyTest struct {
	*testing.T
	TopologyBroker
	place        TopologyPlace
	destinations []adapters.Destination
	bindings     []adapters.Binding
}

// draw has a destination of each kind with each odd name, and each way from one to another. A
// destination has one dead-letter route, and one alternate exchange.
func (tt *topologyTest) draw() {
	made := 0
	add := func(kind adapters.DestinationKind) adapters.Endpoint {
		d := adapters.Destination{Name: tt.place.Unique(tt.Odd[made%len(tt.Odd)]), Kind: kind}
		if made++; kind == adapters.Topic && !tt.Undivided {
			d.Partitions = 1 + made%3
		}
		tt.destinations = append(tt.destinations, d)
		return adapters.Endpoint{Name: d.Name, Kind: kind}
	}
	for _, kind := range tt.Kinds {
		for range tt.Odd {
			add(kind)
		}
	}
	for _, way := range []adapters.Way{adapters.Bound, adapters.Dead, adapters.Alternate} {
		for _, from := range tt.Kinds {
			for _, to := range tt.Kinds {
				if tt.Leads == nil || !tt.Leads(way, from, to) {
					continue
				}
				b := adapters.Binding{From: add(from), To: add(to), Way: way}
				keys := []string{""}
				if way == adapters.Bound || way == adapters.Dead && to == adapters.Exchange {
					keys = tt.Keys
				}
				for i, key := range keys {
					if b.Key = key; i > 0 && way != adapters.Bound {
						b.From = add(from)
					}
					tt.bindings = append(tt.bindings, b)
				}
			}
		}
	}
}

// open opens destinations of the place.
func (tt *topologyTest) open(destinations ...adapters.Endpoint) *driver.Source {
	tt.Helper()
	source := tt.place.Open(tt, destinations...)
	tt.Cleanup(func() { _ = source.Close() })
	if source.Topology == nil {
		tt.Fatal("the source tells no topology")
	}
	return source
}

// told is all that is told, each once, with ways between what is there.
func (tt *topologyTest) told(topology adapters.Topology) (destinations map[adapters.Endpoint]adapters.Destination, bindings map[adapters.Binding]bool) {
	tt.Helper()
	list, err := topology.Destinations(tt.Context())
	if err != nil {
		tt.Error(err)
	}
	destinations, bindings = map[adapters.Endpoint]adapters.Destination{}, map[adapters.Binding]bool{}
	for _, d := range list {
		end := adapters.Endpoint{Name: d.Name, Kind: d.Kind}
		if _, twice := destinations[end]; twice || d.Name == "" || (d.Kind == adapters.Topic && !tt.Undivided) != (d.Partitions > 0) {
			tt.Errorf("listed is %+v, twice: %v", d, twice)
		}
		destinations[end] = d
	}
	ways, err := topology.Bindings(tt.Context())
	if err != nil {
		tt.Error(err)
	}
	for _, b := range ways {
		if bindings[b] {
			tt.Errorf("%+v is listed twice", b)
		}
		bindings[b] = true
		for _, end := range []adapters.Endpoint{b.From, b.To} {
			if _, there := destinations[end]; !there {
				tt.Errorf("%+v leads from or to what is not listed", b)
			}
		}
	}
	return destinations, bindings
}

// whole requires all that was made to be told.
func (tt *topologyTest) whole(topology adapters.Topology) {
	tt.Helper()
	destinations, bindings := tt.told(topology)
	for _, d := range tt.destinations {
		if got, there := destinations[adapters.Endpoint{Name: d.Name, Kind: d.Kind}]; !there || got != d {
			tt.Errorf("there is %+v, and told is %+v", d, got)
		}
	}
	for _, b := range tt.bindings {
		if !bindings[b] {
			tt.Errorf("nobody tells of %+v", b)
		}
	}
	for b := range bindings {
		if made := slices.ContainsFunc(tt.destinations, func(d adapters.Destination) bool {
			return adapters.Endpoint{Name: d.Name, Kind: d.Kind} == b.From
		}); made && !slices.Contains(tt.bindings, b) {
			tt.Errorf("nobody has made %+v", b)
		}
	}
}

func testAllThatIsThere(u *topologyTest) {
	source := u.open()
	u.whole(source.Topology)
	u.whole(source.Topology)
}

// testTopologyOpened names one destination at a time: it is told of, and where it leads.
func testTopologyOpened(u *topologyTest) {
	for _, d := range []adapters.Destination{u.destinations[0], u.destinations[len(u.destinations)-1]} {
		u.opened(adapters.Endpoint{Name: d.Name, Kind: d.Kind})
	}
	for _, way := range []adapters.Way{adapters.Bound, adapters.Dead, adapters.Alternate} {
		if i := slices.IndexFunc(u.bindings, func(b adapters.Binding) bool { return b.Way == way }); i >= 0 {
			u.opened(u.bindings[i].From)
		}
	}
}

func (tt *topologyTest) opened(end adapters.Endpoint) {
	tt.Helper()
	destinations, bindings := tt.told(tt.open(end).Topology)
	if _, told := destinations[end]; !told {
		tt.Errorf("opened on %+v, and told of are %v", end, destinations)
	}
	for _, b := range tt.bindings {
		if _, leads := destinations[b.To]; b.From == end && (!bindings[b] || !leads) {
			tt.Errorf("opened on %+v, and nobody tells of %+v", end, b)
		}
	}
	for _, d := range tt.destinations { // nothing leads to what has no bindings
		other := adapters.Endpoint{Name: d.Name, Kind: d.Kind}
		if _, told := destinations[other]; told && other != end && !slices.ContainsFunc(tt.bindings, func(b adapters.Binding) bool { return b.From == other || b.To == other }) {
			tt.Errorf("opened on %+v, and told is of %+v", end, other)
		}
	}
}

// testDeadLetterRoutes compares with what is said of dead-letter queues.
func testDeadLetterRoutes(u *topologyTest) {
	dlqs, err := u.open().DeadLetters.DLQs(u.Context())
	if err != nil {
		u.Fatal(err)
	}
	for _, b := range u.bindings {
		if b.Way != adapters.Dead || b.To.Kind == adapters.Exchange {
			continue
		}
		found := false
		for _, dlq := range dlqs {
			found = found || dlq.Name == b.To.Name && dlq.Kind == b.To.Kind && dlq.Configured && slices.Contains(dlq.Sources, b.From.Name)
		}
		if !found {
			u.Errorf("dead letters go by %+v, and the dead-letter queues are %+v", b, dlqs)
		}
	}
}

func testTopologyAtOnce(u *topologyTest) {
	topology := u.open().Topology
	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() { u.whole(topology) })
	}
	asking.Wait()
}

// testTopologyCancelled: whoever need not ask for it may answer in full.
func testTopologyCancelled(u *topologyTest) {
	topology := u.open().Topology
	all, bindings := u.told(topology)
	ctx, cancel := context.WithCancel(u.Context())
	cancel()
	if list, err := topology.Destinations(ctx); !errors.Is(err, context.Canceled) && (err != nil || len(list) != len(all)) {
		u.Errorf("cancelled before, there are %d destinations of %d, %v", len(list), len(all), err)
	}
	if list, err := topology.Bindings(ctx); !errors.Is(err, context.Canceled) && (err != nil || len(list) != len(bindings)) {
		u.Errorf("cancelled before, there are %d bindings of %d, %v", len(list), len(bindings), err)
	}
}

func testTopologyOfNobody(u *topologyTest) {
	topology := u.open().Topology
	_, bindings := u.told(topology)
	u.place.Break(u)
	if list, err := topology.Destinations(u.Context()); !errors.Is(err, adapters.ErrNotConnected) {
		u.Errorf("nobody answers, and there are %d destinations, %v", len(list), err)
	}
	if list, err := topology.Bindings(u.Context()); !errors.Is(err, adapters.ErrNotConnected) && (err != nil || len(bindings) > 0) {
		u.Errorf("nobody answers, and there are %d bindings, %v", len(list), err)
	}
}

// testUnroutable is about a broker that counts what leads nowhere, -1 before there was anything.
func testUnroutable(u *topologyTest) {
	counter := u.open().Unroutable
	count := func() adapters.Unroutable {
		u.Helper()
		n, err := counter.Unroutable(u.Context())
		if err != nil || n.Dropped < -1 || n.Returned < -1 {
			u.Fatalf("lost are %+v, %v", n, err)
		}
		return n
	}
	before := count()
	u.place.Lose(u, 3, 2)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for limit := time.Now().Add(patience); ; <-again.C {
		n := count()
		if n.Dropped == max(0, before.Dropped)+3 && n.Returned == max(0, before.Returned)+2 {
			break
		}
		if time.Now().After(limit) {
			u.Fatalf("lost were %+v before, and are %+v now, want 3 and 2 more", before, n)
		}
	}
	ctx, cancel := context.WithCancel(u.Context())
	cancel()
	if n, err := counter.Unroutable(ctx); !errors.Is(err, context.Canceled) {
		u.Errorf("cancelled before: %+v, %v", n, err)
	}
	u.place.Break(u)
	if n, err := counter.Unroutable(u.Context()); !errors.Is(err, adapters.ErrNotConnected) {
		u.Errorf("nobody answers: %+v, %v", n, err)
	}
}
