package lag_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answers is a source that tells what it is given to tell.
type answers struct {
	readings []consumer.Lag
	errs     map[string]error // by group
	came     time.Time        // every next message
	asked    []adapters.Position
}

func (a *answers) Lag(_ context.Context, query consumer.LagQuery) iter.Seq2[consumer.Lag, error] {
	return func(yield func(consumer.Lag, error) bool) {
		for i := range a.readings {
			reading := a.readings[i]
			reading.At, reading.Of = time.Now(), len(a.readings)
			if (query.Groups == nil || slices.Contains(query.Groups, reading.Group)) && !yield(reading, a.errs[reading.Group]) {
				return
			}
		}
	}
}

func (a *answers) NextTimes(_ context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
	a.asked = append(a.asked, positions...)
	return func(yield func(time.Time, error) bool) {
		for range positions {
			if !yield(a.came, nil) {
				return
			}
		}
	}
}

// reads is a group that reads some partitions of a topic and has so many to read in each.
func reads(group string, left ...int64) consumer.Lag {
	reading := consumer.Lag{Kind: consumer.ClassicGroup, Group: group}
	for i, n := range left {
		l := consumer.LogLag{Log: adapters.Log{Destination: "orders", Partition: int32(i)}, Committed: 100, End: 100 + n, LastStable: 100 + n, Member: -1}
		l.Classify()
		reading.Logs = append(reading.Logs, l)
	}
	return reading
}

func groupsOf(found []*lag.Consumer) (names []string) {
	for _, c := range found {
		names = append(names, c.Source+" "+c.Lag.Group)
	}
	return names
}

// TestASweepOfTwoSources: what both tell is in one list, the worst first, and what they cannot
// tell is kept apart.
func TestASweepOfTwoSources(t *testing.T) {
	refused, gone := errors.New("refused"), &adapters.Problem{Doing: "find gone", Cause: "it is not there", Kind: adapters.ErrUnknownDestination}
	first := &answers{readings: []consumer.Lag{reads("small", 1), reads("none", 0), reads("gone")}, errs: map[string]error{"gone": gone}}
	second := &answers{readings: []consumer.Lag{reads("large", 5, 7), {}}, errs: map[string]error{"": refused}}
	sweep := lag.NewSweep([]lag.Source{{Name: "a", Broker: "kafka", Reader: first}, {Name: "b", Reader: second}}, lag.NewSeries(lag.Config{}))
	most := 0
	sweep.Heard = func(found int) { most = max(most, found) }
	sweep.Look(t.Context(), nil)
	sweep.Classify(time.Now())
	found := sweep.Found()
	if got, want := groupsOf(found), []string{"b large", "a small", "a none"}; !slices.Equal(got, want) {
		t.Fatalf("found %q, want %q", got, want)
	}
	if c := found[1]; c.Broker != "kafka" || c.Total.Lag != 1 || c.Standing.State != consumer.LagBehind || len(c.Logs) != 1 {
		t.Errorf("found %+v", c)
	}
	if sorted := found[0].WorstFirst(); sorted.Lag.Logs[0].Partition != 1 || found[0].Lag.Logs[0].Partition != 0 {
		t.Errorf("the worst first: %+v, of %+v", sorted.Lag.Logs, found[0].Lag.Logs)
	}
	if got, want := sweep.Troubles(), []lag.Trouble{{Source: "a", Group: "gone", Err: gone}, {Source: "b", Err: refused}}; !slices.Equal(got, want) {
		t.Errorf("troubles %+v, want %+v", got, want)
	}
	if seen, of := sweep.Progress(); seen != 5 || of != 5 || most != len(found) {
		t.Errorf("saw %d of %d, and heard of %d", seen, of, most)
	}
}

// TestASecondLook asks for one group again: its newer reading counts, unless that failed.
func TestASecondLook(t *testing.T) {
	source := &answers{readings: []consumer.Lag{reads("one", 1), reads("two", 2)}}
	sweep := lag.NewSweep([]lag.Source{{Name: "a", Reader: source}}, lag.NewSeries(lag.Config{}))
	sweep.Look(t.Context(), nil)
	source.readings = []consumer.Lag{reads("one", 9), reads("two", 9)}
	sweep.Look(t.Context(), map[string][]string{"a": {"one"}, "b": {"two"}})
	lags := func() (all []int64) {
		for _, c := range sweep.Found() {
			all = append(all, c.Total.Lag)
		}
		return all
	}
	if got := lags(); !slices.Equal(got, []int64{9, 2}) {
		t.Errorf("lags %v", got)
	}
	source.readings, source.errs = []consumer.Lag{reads("one", 50)}, map[string]error{"one": errors.New("in part")}
	sweep.Look(t.Context(), nil)
	if got := lags(); !slices.Equal(got, []int64{9, 2}) || sweep.Found()[0].Err != nil {
		t.Errorf("lags %v after a look that failed", got)
	}
}

// TestAgesAreAskedOfTheWorst: with little room it is the worst of which the age is known.
func TestAgesAreAskedOfTheWorst(t *testing.T) {
	source := &answers{readings: []consumer.Lag{reads("small", 1), reads("large", 5, 7), reads("none", 0)}, came: time.Now().Add(-time.Hour)}
	sweep := lag.NewSweep([]lag.Source{{Name: "a", Reader: source}}, lag.NewSeries(lag.Config{}))
	sweep.Look(t.Context(), nil)
	sweep.Age(t.Context(), time.Minute, 2)
	sweep.Classify(time.Now())
	found := sweep.Found()
	if large := found[0].Standing; len(source.asked) != 2 || !large.SecondsKnown || large.Seconds < time.Hour.Seconds() {
		t.Errorf("asked %v, and the worst stands %+v", source.asked, large)
	}
	if small := found[1].Standing; small.SecondsKnown {
		t.Errorf("without having asked, %+v", small)
	}
}

// TestTheOrderOfWhatIsWorse is the same however the consumers come: by gravity, then lag, then
// name, and no two share a place.
func TestTheOrderOfWhatIsWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*lag.Consumer
		for _, key := range rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) lag.Key {
			return lag.Key{Source: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "source"), Kind: rapid.SampledFrom([]consumer.Kind{consumer.ClassicGroup, consumer.QueueConsumers}).Draw(t, "kind"), Group: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "group")}
		}), func(k lag.Key) lag.Key { return k }).Draw(t, "keys") {
			state := rapid.SampledFrom([]consumer.LagState{consumer.LagUnknown, consumer.LagOK, consumer.LagStop}).Draw(t, "state")
			all = append(all, &lag.Consumer{Source: key.Source, Lag: consumer.Lag{Kind: key.Kind, Group: key.Group}, Total: consumer.Total{Lag: rapid.Int64Range(0, 2).Draw(t, "lag")}, Standing: lag.Standing{State: state}})
		}
		slices.SortFunc(all, lag.Worse)
		for i := 1; i < len(all); i++ {
			a, b := all[i-1], all[i]
			graver, lighter := lag.Gravity(a.Standing.State), lag.Gravity(b.Standing.State)
			if lag.Worse(a, b) >= 0 || lag.Worse(b, a) <= 0 || graver < lighter || graver == lighter && a.Total.Lag < b.Total.Lag {
				t.Fatalf("%+v comes before %+v", a, b)
			}
		}
	})
}
