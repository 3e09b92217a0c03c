package tui_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// TestEveryCommandOfTheCommandLine: each that is offered does what its help says.
func TestEveryCommandOfTheCommandLine(t *testing.T) {
	for line, sees := range map[string][]string{
		"stream": {"following"}, "flows": {"by activity"}, "lag": {"2 consumers by trouble"}, "dead": {"3 open"}, "topology": {"From writers"}, "journal": {"No runs yet"},
		"trace ord-1003": {"Flow ord-1003"}, "trace": {"an id is missing: :trace ID"}, "trace ord-1 soon": {"that is not an age; write :trace ID 6h"}, "trace ord-1 -0s": {"that is not an age"},
		"flow ord-1004": {"Flow ord-1004"}, "flow nobody": {"nothing found for nobody"}, "flow": {"an id is missing"},
		"filter ord-1005": {"/ord-1005", "ord-1005"}, "filter type = 1": {"✗", "use == to compare"}, "filter status == \"open\"": {"status is that of a dead letter"},
		"goto orders/0@1": {"OrderPlaced", "› orders/0@1"}, "goto orders/0@99": {"orders/0@99: it is not in the index"}, "goto": {"looks like orders/2@881"},
		"sources": {"Sources", "kafka ● 4 topics", "rabbitmq ● 2 taps", "any other key closes"}, "sort events": {"by events"}, "sort": {"orders are activity"}, "sort size": {"there is no order size; orders are activity"}, "sort act": {"there is no order act; did you mean :sort activity?"}, "theme da": {"did you mean :theme dark?"}, "filter @x": {"no filter is saved as @x, so"},
		"theme light": {"following"}, "theme": {"themes are dark and light"}, "help": {"Keys of Stream"},
		"run": {"no run was begun from this screen"}, "resume": {"which run? :resume and its name; 6 lists them"}, "abort": {"which run? :abort and its name; 6 lists them"},
		"resume 20000101-000000-dead": {"✗"}, "abort 20000101-000000-dead": {"✗"}, "  flows  ": {"by activity"}, "dlq": {"3 open"}, "groups": {"2 consumers by trouble"}, "queues": {"2 consumers by trouble"}, "topics": {"From writers"}, "events": {"following"}, "runs": {"No runs yet"},
		"find ord-1003": {"Flow ord-1003"}, "keys": {"Keys of Stream"}, "topic": {"unknown command topic; did you mean :topics?"}, "nothinglikeit": {"unknown command nothinglikeit; : and tab"}, "": {"following"},
	} {
		t.Run(line, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				many(t, s, 0, 8)
				letters := tuitest.NewLetters(t, adapters.Topic)
				options := twoConsumers(s).Over(letters.Over(s.Options()))
				options.Nearest = func(name string, names []string) string {
					if i := slices.IndexFunc(names, func(other string) bool { return strings.HasPrefix(other, name) }); i >= 0 {
						return names[i]
					}
					return ""
				}
				screen := tuitest.Open(t, options, 120, 30)
				screen.Command(line).Wait(time.Second).Sees(sees...)
				if screen.Ended() {
					t.Fatal("the screen has ended")
				}
			})
		})
	}
}

func TestQuitHasSeveralNames(t *testing.T) {
	for _, name := range []string{"q", "quit", "exit", "x"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			if screen := tuitest.Open(t, s.Options(), 80, 24).Press("enter", ":").Type(name).Press("enter"); !screen.Ended() {
				t.Fatalf(":%s has not quit", name)
			}
		})
	}
}

// TestTabGoesThroughTheOffers, forwards and backwards, and round.
func TestTabGoesThroughTheOffers(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 100, 30).Press(":").Type("f").Sees("flows", "flow ", "filter").Misses("topology ")
		for _, wanted := range []string{":flows", ":flow", ":filter", ":from", ":flows"} {
			if line := screen.Press("tab").Line(":f"); !strings.HasPrefix(line, wanted) {
				t.Fatalf("tab has put in %q for %s", line, wanted)
			}
		}
		screen.Press("shift+tab").Sees(":from").Press("shift+tab").Sees(":filter").Press("shift+tab").Sees(":flow").Type(" x").Misses("flows ").Press("tab").Sees(":flow x")
		screen.Press("esc").Press(":").Type("sort ").Sees("activity", "trouble", "duration").Type("tr").Misses("activity").Press("tab").Sees(":sort trouble").Press("enter").Wait(time.Second).Sees("by trouble")
		screen.Press(":").Type("theme ").Press("shift+tab").Sees(":theme light").Press("tab").Sees(":theme dark").Press("esc")
		screen.Press(":").Type("nonsense").Press("tab").Sees(":nonsense").Press("esc")
	})
}

// TestUnfinishedRunsAreOffered to :resume and :abort, and those that have ended are not.
func TestUnfinishedRunsAreOffered(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		bad := `{"type":"OrderPlaced","order_id":"ord-c"}`
		l.Poison[bad] = true
		screen.Press("G", "r").Wait(time.Second).Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✗ failed").Press("4").Wait(3 * time.Second)
		discard(screen.Press("g"), "test data", "2").Press("6").Wait(3 * time.Second).Sees("2 runs")
		for _, verb := range []string{"resume", "abort"} {
			screen.Press(":").Type(verb + " ").Press("tab")
			if line := strings.TrimSpace(screen.Line(":" + verb)); len(line) < len(":resume 20000101-000000") {
				t.Fatalf("tab has put in %q", line)
			}
			first := screen.Line(":" + verb)
			if screen.Press("tab"); screen.Line(":"+verb) != first {
				t.Fatalf("more than one run is offered:\n%s", screen.Text())
			}
			screen.Press("esc")
		}
		screen.Press(":").Type("abort ").Press("tab", "enter").Wait(3 * time.Second).Sees("✗ aborted").Press("6").Wait(3 * time.Second)
		screen.Press(":").Type("abort ").Press("tab").Misses(":abort 2000").Press("esc")
	})
}

// TestEarlierLinesComeBack with up and down, and nothing is lost at either end.
func TestEarlierLinesComeBack(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 100, 30).Press(":", "up").Sees(":").Press("esc").Command("flows").Command("stream")
		screen.Press(":", "up").Sees(":stream").Press("up").Sees(":flows").Press("up").Sees(":flows").Press("down").Sees(":stream").Press("down").Misses(":stream", ":flows")
		screen.Press("up", "enter").Wait(time.Second).Sees("following")
	})
}

// TestALineIsEdited as people edit lines, also where it is longer than the screen.
func TestALineIsEdited(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 60, 24).Press("/").Type("ordxer").Press("left", "left", "backspace").Sees("/order").Press("home").Type("an ").Sees("/an order").Press("end").Type("s").Sees("/an orders")
		screen.Type(strings.Repeat(" and more words", 8) + " the end").Sees("the end").Misses("/an orders").Press("home").Sees("/an orders and").Misses("the end")
		screen.Press("esc", "/").Press("backspace").Misses("words, or an expression") // of an empty line: it closes
	})
}

// TestAPasteIsWrittenAndNotPressed: what is pasted over a page does nothing, and never says yes.
func TestAPasteIsWrittenAndNotPressed(t *testing.T) {
	dead(t, adapters.Queue, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		before := screen.Text()
		if after := screen.Paste("q3rx\ny").Wait(time.Second).Text(); after != before {
			t.Fatalf("a paste has changed the page:\n%s", after)
		}
		screen.Press("enter").Sees("y/N").Paste("y").Wait(time.Second).Misses("y/N", "card declined")
		if l.Peeks > 0 {
			t.Fatal("a paste has said yes")
		}
		screen.Press("1", "/").Paste("two\nlines").Sees("/two lines").Press("enter").Wait(time.Second).Sees("No event matches the filter so far")
	})
}

// TestWhatIsBeingWrittenComesBackFromEarlierLines, as it was.
func TestWhatIsBeingWrittenComesBackFromEarlierLines(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 100, 30).Command("flows").Command("stream").Press(":").Type("trace ord-10")
		screen.Press("up", "up").Sees(":flows").Press("down").Sees(":stream").Press("down").Sees(":trace ord-10").Press("down").Sees(":trace ord-10").Type("07").Sees(":trace ord-1007")
	})
}

// TestTheOfferThatIsTakenIsSeen, also where there are more than the screen is high.
func TestTheOfferThatIsTakenIsSeen(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 100, 12).Press(":").Wait(time.Second)
		taken := map[string]bool{}
		for range 20 {
			lines := strings.Split(strings.TrimRight(screen.Press("tab").Text(), "\n"), "\n")
			word := ""
			for _, line := range lines {
				if rest, ok := strings.CutPrefix(strings.TrimSpace(line), ":"); ok {
					word = strings.Fields(rest)[0]
				}
			}
			taken[word] = true
			screen.Sees("│ " + word + " ")
		}
		if len(taken) < 12 {
			t.Fatalf("tab goes through %v only", taken)
		}
	})
}

// TestFiltersComeAgain with the up arrow: those of events and flows on both pages, those of values
// apart from them, each once.
func TestFiltersComeAgain(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 8)
		screen := tuitest.Open(t, s.Options(), 100, 24)
		screen.Filter("ord-1001").Press("esc").Filter("ord-1002").Press("esc").Filter("ord-1001").Press("esc").Filter("  ")
		screen.Press("2", "/")
		for _, c := range []struct{ key, wanted string }{{"up", "/ord-1001"}, {"up", "/ord-1002"}, {"up", "/ord-1002"}, {"down", "/ord-1001"}, {"down", "/"}} {
			screen.Press(c.key)
			lines := strings.Split(strings.TrimRight(screen.Text(), "\n "), "\n")
			if line := strings.TrimSpace(lines[len(lines)-1]); line != c.wanted {
				t.Fatalf("after %s stands %q, want %q", c.key, line, c.wanted)
			}
		}
		screen.Press("up", "enter").Wait(time.Second).Sees("/ord-1001").Press("esc", "1", "v").Sees("tree line").Press("/", "up").Misses("/ord-100")
	})
}
