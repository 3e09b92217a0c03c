package reading

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/exit"
)

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
		"live":              {[]adapters.Status{{Connection: adapters.Live, Messages: 1}}, exit.Done},
		"away":              {[]adapters.Status{{Connection: adapters.Lost, Err: away, Messages: 1}}, exit.Partly},
		"away, nothing":     {[]adapters.Status{{Connection: adapters.Lost, Err: away}}, exit.Failed},
		"one of two away":   {[]adapters.Status{{Connection: adapters.Lost, Err: away}, {Connection: adapters.Live, Messages: 1}}, exit.Partly},
		"both away":         {[]adapters.Status{{Connection: adapters.Lost, Err: away}, {Connection: adapters.Failed, Err: away}}, exit.Failed},
		"a part unreadable": {[]adapters.Status{{Connection: adapters.Live, Messages: 1, Problems: []string{"topic x is not allowed"}}}, exit.Partly},
		"drops":             {[]adapters.Status{{Connection: adapters.Live, Messages: 1, Dropped: 2}}, exit.Partly},
		"a gap":             {[]adapters.Status{{Connection: adapters.Live, Messages: 1, Gaps: []adapters.Gap{{Missed: -1}}}}, exit.Partly},
		"a gap of nothing":  {[]adapters.Status{{Connection: adapters.Live, Messages: 1, Gaps: []adapters.Gap{{}}}}, exit.Done},
	} {
		p := console.New(nil, nil, null)
		sources := newSources(p, len(c.statuses))
		var inHand []*sourceInHand
		for i, status := range c.statuses {
			inHand = append(inHand, &sourceInHand{status: status, deliver: int(status.Messages)})
			sources.Open = append(sources.Open, inHand[i].source(fmt.Sprint("s", i)))
		}
		err := sources.Read(t.Context(), Extent{Limit: time.Millisecond}, func(*driver.Source) adapters.Intake {
			return adapters.IntakeFunc(func(context.Context, *adapters.Batch) error { return nil })
		})
		for _, source := range inHand {
			source.ended.Store(false)
		}
		if code := exit.Code(sources.Answer(err)); code != c.want {
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
	p := console.New(nil, nil, said)
	sources := newSources(p, 3)
	sources.Open = []*driver.Source{(&sourceInHand{status: adapters.Status{Problems: []string{"topic x is not allowed", "topic y is not allowed"}}}).source("a")}
	sources.LackAll(errors.Join(&adapters.SourceError{Source: "a", Err: errors.New("queue one is not allowed")}, &adapters.SourceError{Source: "a", Err: errors.New("queue two is not allowed")}))
	sources.Fail("b", errors.New("b is away"))
	for range 2 {
		if err := sources.Outcome(); err == nil || err.Error() != "partial result: 1 of 3 sources failed, 1 of 3 sources incomplete" {
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
