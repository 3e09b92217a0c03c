package tui_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// TestTheMarkOfAFaultStandsAboveIt, with the reason behind it or, where there is no room, before it.
func TestTheMarkOfAFaultStandsAboveIt(t *testing.T) {
	for _, filler := range []int{0, 30, 70} {
		story(t, func(t *testing.T, s *tuitest.System) {
			before := `type == "` + strings.Repeat("x", filler) + `" && `
			screen := tuitest.Open(t, s.Options(), 110, 24).Press("/").Type(before + `nonsense == "b"`).Sees("▾")
			hint, line := []rune(screen.Line("▾")), screen.Line("/type")
			at := strings.Index(string(hint), "▾")
			at = len([]rune(string(hint)[:at]))
			if at != strings.Index(line, "nonsense") {
				t.Fatalf("the mark is at %d:\n%s\n%s", at, string(hint), line)
			}
			if behind := strings.TrimSpace(string(hint[at+1:])) != ""; behind == (filler == 70) {
				t.Fatalf("the reason stands on the wrong side:\n%s\n%s", string(hint), line)
			}
			screen.Looks(theme.Bad, "▾").Press("enter").Wait(time.Second).Sees("/type", "▾") // it is not taken
			for range len(`nonsense == "b"`) {
				screen.Press("backspace")
			}
			screen.Type(`flow == "b"`).Misses("▾").Sees("words, or an expression").Press("enter").Wait(time.Second).Sees("No event matches the filter so far")
		})
	}
}

// TestALineSaysWhatItIsFor: each that can be opened, in words of its own.
func TestALineSaysWhatItIsFor(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		_, options := everything(t, s)
		screen := tuitest.Open(t, options, 150, 30)
		for _, c := range []struct{ keys, sees string }{
			{"1 /", "words, or an expression: type =="}, {"2 /", "words, or an expression: type =="}, {"1 g v /", "words to find in the value; n and N go on"}, {"3 /", "words of a group, its topics, members, kind or state"},
			{"5 /", "words of a destination or service, what is beside it"}, {"4 g x", "why; it is kept in the journal, and the letters can be restored"}, {"4 g enter /", "words, or an expression: type =="},
			{"1 : f l o w s", "flows · a row per flow"}, {"1 : t r", "trace ID [since] · find a flow by any id, in the brokers too"}, {"1 : s o r t space x", "sort ORDER · sort the rows"}, {"1 : g o", "goto POSITION · the event at a place such as orders/2@881"},
		} {
			for key := range strings.FieldsSeq(c.keys) {
				screen.Press(key).Wait(200 * time.Millisecond)
			}
			screen.Sees(c.sees).Press("esc").Wait(time.Second).Misses(c.sees)
			screen.Press("esc", "esc")
		}
		screen.Press("1", ":").Type("f").Misses(" · a row per flow", "by any id ·") // which of them is not known yet
	})
}

// TestAnEmptyAnswerIsNone: nothing is planned for a discard without a reason.
func TestAnEmptyAnswerIsNone(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		for _, answer := range []string{"", "   "} {
			screen.Press("g", "x").Sees("reason for the discard:").Type(answer).Press("enter").Wait(time.Second).Misses("Plan", "reason for").Sees("3 open")
		}
		screen.Press("x").Type("x").Press("backspace", "backspace").Wait(time.Second).Misses("reason for") // as backspace in an empty line
		screen.Press("x").Type(" old ").Press("enter").Wait(time.Second).Sees("Plan: discard", "old")
	})
}

// TestMoreOffersThanThereIsRoomFor are gone through with tab, the one that was put in always among
// those that are shown.
func TestMoreOffersThanThereIsRoomFor(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		for i := range 40 {
			options.Faults = append(options.Faults, fmt.Sprintf("way-%02d", i))
		}
		options.Fault = func(context.Context, []string) (string, error) { return "it fails", nil }
		screen := tuitest.Open(t, options, 100, 40).Press(":").Type("fault ").Sees("way-00", "way-13").Misses("way-14")
		for i := range 40 {
			screen.Press("tab").Sees(fmt.Sprintf(":fault way-%02d", i))
			if n := strings.Count(screen.Text(), fmt.Sprintf("way-%02d", i)); n != 2 {
				t.Fatalf("way-%02d is there %d times:\n%s", i, n, screen.Text())
			}
			before, _, _ := strings.Cut(screen.Raw(), fmt.Sprintf("way-%02d", i))
			if style := before[strings.LastIndex(before, "\x1b["):]; !colour.MatchString(style) {
				t.Fatalf("way-%02d does not stand out: %q", i, style)
			}
		}
		screen.Press("tab").Sees(":fault way-00").Press("shift+tab").Sees(":fault way-39", "way-26").Misses("way-25").Press("enter").Wait(time.Second).Sees("it fails")
		screen.Press(":").Type("fault way-3").Sees("way-30", "way-39").Misses("way-29").Type("x").Misses("way-30").Press("tab").Sees(":fault way-3x")
	})
}

// TestASearchInHistorySaysHowItEnded: what it found, that it found nothing and how far it looked, or
// why it could not look.
func TestASearchInHistorySaysHowItEnded(t *testing.T) {
	for name, c := range map[string]struct {
		line         string
		find         func(ctx context.Context, s *tuitest.System) error
		sees, misses string
	}{
		"found":          {"trace ord-1007", func(ctx context.Context, s *tuitest.System) error { return s.Put(ctx, s.Order(7, time.Now(), 5)...) }, "Flow ord-1007", "nothing found"},
		"nothing":        {"trace ord-1007", func(context.Context, *tuitest.System) error { return nil }, "nothing found for ord-1007 in the last 1h; :trace ID 6h looks further", "Flow ord"},
		"nothing in two": {"trace ord-1007 2h", func(context.Context, *tuitest.System) error { return nil }, "nothing found for ord-1007 in the last 2h; :trace ID 12h looks further", "Flow ord"},
		"with a hyphen":  {"trace ord-1007 -30m", func(context.Context, *tuitest.System) error { return nil }, "nothing found for ord-1007 in the last 30m; :trace ID 3h looks further", "Flow ord"},
		"failed":         {"trace ord-1007", func(context.Context, *tuitest.System) error { return errors.New("the broker is away") }, "ord-1007: the broker is away", "looks further"},
		"in the index":   {"flow ord-1007", func(ctx context.Context, s *tuitest.System) error { return s.Put(ctx, s.Order(7, time.Now(), 5)...) }, "nothing found for ord-1007", "Flow ord"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				options := s.Options()
				asked := 0
				options.History = func(ctx context.Context, id string, since time.Duration, progress chan<- tui.HistoryProgress) error {
					asked++
					progress <- tui.HistoryProgress{Read: 900, Total: 1000}
					<-time.After(3 * time.Second)
					return c.find(ctx, s)
				}
				screen := tuitest.Open(t, options, 120, 24).Command(c.line)
				if name != "in the index" {
					screen.Sees("history of ord-1007", "900 read", "esc stops").Command("trace ord-1008").Sees("a search is running; esc stops it").Press("esc").Sees("history of ord-1007")
				}
				screen.Wait(5*time.Second).Sees(c.sees).Misses(c.misses, "history of")
				if want := strings.Count(c.line, "trace"); asked != want {
					t.Fatalf("the brokers were asked %d times", asked)
				}
			})
		})
	}
}

// TestASearchThatIsStoppedShowsWhatItHasFound, or that it has found nothing so far.
func TestASearchThatIsStoppedShowsWhatItHasFound(t *testing.T) {
	for _, found := range []bool{true, false} {
		story(t, func(t *testing.T, s *tuitest.System) {
			options := s.Options()
			options.History = func(ctx context.Context, id string, since time.Duration, progress chan<- tui.HistoryProgress) error {
				if found {
					if err := s.Put(ctx, s.Order(7, time.Now(), 2)...); err != nil {
						return err
					}
				}
				<-ctx.Done()
				return ctx.Err()
			}
			screen := tuitest.Open(t, options, 120, 24).Command("trace ord-1007").Wait(5*time.Second).Sees("history of ord-1007", "esc stops").Press("esc").Wait(time.Second).Misses("history of")
			if found {
				screen.Sees("Flow ord-1007", "2 events")
			} else {
				screen.Sees("stopped; nothing found for ord-1007 so far").Misses("looks further")
			}
		})
	}
}
