package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/embedded"
)

// mortalBroker is an embedded broker with one order, and what kills it for good.
func mortalBroker(t *testing.T) (url string, kill func()) {
	t.Helper()
	broker, err := embedded.Start(context.Background(), 1, "orders")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Stop)
	order, value := "ord-1", json.RawMessage(`{"type":"OrderPlaced"}`)
	if err := publishKafka(broker.Address(), []scriptMessage{{Topic: "orders", Key: &order, Value: &value}}); err != nil {
		t.Fatal(err)
	}
	return "kafka://" + broker.Address() + "/orders", broker.Stop
}

// A broker that is killed for good while it is read is no end of its events: what was read
// is a part, and the code says so.
func TestABrokerKilledForGoodIsNoWholeResult(t *testing.T) {
	t.Parallel()
	url, kill := mortalBroker(t)
	command := process(t, "tail", url, "--from", "beginning", "--for", "4s")
	line, _, said := firstLine(t, command)
	kill()
	_ = command.Wait() // its code is looked at
	if code := command.ProcessState.ExitCode(); code != exitPartly || !strings.Contains(line, "OrderPlaced") || !strings.Contains(said.String(), "cannot connect to kafka") ||
		!strings.Contains(said.String(), "1 of 1 sources failed") {
		t.Errorf("exit code %d, want %d: %s", code, exitPartly, said)
	}
}

// A source that was never read gives no result at all, whatever was asked of it.
func TestABrokerThatIsNeverReadIsAFailure(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"tail"}, {"tail", "--filter", "x"}, {"flows"}, {"topology", "--from", "end"}} {
		url, kill := mortalBroker(t)
		command := process(t, append(args, url, "--for", "3s", "--log", "/dev/stdout")...)
		_, rest, said := firstLine(t, command) // the log says that it is open
		go func() { _, _ = new(bytes.Buffer).ReadFrom(rest) }()
		kill()
		_ = command.Wait()
		if code := command.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(said.String(), "cannot connect to kafka") {
			t.Errorf("%v: exit code %d, want %d: %s", args, code, exitFailed, said)
		}
	}
}

// sourceInHand is a source whose status a test decides. It delivers one message, if it is to,
// and then nothing until it is told to end.
type sourceInHand struct {
	status  adapters.Status
	deliver int
	ended   atomic.Bool // then its status says nothing any more
}

// source is the source as a reading has it.
func (s *sourceInHand) source(name string) *driver.Source {
	return &driver.Source{Name: name, Status: s.Status, Close: func() error { return nil }, Tailer: s}
}

func (s *sourceInHand) Status() adapters.Status {
	if s.ended.Load() {
		return adapters.Status{Connection: adapters.Closed}
	}
	return s.status
}

func (s *sourceInHand) Run(ctx context.Context, _ adapters.Start, intake adapters.Intake) error {
	defer s.ended.Store(true)
	if s.deliver > 0 {
		if err := intake.Put(ctx, &adapters.Batch{Messages: make([]adapters.Message, s.deliver)}); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// How a source stood when the time was over decides how the reading ended.
func TestHowASourceStoodAtTheEndIsTheOutcome(t *testing.T) {
	away := errors.New("cannot connect")
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for name, c := range map[string]struct {
		statuses []adapters.Status
		want     int
	}{
		"live":              {[]adapters.Status{{Connection: adapters.Live, Messages: 1}}, exitDone},
		"away":              {[]adapters.Status{{Connection: adapters.Lost, Err: away, Messages: 1}}, exitPartly},
		"away, nothing":     {[]adapters.Status{{Connection: adapters.Lost, Err: away}}, exitFailed},
		"one of two away":   {[]adapters.Status{{Connection: adapters.Lost, Err: away}, {Connection: adapters.Live, Messages: 1}}, exitPartly},
		"both away":         {[]adapters.Status{{Connection: adapters.Lost, Err: away}, {Connection: adapters.Failed, Err: away}}, exitFailed},
		"a part unreadable": {[]adapters.Status{{Connection: adapters.Live, Messages: 1, Problems: []string{"topic x is not allowed"}}}, exitPartly},
		"drops":             {[]adapters.Status{{Connection: adapters.Live, Messages: 1, Dropped: 2}}, exitPartly},
		"a gap":             {[]adapters.Status{{Connection: adapters.Live, Messages: 1, Gaps: []adapters.Gap{{Missed: -1}}}}, exitPartly},
		"a gap of nothing":  {[]adapters.Status{{Connection: adapters.Live, Messages: 1, Gaps: []adapters.Gap{{}}}}, exitDone},
	} {
		p := newProgram(nil, nil, null, nil)
		sources := newOpened(len(c.statuses))
		var inHand []*sourceInHand
		for i, status := range c.statuses {
			inHand = append(inHand, &sourceInHand{status: status, deliver: int(status.Messages)})
			sources.adapters = append(sources.adapters, inHand[i].source(fmt.Sprint("s", i)))
		}
		reading := reading{limit: time.Millisecond}
		err := reading.run(t.Context(), p, sources, func(*driver.Source) adapters.Intake {
			return adapters.IntakeFunc(func(context.Context, *adapters.Batch) error { return nil })
		})
		for _, source := range inHand {
			source.ended.Store(false)
		}
		if code := exitCode(sources.answer(p, err)); code != c.want {
			t.Errorf("%s: exit code %d, want %d", name, code, c.want)
		}
	}
}

// Sources are counted, not what is wrong with them; every reason is said, and once.
func TestSourcesAreCountedNotProblems(t *testing.T) {
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	p := newProgram(nil, nil, said, nil)
	sources := newOpened(3)
	sources.adapters = []*driver.Source{(&sourceInHand{status: adapters.Status{Problems: []string{"topic x is not allowed", "topic y is not allowed"}}}).source("a")}
	sources.lackAll(p, errors.Join(&adapters.SourceError{Source: "a", Err: errors.New("queue one is not allowed")}, &adapters.SourceError{Source: "a", Err: errors.New("queue two is not allowed")}))
	sources.fail(p, "b", errors.New("b is away"))
	for range 2 {
		if err := sources.outcome(p); err == nil || err.Error() != "1 of 3 sources failed and 1 of 3 sources could be read in part only, so the result is not whole" {
			t.Error(err)
		}
	}
	all, err := os.ReadFile(said.Name())
	if err != nil {
		t.Fatal(err)
	}
	const want = "eventscope: queue one is not allowed\neventscope: queue two is not allowed\neventscope: b is away\neventscope: a: topic x is not allowed\neventscope: a: topic y is not allowed\n"
	if string(all) != want {
		t.Errorf("got %s", all)
	}
}
