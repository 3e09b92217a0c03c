package tui_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// keyed is what a key does: after the keys before, it shows a text that was not there, or
// takes one away, or does something else that one can see.
type keyed struct {
	keys   string // with spaces between, each does this
	before string
	sees   string // or moves, quits, reads; a text that goes begins with gone
}

const (
	moves  = "moves" // puts the cursor on another line
	quits  = "quits"
	reads  = "reads" // reads the dead letters again
	gone   = "gone: "
	opened = "enter" // from the stream to a flow
)

// everyKey is what every key does on every page.
var everyKey = map[string][]keyed{
	"Stream": {
		{"enter", "", "Flow ord-"}, {"v", "", "tree line 1"}, {"/", "", "words, or an expression"}, {"n N", "", "no filter yet"}, {"p", "", "paused"},
		{"f G end", "p", "following"}, {"[ ]", "", "no other beginning"}, {"space", "g", "◆ 1"}, {"Y", "", "flow as Markdown"}, {"=", "", "= on another event compares"}, {"y", "", "copied the flow id"}, {"tab", "G", "position   "}, {"J K", "", "tab shows the preview"}, {"j down ctrl+d pgdown ctrl+f", "g", moves},
		{"k up ctrl+u pgup ctrl+b g home", "", moves}, {"esc", "/ x enter", gone + "/x"}, {":", "", "find a flow by any id"}, {"?", "", "Keys of Stream"},
		{"1", "2", "following"}, {"2", "", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", "3 open"}, {"5", "", "From writers"}, {"6", "", "No runs yet"}, {"7", "", "For whom"}, {"q ctrl+c", "", quits},
	},
	"Flows": {
		{"enter", "", "Flow ord-"}, {"/", "", "words, or an expression"}, {"n", "", moves}, {"N", "j", moves}, {"p", "", "paused"}, {"f", "j j", "live"}, {"[ ]", "", "no other beginning"},
		{"s", "", "by trouble"}, {"S", "", "by activity, reversed"}, {"!", "", "trouble only"}, {"space", "", "◆ 1"}, {"=", "", "= on another flow compares"}, {"Y", "", "flow as Markdown"}, {"y", "", "copied the flow id"}, {"j down ctrl+d pgdown ctrl+f G end", "", moves},
		{"k up ctrl+u pgup ctrl+b g home", "j", moves}, {"esc", "!", gone + "trouble only"}, {":", "", "find a flow by any id"}, {"?", "", "Keys of Flows"},
		{"1", "", "following"}, {"2", "1", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", "3 open"}, {"5", "", "From writers"}, {"6", "", "No runs yet"}, {"7", "", "For whom"}, {"q ctrl+c", "", quits},
	},
	"Flow": {
		{"enter", "", "tree line 1"}, {"v", "", "├──"}, {"b", "", "no source here keeps a history"}, {"=", "", "= on another flow compares"}, {"Y", "", "flow as Markdown"}, {"y", "", "copied the flow id"}, {"D", "", "put the cursor on a dead letter"}, {"tab", "", gone + "position   "}, {"J K", "tab", "tab shows the preview"}, {"h left", "v narrow l", "h 0"},
		{"l right", "v narrow", "h 1"}, {"j down ctrl+d pgdown ctrl+f G end", "", moves}, {"k up ctrl+u pgup ctrl+b g home", "j", moves}, {"esc q", "", "paused"},
		{":", "", "find a flow by any id"}, {"?", "", "Keys of Flow"}, {"1", "", "paused"}, {"2", "", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", "3 open"}, {"5", "", "From writers"}, {"6", "", "No runs yet"}, {"7", "", "For whom"}, {"ctrl+c", "", quits},
	},
	"Event": {
		{"enter", "", "line 1 of 1"}, {"v", "", "raw line"}, {"/", "", "words to find in the value"}, {"n N", "", "nothing to find yet"}, {"Y", "", "flow as Markdown"}, {"y", "", "copied the value"},
		{"w", "", "saved"}, {"=", "", "= on another event compares"}, {"D", "", "this event is no dead letter"}, {"e", "", "set EDITOR to another"}, {"o", "", "line 1 of 3"}, {"tab", "", "▸position"}, {"J", "", "PaymentProcessed "}, {"K", "J", "OrderPlaced "}, {"h left", "v l", `▸{"type"`}, {"l right", "v", `▸aced","payload"`},
		{"j down ctrl+d pgdown ctrl+f G end", "", moves}, {"k up ctrl+u pgup ctrl+b g home", "j", moves}, {"esc q", "", "paused"},
		{":", "", "find a flow by any id"}, {"?", "", "Keys of Event"}, {"1", "", "paused"}, {"2", "", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", "3 open"}, {"5", "", "From writers"}, {"6", "", "No runs yet"}, {"7", "", "For whom"}, {"ctrl+c", "", quits},
	},
}

func init() {
	numbers := func(page string) []keyed {
		dead := "DLQ"
		if page == "Journal" || page == "Steps" {
			dead = "0 open" // all were replayed on the way there
		}
		runs := "run"
		if page == "Compare" {
			runs = "No runs yet" // there, flows are running
		}
		own := map[string]string{"Lag": "3", "Dead letters": "4", "Topology": "5", "Journal": "6", "Schemas": "7"}[page]
		all := []keyed{{":", "", "find a flow by any id"}, {"1", "", "following"}, {"2", "", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", dead}, {"5", "", "From writers"}, {"6", "", runs}, {"7", "", "For whom"}, {"ctrl+c", "", quits}}
		for i := range all {
			if all[i].keys == own {
				all[i].before = "1" // and back
			}
		}
		return all
	}
	down, up := keyed{"j down ctrl+d pgdown ctrl+f G end", "", moves}, keyed{"k up ctrl+u pgup ctrl+b g home", "G", moves}
	for page, keys := range map[string][]keyed{
		"Lag": {
			{"enter", "", "Committed"}, {"m", "", "next for"}, {"/", "", "words of a group"}, {"s", "", "by lag"}, {"S", "", "by trouble, reversed"}, down, up,
			{"esc", "/ z enter", "2 consumers"}, {"?", "", "Keys of Lag"}, {"q", "", quits},
		},
		"Partitions": {
			{"enter", "", "next for"}, down, up, {"esc q", "", "2 consumers by trouble"}, {"?", "", "Keys of Partitions"},
		},
		"Topology": {
			{"enter", "", "› Stream"}, {"v", "", "Written by"}, {"h left o", "", "▹"}, {"l right", "h", "├─"}, {"/", "", "words of a destination"}, {"y", "", "copied the map"}, {"w", "", "saved the map"}, down, up,
			{"esc", "/ z enter", gone + "/z"}, {"?", "", "Keys of Topology"}, {"q", "", quits},
		},
		"Schemas": {
			{"enter", "", "Who could not read it"}, {"v", "", "› Stream"}, {"/", "", "words of a type"}, down, up,
			{"esc", "/ zz enter", gone + "/zz"}, {"?", "", "Keys of Schemas"}, {"q", "", quits},
		},
		"Version": {
			{"enter", "", "› Stream"}, {"y", "", "copied what is known of this version"}, down, up, {"esc q", "", "For whom"}, {"?", "", "Keys of Version"},
		},
		"Compare": {
			{"enter", "", "⏎ unfold"}, {"y", "", "copied what differs"}, down, up, {"esc q", "", "by activity"}, {"?", "", "Keys of Compare"},
		},
		"Dead letters": {
			{"enter", "", "2 letters"}, {"r", "", "nothing has happened yet"}, {"x", "", "reason for the discard"}, {"L", "", reads}, {"a", "", "incl. resolved"}, down, up,
			{"esc", "a", gone + "incl. resolved"}, {"?", "", "Keys of Dead letters"}, {"q", "", quits},
		},
		"Letters": {
			{"enter", "", "tree line 1"}, {"r", "", "nothing has happened yet"}, {"x", "", "reason for the discard"}, {"u", "", "none of these letters is discarded"}, {"F", "", "nothing found for"},
			{"a", "", "incl. resolved"}, {"s", "", "State↓"}, {"S", "", "Died↑"}, {"/", "", "words, or an expression"}, {"space", "", "◆ 1"}, {"=", "", "= on another event compares"}, {"y", "", "copied the position"}, down, up,
			{"esc q", "", "3 open"}, {"?", "", "Keys of Letters"},
		},
		"Letter": {
			{"enter", "", "line 1 of 1"}, {"v", "", "raw line"}, {"/", "", "words to find in the value"}, {"n N", "", "nothing to find yet"}, {"y", "", "copied the value"},
			{"w", "", "saved"}, {"=", "", "= on another event compares"}, {"e", "", "set EDITOR to another"}, {"o", "enter", "line 1 of 3"}, {"tab", "", "▸state"}, {"J", "", "dlq/0@0"}, {"K", "", "first letter"}, {"h left", "v l", `▸{"type"`}, {"l right", "v", `▸aced","order_id"`},
			{"r", "", "nothing has happened yet"}, {"x", "", "reason for the discard"}, {"u", "", "none of these letters is discarded"}, {"F", "", "nothing found for"}, down, up,
			{"esc q", "", "2 letters"}, {"?", "", "Keys of Letter"},
		},
		"Plan": {
			{"enter", "", "type 2 to replay 2 letters"}, {"t", "", "send them to:"}, {"c", "", "no destination that only letters speak for"}, down, up, {"esc q", "", "3 open"}, {"?", "", "Keys of Plan"},
		},
		"Run": {
			{"enter", "", "Numbers"}, {"p", "", "paused"}, {"A", "", "aborted"}, {"u", "q x z enter enter 1 enter", "Plan: restore"}, down, up, {"esc q", "", "1 open"}, {"?", "", "Keys of Run"},
		},
		"Journal": {
			{"enter", "", "Numbers"}, {"y", "", "copied the run's name"}, {"u", "", "only a discard can be undone"}, {"s", "", "Action↓"}, {"S", "", "Age↑"}, down, up, {"esc", "?", gone + "Keys of Journal"}, {"?", "", "Keys of Journal"}, {"q", "", quits},
		},
		"Steps": {
			{"enter", "j", "sent, dlq"}, {"y", "", "copied the run's name"}, down, up, {"esc q", "", "2 runs"}, {"?", "", "Keys of Steps"},
		},
	} {
		everyKey[page] = append(keys, numbers(page)...)
	}
}

// way is how to come to a page, with the cursor where it can move.
var way = map[string]string{"Stream": "", "Flows": "2", "Flow": opened, "Event": "v v", "Lag": "3", "Partitions": "3 enter", "Topology": "5", "Schemas": "7", "Version": "7 enter", "Compare": "2 = j = g",
	"Dead letters": "4", "Letters": "4 enter", "Letter": "4 enter enter", "Plan": "4 r", "Run": "4 r enter 2 enter", "Journal": "4 r enter 2 enter q r enter 1 enter 6",
	"Steps": "4 r enter 2 enter q r enter 1 enter 6 enter"}

func TestEveryKeyDoesWhatItIsListedFor(t *testing.T) {
	for page, listed := range tui.Keys() {
		var told []string
		for _, k := range everyKey[page] {
			for key := range strings.FieldsSeq(k.keys) {
				told = append(told, key)
				t.Run(page+" "+key, func(t *testing.T) {
					t.Parallel()
					pressOne(t, page, key, k)
				})
			}
		}
		for _, key := range listed {
			if !slices.Contains(told, key) {
				t.Errorf("%s: no test presses %s", page, key)
			}
		}
		if len(told) != len(listed) {
			t.Errorf("%s: %d keys are pressed and %d are listed", page, len(told), len(listed))
		}
	}
}

// twoConsumers are groups with as many partitions, the first of which has something to read.
func twoConsumers(s *tuitest.System) *tuitest.Consumers {
	return tuitest.NewConsumers(s.Kafka,
		&tuitest.Group{Name: "billing", Topic: "orders", Partitions: []tuitest.Partition{{Start: 0, Committed: 0, End: 8}, {Start: 0, Committed: 0, End: 0}}},
		&tuitest.Group{Name: "audit", Topic: "orders", Partitions: []tuitest.Partition{{Start: 0, Committed: 8, End: 8}, {Start: 0, Committed: 0, End: 0}}})
}

// everything has something on every page.
func everything(t *testing.T, s *tuitest.System) (*tuitest.Letters, tui.Options) {
	t.Helper()
	for i := range 8 {
		put(t, s, s.Order(i, time.Now(), 5)...)
	}
	letters := tuitest.NewLetters(t, adapters.Topic)
	options := s.Options()
	options.SaveFolder, options.Editor = t.TempDir(), []string{"/nonexistent/editor"}
	return letters, twoConsumers(s).Over(letters.Over(options))
}

func pressOne(t *testing.T, page, key string, k keyed) {
	story(t, func(t *testing.T, s *tuitest.System) {
		letters, options := everything(t, s)
		screen := tuitest.Open(t, options, 130, 24)
		goOn := func() {}
		if page == "Run" && (key == "p" || key == "A") { // it must be at work
			_, goOn = letters.Slow()
		}
		to(screen, page)
		for key := range strings.FieldsSeq(k.before) {
			if key == "narrow" {
				screen.Resize(60, 24)
			} else {
				screen.Press(key)
			}
		}
		screen.Wait(time.Second)
		peeks, at := letters.Peeks, ""
		switch goes, ok := strings.CutPrefix(k.sees, gone); {
		case k.sees == moves:
			at = screen.Selected()
		case ok:
			screen.Sees(goes)
		case strings.Contains(screen.Text(), k.sees):
			t.Fatalf("%q is on the screen before %s is pressed:\n%s", k.sees, key, screen.Text())
		}
		screen.Press(key)
		if k.sees == quits {
			if !screen.Ended() {
				t.Fatal("the program goes on")
			}
			return
		}
		goOn()
		screen.Wait(time.Second)
		switch goes, ok := strings.CutPrefix(k.sees, gone); {
		case k.sees == moves:
			if now := screen.Selected(); now == at {
				t.Fatalf("the cursor stays on %s", now)
			}
		case k.sees == reads:
			if letters.Peeks == peeks {
				t.Fatal("nothing was read")
			}
		case ok:
			screen.Misses(goes)
		default:
			screen.Sees(k.sees)
		}
	})
}

// to goes to a page.
func to(screen *tuitest.Screen, page string) {
	if page == "Event" {
		screen.Press("G", "k", "k", "k", "k", "v", "v", "v", "v") // an OrderPlaced, as a tree again
	}
	for key := range strings.FieldsSeq(way[page]) {
		if page != "Event" {
			screen.Press(key).Wait(100 * time.Millisecond) // a page has its answer before the next key
		}
	}
	screen.Wait(time.Second)
}

// TestLanesScrollSideways: where not all lanes fit, l and h go from one to the next.
func TestLanesScrollSideways(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 60, 24).Press("enter", "v").Sees("h 0  l 2", "order")
		screen.Press("l").Sees("h 1  l 1", "payment").Press("right", "right", "right").Sees("h 2  l 0", "shipping")
		screen.Press("h").Sees("h 1  l 1").Press("left", "left").Sees("h 0  l 2")
	})
}

// TestTheTapePressesKeysThatAreBound plays the recording of the README's picture: each of
// its keys must mean something where it is pressed.
func TestTheTapePressesKeysThatAreBound(t *testing.T) {
	tape, err := os.ReadFile("../demo.tape")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, ok := strings.Cut(string(tape), "\nShow\n")
	if !ok {
		t.Fatal("the tape has no Show")
	}
	ctx := t.Context()
	s, stopped := tuitest.NewSystem(ctx, tracing.Config{KeepRecent: true})
	t.Cleanup(func() { <-stopped })
	put(t, s, s.Compensated(1, time.Now())...)
	options := tuitest.NewLetters(t, adapters.Topic).Over(s.Options())
	options.Fault = func(context.Context, []string) (string, error) { return "it fails", nil }
	model, pressed := tui.New(options), 0
	driver := tuitest.Drive(model, 120, 40)
	for line := range strings.Lines(shown) {
		for _, key := range keysOf(t, strings.TrimSpace(line)) {
			if pressed++; !model.Bound(key) {
				t.Errorf("%s: %s does nothing here:\n%s", strings.TrimSpace(line), key, tuitest.Grid(driver.Frame(), 120, 40))
			}
			if key != "ctrl+c" {
				driver.Press(key)
			}
		}
	}
	if pressed < 5 {
		t.Errorf("only %d keys were found in the tape", pressed)
	}
}

// keysOf are the keys that a line of a tape presses.
func keysOf(t *testing.T, line string) []string {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "", "#", "Sleep", "Screenshot", "Set", "Hide", "Show", "Output":
		return nil
	case "Type":
		return strings.Split(strings.Trim(rest, `"`), "")
	case "Escape":
		return []string{"esc"}
	case "Enter", "Tab", "Space", "Up", "Down", "Left", "Right", "Backspace":
		return []string{strings.ToLower(word)}
	}
	if key, ok := strings.CutPrefix(word, "Ctrl+"); ok {
		return []string{"ctrl+" + strings.ToLower(key)}
	}
	t.Fatalf("the tape has %q, which this test does not know", line)
	return nil
}
