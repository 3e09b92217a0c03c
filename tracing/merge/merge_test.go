package merge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
)

// index stands in for the index: it notes what is put, in its order.
type index struct {
	mutex    sync.Mutex
	put      []string // "p" or "l" for the intake, then the value
	times    []time.Time
	merge    *Merge
	released atomic.Int64
}

func (x *index) intake(kind string) adapters.Intake {
	return adapters.IntakeFunc(func(_ context.Context, b *adapters.Batch) error {
		x.mutex.Lock()
		defer x.mutex.Unlock()
		for i := range b.Messages {
			x.put = append(x.put, kind+string(b.Messages[i].Value))
			x.times = append(x.times, b.Messages[i].Time)
		}
		b.Release()
		return nil
	})
}

// story runs a merge of so many sources; each of those that attach reads until told otherwise.
func story(t *testing.T, sources int, most int64, tell func(t *testing.T, x *index, attach func() (adapters.Intake, *atomic.Bool))) {
	synctest.Test(t, func(t *testing.T) {
		x := &index{}
		x.merge = New(sources, most, func(context.Context) error { return nil })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { x.merge.Run(ctx); close(done) }()
		tell(t, x, func() (adapters.Intake, *atomic.Bool) {
			reading := new(atomic.Bool)
			reading.Store(true)
			return x.merge.Attach(x.intake("p"), x.intake("l"), reading.Load), reading
		})
		cancel()
		<-done
	})
}

// batch is messages of one log, by the second in which each is from; their values are log and
// second.
func (x *index) batch(log string, past bool, seconds ...int) *adapters.Batch {
	b := &adapters.Batch{Past: past, Recycle: func() { x.released.Add(1) }}
	for i, second := range seconds {
		m := adapters.Message{Position: adapters.Position{Destination: log, Offset: int64(i)}, Value: fmt.Appendf(nil, "%s%d", log, second)}
		if second >= 0 {
			m.Time = time.Unix(int64(second), 0)
		}
		b.Messages = append(b.Messages, m)
	}
	return b
}

// came is what was put so far.
func (x *index) came() []string {
	synctest.Wait()
	x.mutex.Lock()
	defer x.mutex.Unlock()
	return slices.Clone(x.put)
}

func (x *index) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := x.came(); !slices.Equal(got, want) {
		t.Errorf("put are %q, want %q", got, want)
	}
}

func send(t *testing.T, in adapters.Intake, b *adapters.Batch) {
	t.Helper()
	if err := in.Put(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// TestThePastComesInTheOrderOfItsTime, whichever log and source it is of, and what came live
// meanwhile behind it.
func TestThePastComesInTheOrderOfItsTime(t *testing.T) {
	story(t, 2, 1<<20, func(t *testing.T, x *index, attach func() (adapters.Intake, *atomic.Bool)) {
		one, readingOne := attach()
		send(t, one, x.batch("a", true, 1, 4, 9))
		send(t, one, x.batch("b", true, 2, 3))
		send(t, one, x.batch("b", false, 5))
		readingOne.Store(false)
		time.Sleep(patience / 2)
		x.expect(t)
		two, readingTwo := attach()
		send(t, two, x.batch("c", true, 0, 8))
		readingTwo.Store(false)
		time.Sleep(2 * look)
		x.expect(t, "pc0", "pa1", "pb2", "pb3", "pa4", "pc8", "pa9", "lb5")
		if released := x.released.Load(); released != 4 {
			t.Errorf("%d of 4 batches were released", released)
		}
		send(t, two, x.batch("c", false, 7))
		x.expect(t, "pc0", "pa1", "pb2", "pb3", "pa4", "pc8", "pa9", "lb5", "lc7")
	})
}

// TestALogKeepsItsOrder: what has no time, or one that cannot be, stands behind what is before it.
func TestALogKeepsItsOrder(t *testing.T) {
	story(t, 1, 1<<20, func(t *testing.T, x *index, attach func() (adapters.Intake, *atomic.Bool)) {
		in, reading := attach()
		send(t, in, x.batch("a", true, 5, -1, 2, 1<<40, 6))
		send(t, in, x.batch("b", true, 1, 7))
		reading.Store(false)
		time.Sleep(2 * look)
		x.expect(t, "pb1", "pa5", "pa-1", "pa2", "pa1099511627776", "pa6", "pb7")
	})
}

// TestNobodyWaitsForLong: not for a source that never comes, nor for one that says nothing more,
// nor for one that has very much to say. What is later is in order by itself.
func TestNobodyWaitsForLong(t *testing.T) {
	story(t, 2, 1<<20, func(t *testing.T, x *index, attach func() (adapters.Intake, *atomic.Bool)) {
		in, reading := attach()
		send(t, in, x.batch("a", true, 3))
		time.Sleep(patience - look)
		x.expect(t)
		time.Sleep(2 * look)
		x.expect(t, "pa3")
		send(t, in, x.batch("a", false, 4)) // the reading goes on, and nothing is held
		x.expect(t, "pa3", "la4")
		send(t, in, x.batch("b", true, 2))
		send(t, in, x.batch("c", true, 1))
		send(t, in, x.batch("c", false, 5)) // what is before it must not come behind it
		x.expect(t, "pa3", "la4", "pc1", "pb2", "lc5")
		for i := range 100 {
			send(t, in, x.batch("d", true, 10+i))
			time.Sleep(patience / 4)
			if len(x.came()) > 5 {
				if waited := time.Duration(i) * patience / 4; waited < mostWait-patience || waited > mostWait {
					t.Errorf("what comes all the time was put after %v", waited)
				}
				break
			}
		}
		reading.Store(false)
	})
}

// TestWhatIsHeldIsBounded by bytes, and in order as far as that allows it.
func TestWhatIsHeldIsBounded(t *testing.T) {
	const most = 1 << 20
	story(t, 1, most, func(t *testing.T, x *index, attach func() (adapters.Intake, *atomic.Bool)) {
		in, reading := attach()
		for i := range 300 {
			send(t, in, x.batch(fmt.Sprint("log", i%30, "-"), true, 300-i))
			synctest.Wait()
			if held := x.merge.past.bytes + x.merge.live.bytes; held > most {
				t.Fatalf("%d bytes are held", held)
			}
		}
		reading.Store(false)
		time.Sleep(2 * look)
		if came := x.came(); len(came) != 300 || x.released.Load() != 300 {
			t.Errorf("%d were put and %d batches released", len(came), x.released.Load())
		}
	})
}

// TestAnotherReadingBeginsAnew, without what the one before has not put.
func TestAnotherReadingBeginsAnew(t *testing.T) {
	story(t, 1, 1<<20, func(t *testing.T, x *index, attach func() (adapters.Intake, *atomic.Bool)) {
		in, reading := attach()
		reading.Store(false)
		time.Sleep(2 * look)
		send(t, in, x.batch("a", false, 1))
		reading.Store(true)
		send(t, in, x.batch("a", true, 2))
		if err := x.merge.Again(t.Context()); err != nil {
			t.Fatal(err)
		}
		send(t, in, x.batch("b", true, 4))
		send(t, in, x.batch("a", true, 3))
		send(t, in, x.batch("a", false, 5))
		x.expect(t, "la1")
		reading.Store(false)
		time.Sleep(2 * look)
		x.expect(t, "la1", "pa3", "pb4", "la5")
	})
}

// TestAnEndReleasesEverything, and whoever waits is told.
func TestAnEndReleasesEverything(t *testing.T) {
	x := &index{}
	synctest.Test(t, func(t *testing.T) {
		x.merge = New(1, 1<<20, func(context.Context) error { return nil })
		ctx, cancel := context.WithCancel(t.Context())
		in := x.merge.Attach(x.intake("p"), x.intake("l"), func() bool { return true })
		send(t, in, x.batch("a", true, 1, 2))
		send(t, in, x.batch("a", false, 3))
		cancel()
		x.merge.Run(ctx)
		x.merge.lock <- struct{}{} // somebody puts
		b := x.batch("a", true, 4)
		if err := in.Put(ctx, b); !errors.Is(err, context.Canceled) {
			t.Errorf("put says %v", err)
		}
		b.Release()
	})
	if x.released.Load() != 3 || len(x.put) != 0 {
		t.Errorf("%d batches were released, %q put", x.released.Load(), x.put)
	}
}

// TestAnyPastIsWhole: whatever the batches, everything is put once, in the order of its time.
func TestAnyPastIsWhole(t *testing.T) {
	for seed := range uint64(50) {
		story(t, 3, 1<<20, func(t *testing.T, x *index, attach func() (adapters.Intake, *atomic.Bool)) {
			chance, all := rand.New(rand.NewPCG(seed, 1)), 0
			next := map[string]int{}
			for source := range 3 {
				in, reading := attach()
				for range chance.IntN(20) {
					log := fmt.Sprint(source, "-", chance.IntN(3), "-")
					var seconds []int
					for range 1 + chance.IntN(5) {
						next[log] += chance.IntN(50)
						seconds = append(seconds, next[log])
					}
					all += len(seconds)
					send(t, in, x.batch(log, true, seconds...))
				}
				reading.Store(false)
			}
			time.Sleep(2 * look)
			if came := x.came(); len(came) != all || !slices.IsSortedFunc(x.times, func(a, b time.Time) int { return cmp.Compare(a.Unix(), b.Unix()) }) {
				t.Errorf("seed %d: %d of %d were put, in this order: %v", seed, len(came), all, came)
			}
		})
	}
}
