package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
)

const (
	declaredAtOnce = 4

	letterCount = 5
)

// faultsAtOnce has room for as many frames as are tried at a time by all stories: most of the time
// is waiting.
var faultsAtOnce = make(chan struct{}, 64)

// story is something that is done over a line on which one frame may meet a fault. It says what
// is wrong with the outcome. An interrupt is the end of its context.
type story func(ctx context.Context, told *telling)

// telling is a story that is being told.
type telling struct {
	t      *testing.T
	name   string
	line   *faultyLine
	config Config // of an adapter over the line
}

// wrong says what is wrong with the outcome.
func (s *telling) wrong(format string, args ...any) {
	s.t.Errorf("%s: %s", s.name, fmt.Sprintf(format, args...))
}

// over does something with an adapter over the line. Where that fails, or the adapter cannot be
// opened, it must be for a fault or an interrupt.
func (s *telling) over(ctx context.Context, do func(*Adapter) error) error {
	a, err := Open(ctx, s.config)
	if err == nil {
		err = do(a)
		_ = a.Close() // over a line with a fault
	}
	s.inWords(ctx, err)
	return err
}

// inWords requires that an error is a problem, unless the story was interrupted, and that there
// is none without a fault.
func (s *telling) inWords(ctx context.Context, err error) {
	var problem *adapters.Problem
	switch {
	case err != nil && s.line.fault == well:
		s.wrong("it failed: %v", err)
	case err != nil && ctx.Err() == nil && !errors.As(err, &problem):
		s.wrong("the error %v says nothing to an operator", err)
	}
}

// wholeOr requires that what was got is what want begins with, and all of it if there was no
// error.
func (s *telling) wholeOr(err error, got, want []string) {
	if !isBeginning(got, want) || err == nil && len(got) < len(want) {
		s.wrong("it gave %q and the error %v", got, err)
	}
}

// onEachFrame tells a story without a fault, and then with each fault at each frame of each way;
// each broker gets a third of the frames, since they pass the same ones. It must always end: by
// itself, if the broker owes an answer for too long, and soon if it is interrupted meanwhile.
func onEachFrame(t *testing.T, config Config, tell story) {
	t.Helper()
	share := max(0, slices.IndexFunc(brokerVariables, func(variable string) bool {
		return slices.Contains(strings.Split(t.Name(), "/"), strings.TrimPrefix(variable, variablePrefix))
	}))
	clean := newFaultyLine(t, config.Address)
	(&telling{t, "without a fault", clean, config}).tell(tell, false)
	frames := map[bool]int{false: clean.frames(false), true: clean.frames(true)}
	t.Logf("%d frames to the broker, %d from it", frames[true], frames[false])
	const enough = 2 * lateness // for what comes late, and for a broker with much to do
	config.timeouts = connection.Timeouts{Handshake: enough, Answer: enough, Deliveries: enough, Silence: enough}
	interruptible := config // where the interrupt ends it, or nothing
	interruptible.timeouts = connection.Timeouts{Handshake: time.Hour, Answer: time.Hour, Deliveries: time.Hour, Silence: enough}
	var tellings sync.WaitGroup
	var all, met atomic.Int32
	for toBroker, kinds := range map[bool][]fault{
		false: {late, broken, cut, failed, denied, stuck},
		true:  {late, cut, lost, stuck},
	} {
		for at := share; at < frames[toBroker]; at += len(brokerVariables) {
			for _, kind := range kinds {
				begin := func(config Config, interrupted bool) {
					faultsAtOnce <- struct{}{}
					line := newFaultyLine(t, config.Address)
					line.fault, line.toBroker, line.at = kind, toBroker, at
					name := fmt.Sprintf("%v at frame %d, to the broker: %v, interrupted: %v", kind, at, toBroker, interrupted)
					tellings.Go(func() {
						defer func() { <-faultsAtOnce }()
						(&telling{t, name, line, config}).tell(tell, interrupted)
						select {
						case <-line.happened:
							met.Add(1)
						default: // it had ended before, on a broker that is slow
						}
						all.Add(1)
					})
				}
				begin(config, false)
				if kind == stuck {
					begin(interruptible, true)
				}
			}
		}
	}
	tellings.Wait()
	t.Logf("%d of %d faults were met", met.Load(), all.Load())
}

// tell tells a story, and fails the test if it does not end.
func (s *telling) tell(tell story, interrupted bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.config.Address = s.line.listener.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		tell(ctx, s)
	}()
	happened := s.line.happened
	if !interrupted {
		happened = nil
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-happened:
			happened = nil
			cancel()
		case <-limit.C:
			s.wrong("it hangs")
			cancel()
			waiting = false
		}
	}
	s.line.close()
	<-done
}

// values copies what an intake gets.
type values struct {
	mu  sync.Mutex
	got []string
}

func (v *values) Put(_ context.Context, batch *adapters.Batch) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range batch.Messages {
		v.got = append(v.got, string(batch.Messages[i].Value))
	}
	batch.Release()
	return nil
}

func (v *values) all() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.got)
}

// isBeginning reports whether got is what want begins with.
func isBeginning(got, want []string) bool {
	return len(got) <= len(want) && slices.Equal(got, want[:len(got)])
}

// streamOfLetters reads a stream of some messages.
func (b *testBroker) streamOfLetters(t *testing.T) (config Config, want []string) {
	stream := b.queue(t, "stream", nil)
	b.publish(t, "", stream, bodies("letter", letterCount)...)
	config = b.config()
	config.Streams = []string{stream}
	return config, numbered("letter", 0, letterCount)
}

// TestAScanIsGaplessOrAnError, whichever frame meets what.
func TestAScanIsGaplessOrAnError(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for name, from := range map[string]adapters.Start{"beginning": adapters.Beginning, "time": adapters.Ago(time.Hour)} {
			t.Run(name, func(t *testing.T) {
				config, want := b.streamOfLetters(t)
				onEachFrame(t, config, func(ctx context.Context, told *telling) {
					var got values
					err := told.over(ctx, func(a *Adapter) error { return a.Scan(ctx, adapters.Range{From: from}, &got) })
					told.wholeOr(err, got.all(), want)
				})
			})
		}
	})
}

// TestATailOfAStreamGoesOnWhereItEnded, whichever frame meets what: nothing is missing, and
// nothing comes twice.
func TestATailOfAStreamGoesOnWhereItEnded(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		config, want := b.streamOfLetters(t)
		onEachFrame(t, config, func(ctx context.Context, told *telling) {
			within, enough := context.WithCancel(ctx)
			defer enough()
			var got values
			err := told.over(ctx, func(a *Adapter) error {
				return a.Run(within, adapters.Beginning, adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
					_ = got.Put(ctx, batch)
					if len(got.all()) >= len(want) {
						enough()
					}
					return nil
				}))
			})
			told.wholeOr(errors.Join(err, ctx.Err()), got.all(), want)
		})
	})
}

// TestNothingIsSaidToBeGoneThatIsThere, whichever frame meets what while positions are read.
func TestNothingIsSaidToBeGoneThatIsThere(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		config, want := b.streamOfLetters(t)
		positions := make([]adapters.Position, letterCount)
		for i := range positions {
			positions[i] = adapters.Position{Destination: config.Streams[0], Partition: adapters.NoPartition, Offset: int64(i)}
		}
		onEachFrame(t, config, func(ctx context.Context, told *telling) {
			_ = told.over(ctx, func(a *Adapter) error {
				i := 0
				for m, err := range a.Fetch(ctx, positions) {
					switch {
					case err == nil && string(m.Value) != want[i], errors.Is(err, adapters.ErrGone):
						told.wrong("for %q came %q, %v", want[i], m.Value, err)
					default:
						told.inWords(ctx, err)
					}
					i++
				}
				if ctx.Err() == nil && i != letterCount {
					told.wrong("%d answers", i)
				}
				return nil
			})
		})
	})
}

// kindsUnderFaults are the kinds of queues that are tried with faults.
var kindsUnderFaults = map[string]amqp.Table{"classic": nil, "quorum": {"x-delivery-limit": int32(100)}}

// TestAPeekLeavesAllLettersInOrder, whichever frame meets what, and says so when it did not
// see all of them.
func TestAPeekLeavesAllLettersInOrder(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for kind, arguments := range kindsUnderFaults {
			t.Run(kind, func(t *testing.T) {
				want, bench := numbered("letter", 0, letterCount), b.bench(t)
				onEachFrame(t, b.managed(), func(ctx context.Context, told *telling) {
					queue := bench.queue(kind, arguments, letterCount)
					told.config.LettersOnly, told.config.Queues = true, []string{queue}
					var got []string
					err := told.over(ctx, func(a *Adapter) error {
						return a.Peek(ctx, deadletter.Peek{DLQ: queue}, func(part []deadletter.Delivery) error {
							got = append(got, valuesOf(part)...)
							return nil
						})
					})
					told.wholeOr(err, got, want)
					left := bench.remove(queue, letterCount)
					if inOrder := slices.Equal(left, want); !inOrder && kind == "classic" || len(left) != letterCount {
						told.wrong("it left %q, with the error %v", left, err)
					}
				})
			})
		}
	})
}

// bench is a connection to the broker beside the line, for what many stories need at a time.
type bench struct {
	t          *testing.T
	connection *amqp.Connection
	turns      chan struct{} // of those who declare, which costs a broker much
}

func (b *testBroker) bench(t *testing.T) *bench {
	connection, err := amqp.Dial(b.amqp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return &bench{t, connection, make(chan struct{}, declaredAtOnce)}
}

// do does something on a channel of its own.
func (b *bench) do(operation func(*amqp.Channel) error) {
	channel, err := b.connection.Channel()
	if err == nil {
		err = operation(channel)
		_ = channel.Close()
	}
	if err != nil {
		b.t.Error(err)
	}
}

// queue declares a queue, with some letters in it. Remove deletes it.
func (b *bench) queue(kind string, arguments amqp.Table, letters int) string {
	name, all := unique(kind), amqp.Table{amqp.QueueTypeArg: kind}
	maps.Copy(all, arguments)
	b.do(func(ch *amqp.Channel) error {
		b.turns <- struct{}{}
		_, err := ch.QueueDeclare(name, true, false, false, false, all)
		<-b.turns
		if err == nil {
			err = ch.Confirm(false)
		}
		if err != nil {
			return err
		}
		var sent []*amqp.DeferredConfirmation
		for _, letter := range bodies("letter", letters) {
			confirmation, err := ch.PublishWithDeferredConfirm("", name, false, false, letter)
			if err != nil {
				return err
			}
			sent = append(sent, confirmation)
		}
		for _, confirmation := range sent {
			confirmation.Wait()
		}
		return nil
	})
	return name
}

// remove takes all letters of a queue and deletes it. It waits until there are so many: what
// somebody held comes back when the broker has noticed that he is gone.
func (b *bench) remove(queue string, many int) (got []string) {
	b.do(func(ch *amqp.Channel) error {
		for limit := time.Now().Add(20 * time.Second); ; <-time.After(20 * time.Millisecond) {
			state, err := ch.QueueDeclarePassive(queue, false, false, false, false, nil)
			if err != nil {
				return err
			}
			if state.Messages >= many || time.Now().After(limit) {
				break
			}
		}
		for {
			d, ok, err := ch.Get(queue, true)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			got = append(got, string(d.Body))
		}
		_, err := ch.QueueDelete(queue, false, false, false)
		return err
	})
	return got
}

// TestNoLetterIsLostByARedrive, whichever frame meets what: each is still in its queue or has
// reached its target, and what is reported of the copies is true.
func TestNoLetterIsLostByARedrive(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for kind, arguments := range kindsUnderFaults {
			t.Run(kind, func(t *testing.T) {
				want, bench := numbered("letter", 0, letterCount), b.bench(t)
				onEachFrame(t, b.lettersOf(), func(ctx context.Context, told *telling) {
					queue, target := bench.queue(kind, arguments, letterCount), bench.queue("classic", nil, 0)
					settled := told.redriven(ctx, queue, target)
					arrived := bench.remove(target, 0)
					left := bench.remove(queue, letterCount-len(arrived))
					for _, letter := range want {
						if !slices.Contains(left, letter) && !slices.Contains(arrived, letter) {
							told.wrong("%s is lost; %q arrived, %q are left", letter, arrived, left)
						}
						if slices.Contains(settled, letter) && (slices.Contains(left, letter) || !slices.Contains(arrived, letter)) {
							told.wrong("%s was settled; %q arrived, %q are left", letter, arrived, left)
						}
					}
					if slices.Sort(left); len(slices.Compact(left)) != len(left) {
						told.wrong("a letter was doubled: %q are left", left)
					}
				})
			})
		}
	})
}

// redriven redrives all letters of a queue, as long as nothing goes wrong, and says which
// were settled.
func (s *telling) redriven(ctx context.Context, queue, target string) (settled []string) {
	_ = s.over(ctx, func(a *Adapter) error {
		r, err := a.Redrive(ctx, deadletter.Order{DLQ: queue, Run: "run", Letters: make([]adapters.Position, letterCount)})
		if err != nil {
			return err
		}
		defer r.Close()
		for {
			part, err := r.Next(ctx, 2)
			if err != nil || len(part) == 0 {
				return err
			}
			copies := make([]deadletter.Copy, len(part))
			for i := range part {
				copies[i] = deadletter.Copy{Of: &part[i], To: deadletter.Routed("", target)}
			}
			outcomes, sending := r.Send(ctx, copies, nil)(ctx)
			var safe []deadletter.Delivery
			for i, outcome := range outcomes {
				if outcome == nil {
					safe = append(safe, part[i])
				}
			}
			s.inWords(ctx, sending)
			if err := r.Acknowledge(ctx, safe); err != nil {
				return err
			}
			settled = append(settled, valuesOf(safe)...)
			if sending != nil || len(safe) < len(part) {
				return nil
			}
		}
	})
	return settled
}

// TestWhatAPublisherSaysOfACopyIsTrue, whichever frame meets what: what it calls sent has
// arrived once, what it calls not sent has not, and nothing else is but what it calls unknown.
func TestWhatAPublisherSaysOfACopyIsTrue(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		bench := b.bench(t)
		onEachFrame(t, b.lettersOf(), func(ctx context.Context, told *telling) {
			target := bench.queue("classic", nil, 0)
			outcomes := told.published(ctx, target)
			certain, possible := 0, 0
			for _, outcome := range outcomes {
				switch {
				case outcome == nil:
					certain++
					possible++
				case errors.Is(outcome, deadletter.ErrUnknownOutcome):
					possible++
				case !errors.Is(outcome, deadletter.ErrNotSent):
					told.wrong("a copy is said to be refused: %v", outcome)
				}
			}
			arrived := bench.remove(target, certain)
			if len(arrived) < certain || len(arrived) > possible {
				told.wrong("%q arrived; %d should have, and at most %d could have: %v", arrived, certain, possible, outcomes)
			}
			for i, outcome := range outcomes {
				letter := fmt.Sprint("letter ", i)
				if there := slices.Contains(arrived, letter); outcome == nil && !there || errors.Is(outcome, deadletter.ErrNotSent) && there {
					told.wrong("of %s it says %v, and %q arrived", letter, outcome, arrived)
				}
			}
		})
	})
}

// published sends some messages to a queue.
func (s *telling) published(ctx context.Context, target string) (outcomes []error) {
	_ = s.over(ctx, func(a *Adapter) error {
		p, err := a.Publisher(ctx)
		if err != nil {
			return err
		}
		defer p.Close()
		copies := make([]deadletter.Copy, letterCount)
		for i, value := range numbered("letter", 0, letterCount) {
			copies[i] = deadletter.Copy{Message: &adapters.Message{Value: []byte(value)}, To: deadletter.Routed("", target)}
		}
		outcomes, err = p.Send(ctx, copies, nil)(ctx)
		return err
	})
	return outcomes
}

// TestALagIsTrueOrAnError, whichever frame meets what.
func TestALagIsTrueOrAnError(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", letterCount)...)
		config := b.config()
		config.LettersOnly, config.Queues = true, []string{queue}
		onEachFrame(t, config, func(ctx context.Context, told *telling) {
			_ = told.over(ctx, func(a *Adapter) error {
				lags, said := 0, 0
				for lag, err := range a.Lag(ctx, consumer.LagQuery{}) {
					switch {
					case err != nil:
						said++
					case lag.Group != queue || lag.Queue == nil || lag.Queue.Ready != letterCount:
						told.wrong("it tells of %+v", lag)
					default:
						lags++
					}
				}
				if ctx.Err() == nil && lags != 1 && said < 2 { // one word is that there is no management API
					told.wrong("it tells of %d queues, and says %d sentences", lags, said)
				}
				return nil
			})
		})
	})
}

// TestATapShowsAllOrAGap, whichever frame meets what.
func TestATapShowsAllOrAGap(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		bench, want := b.bench(t), numbered("letter", 0, letterCount)
		onEachFrame(t, b.config(), func(ctx context.Context, told *telling) {
			exchange := unique("fanout")
			bench.do(func(ch *amqp.Channel) error {
				return ch.ExchangeDeclare(exchange, "fanout", false, false, false, false, nil)
			})
			defer bench.do(func(ch *amqp.Channel) error { return ch.ExchangeDelete(exchange, false, false) })
			told.config.Taps = []Tap{{Exchange: exchange}}
			var got values
			gaps := 0
			err := told.over(ctx, func(a *Adapter) error {
				within, enough := context.WithCancel(ctx)
				defer enough()
				done := make(chan error, 1)
				go func() { done <- a.Run(within, adapters.End, &got) }()
				for published := false; ; {
					select {
					case err := <-done:
						gaps = len(a.Status().Gaps)
						return err
					case <-time.After(10 * time.Millisecond):
					}
					status := a.Status()
					switch {
					case !published && status.Connection == adapters.Live:
						published = true
						for _, letter := range bodies("letter", letterCount) {
							bench.do(func(ch *amqp.Channel) error { return ch.Publish(exchange, "", false, false, letter) })
						}
					case published && (len(got.all()) >= len(want) || len(status.Gaps) > 0):
						enough()
					}
				}
			})
			if all := got.all(); gaps == 0 && err == nil && ctx.Err() == nil && !slices.Equal(all, want) {
				told.wrong("it gave %q", all)
			}
		})
	})
}
