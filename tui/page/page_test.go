package page_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
	"eventscope/tui/widget"
)

// TestAQuestionIsAskedOnceAtATime, its answer is applied, and when none came, what asking changed is
// taken back.
func TestAQuestionIsAskedOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen := tuitest.NewAlone(t, 80, 24)
		undone, applied := 0, 0
		q := page.Question{Failed: func() { undone++ }}
		asks := func(err error) bool {
			command := q.Ask(screen, text.Own("it"), time.Second, func(ctx context.Context) (func(), error) {
				if errors.Is(err, context.DeadlineExceeded) {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return func() { applied++ }, err
			})
			if command == nil {
				return false
			}
			if q.Ask(screen, text.Own("more"), time.Second, nil) != nil {
				t.Error("a second question is put while one is open")
			}
			command().(page.Answer)()
			return true
		}
		refused := errors.New("refused")
		for i, c := range []struct {
			err             error
			applied, undone int
		}{{nil, 1, 0}, {refused, 1, 1}, {context.DeadlineExceeded, 1, 2}, {nil, 2, 2}} {
			if !asks(c.err) || applied != c.applied || undone != c.undone || !errors.Is(q.Err, c.err) || q.Busy {
				t.Errorf("question %d: applied %d, undone %d, %v", i, applied, undone, q.Err)
			}
		}
	})
}

// TestAQuietAnswerIsDrawnWhereItIsNews: an error that was not there before, or a wait that was shown.
func TestAQuietAnswerIsDrawnWhereItIsNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen := tuitest.NewAlone(t, 80, 24)
		q := page.Question{Quiet: true}
		for i, c := range []struct {
			takes time.Duration
			err   error
			drawn bool
		}{{0, nil, false}, {0, errors.New("away"), true}, {0, errors.New("away"), false}, {0, nil, true}, {time.Second, nil, true}} {
			before := screen.Redraws()
			command := q.Ask(screen, text.Own("it"), time.Minute, func(context.Context) (func(), error) {
				time.Sleep(c.takes)
				return func() {}, c.err
			})
			command().(page.Answer)()
			if drawn := screen.Redraws() > before; drawn != c.drawn {
				t.Errorf("answer %d is drawn: %v", i, drawn)
			}
		}
	})
}

// TestAGapSaysHowLongAndHowMuch, as far as anybody knows.
func TestAGapSaysHowLongAndHowMuch(t *testing.T) {
	screen, noon := tuitest.NewAlone(t, 80, 24), time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for want, gap := range map[string]adapters.Gap{
		"retention took 3 messages":                                         {From: noon, To: noon, Reason: "retention took 3 messages", Missed: 3},
		"was away 8 s (connection lost); messages in between are not shown": {From: noon, To: noon.Add(8 * time.Second), Reason: "connection lost", Missed: -1},
		"was away 8 s; 0 messages in between are not shown":                 {From: noon, To: noon.Add(8 * time.Second)},
		"was away 1m 00s; 1 message in between is not shown":                {From: noon, To: noon.Add(time.Minute), Missed: 1},
		"was away 1m 00s (\\x07); 2,000 messages in between are not shown":  {From: noon, To: noon.Add(time.Minute), Reason: "\a", Missed: 2_000},
	} {
		if got := page.GapSentence(screen.Theme(), gap).String(); got != want {
			t.Errorf("%+v: %q, want %q", gap, got, want)
		}
	}
}

// heard is a screen that keeps what it was told last.
type heard struct {
	page.Screen
	said string
}

func (h *heard) Say(_ theme.Role, s text.Safe) { h.said = s.String() }

// TestWhatIsCopiedIsSaidToBeChangedOnlyWhereItIs.
func TestWhatIsCopiedIsSaidToBeChangedOnlyWhereItIs(t *testing.T) {
	for value, changed := range map[string]bool{"a\r\nb\n": false, "a\tb": true, "a\x1b[31mb": true, "größer": false} {
		screen := &heard{Screen: tuitest.NewAlone(t, 80, 24)}
		if page.Copy(screen, value, text.Own("it")); !strings.Contains(screen.said, "copied it") || strings.Contains(screen.said, "control characters are escaped") != changed {
			t.Errorf("%q: %s", value, screen.said)
		}
	}
}

// TestASourceHasAPastUnlessItSaysThatItHasNone.
func TestASourceHasAPastUnlessItSaysThatItHasNone(t *testing.T) {
	says := func(has bool) func() bool { return func() bool { return has } }
	for _, c := range []struct {
		source page.Source
		want   bool
	}{{page.Source{}, true}, {page.Source{History: says(true)}, true}, {page.Source{History: says(false)}, false}} {
		if got := c.source.HasHistory(); got != c.want {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}

// TestAnEventWithoutATypeSaysSo, and one with a mark has room for it.
func TestAnEventWithoutATypeSaysSo(t *testing.T) {
	screen := tuitest.NewAlone(t, 80, 24)
	for want, event := range map[string]tracing.Event{"(no type)": {}, "OrderPlaced": {Type: "OrderPlaced"}} {
		row := widget.NewRow(screen.Theme(), 20)
		if page.TypeCell(screen.Theme(), row, &event, 20); !strings.Contains(row.Line().Content(), want) {
			t.Errorf("%q, want %s", row.Line().Content(), want)
		}
	}
}

// TestWhatIsSaidOfARowTakesNoRoomFromAShortList, and of a taller one always as much.
func TestWhatIsSaidOfARowTakesNoRoomFromAShortList(t *testing.T) {
	screen := tuitest.NewAlone(t, 40, 24)
	for height, rows := range map[int]int{5: 5, 11: 11, 12: 8, 20: 16} {
		for _, said := range []string{"short", strings.Repeat("very long ", 30)} {
			got := 0
			lines := page.Detailed(screen.Theme(), 40, height, func(height int) []widget.Line {
				got = height
				return nil
			}, func() []page.Piece { return []page.Piece{{Role: theme.Dim, Text: screen.Theme().String(said)}} })
			if got != rows || height >= 12 && len(lines) != height {
				t.Errorf("of %d lines the list has %d, want %d; %d are drawn", height, got, rows, len(lines))
			}
		}
	}
}
