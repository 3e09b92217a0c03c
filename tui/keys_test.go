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

// keyed is what a key does: after the keys before, it shows a text or, when that is
// "moves", puts the cursor on another line.
type keyed struct {
	keys   string // with spaces between, each does this
	before string
	sees   string
}

const (
	moves  = "moves"
	quits  = "quits"
	opened = "enter" // from the stream to a flow
)

// everyKey is what every key does on every page.
var everyKey = map[string][]keyed{
	"Stream": {
		{"enter", "", "Flow ord-"}, {"v", "", "tree line 1"}, {"/", "", "words, or an expression"}, {"n N", "", "no filter yet"}, {"p", "", "paused"},
		{"f G end", "p", "following"}, {"space", "g", "◆ 1"}, {"y", "", "copied the flow id"}, {"j down ctrl+d pgdown ctrl+f", "g", moves},
		{"k up ctrl+u pgup ctrl+b g home", "", moves}, {"esc", "/ x enter", "following"}, {":", "", "find a flow by any id"}, {"?", "", "Keys of Stream"},
		{"1", "", "following"}, {"2", "", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", "3 open"}, {"5", "", "Written by"}, {"6", "", "Nothing was done"}, {"q ctrl+c", "", quits},
	},
	"Flows": {
		{"enter", "", "Flow ord-"}, {"/", "", "words, or an expression"}, {"n", "", moves}, {"N", "j", moves}, {"p", "", "paused"}, {"f", "j j", "live"},
		{"s", "", "by trouble"}, {"!", "", "trouble only"}, {"space", "", "◆ 1"}, {"y", "", "copied the flow id"}, {"j down ctrl+d pgdown ctrl+f G end", "", moves},
		{"k up ctrl+u pgup ctrl+b g home", "j", moves}, {"esc", "!", "live"}, {":", "", "find a flow by any id"}, {"?", "", "Keys of Flows"},
		{"1", "", "following"}, {"2", "", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", "3 open"}, {"5", "", "Written by"}, {"6", "", "Nothing was done"}, {"q ctrl+c", "", quits},
	},
	"Flow": {
		{"enter", "", "tree line 1"}, {"v", "", "├──"}, {"b", "", "no source here keeps a history"}, {"y", "", "copied the flow id"}, {"D", "", "put the cursor on a dead letter"}, {"h left", "v l", "● OrderPlaced"},
		{"l right", "v", "● OrderPlaced"}, {"j down ctrl+d pgdown ctrl+f G end", "", moves}, {"k up ctrl+u pgup ctrl+b g home", "j", moves}, {"esc q", "", "paused"},
		{":", "", "find a flow by any id"}, {"?", "", "Keys of Flow"}, {"1", "", "paused"}, {"2", "", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", "3 open"}, {"5", "", "Written by"}, {"6", "", "Nothing was done"}, {"ctrl+c", "", quits},
	},
	"Event": {
		{"enter", "", "line 1 of 1"}, {"v", "", "raw line"}, {"/", "", "words to find in the value"}, {"n N", "", "nothing to find yet"}, {"y", "", "copied the value"},
		{"w", "", "saved"}, {"D", "", "this event is no dead letter"}, {"e", "", "set EDITOR to another"}, {"o", "", "line 1 of 3"}, {"tab", "", "▸position"}, {"h left", "v l", `▸{"type"`}, {"l right", "v", `▸aced","payload"`},
		{"j down ctrl+d pgdown ctrl+f G end", "", moves}, {"k up ctrl+u pgup ctrl+b g home", "j", moves}, {"esc q", "", "paused"},
		{":", "", "find a flow by any id"}, {"?", "", "Keys of Event"}, {"1", "", "paused"}, {"2", "", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", "3 open"}, {"5", "", "Written by"}, {"6", "", "Nothing was done"}, {"ctrl+c", "", quits},
	},
}

func init() {
	numbers := []keyed{{":", "", "find a flow by any id"}, {"1", "", "following"}, {"2", "", "by activity"}, {"3", "", "2 consumers by trouble"}, {"4", "", "☠"}, {"5", "", "Written by"}, {"ctrl+c", "", quits}}
	down, up := keyed{"j down ctrl+d pgdown ctrl+f G end", "", moves}, keyed{"k up ctrl+u pgup ctrl+b g home", "G", moves}
	for page, keys := range map[string][]keyed{
		"Lag": {
			{"enter", "", "classic group"}, {"/", "", "words of a group"}, {"s", "", "by lag"}, down, up,
			{"esc", "/ z enter", "2 consumers"}, {"?", "", "Keys of Lag"}, {"6", "", "Nothing was done"}, {"q", "", quits},
		},
		"Partitions": {
			{"enter", "", "next for"}, down, up, {"esc q", "", "2 consumers by trouble"}, {"?", "", "Keys of Partitions"}, {"6", "", "Nothing was done"},
		},
		"Topology": {
			{"enter", "", "› Stream"}, {"v", "", "Writes to"}, {"/", "", "words of a destination"}, {"y", "", "copied the map"}, {"w", "", "saved the map"}, down, up,
			{"esc", "/ z enter", "5 services"}, {"?", "", "Keys of Topology"}, {"6", "", "Nothing was done"}, {"q", "", quits},
		},
		"Dead letters": {
			{"enter", "", "2 letters"}, {"r", "", "nothing has happened yet"}, {"x", "", "reason for the discard"}, {"L", "", "3 open"}, {"a", "", "those dealt with too"}, down, up,
			{"esc", "", "3 open"}, {"?", "", "Keys of Dead letters"}, {"6", "", "Nothing was done"}, {"q", "", quits},
		},
		"Letters": {
			{"enter", "", "tree line 1"}, {"r", "", "nothing has happened yet"}, {"x", "", "reason for the discard"}, {"u", "", "none of these letters is discarded"}, {"F", "", "nothing found for"},
			{"a", "", "those dealt with too"}, {"/", "", "words, or an expression"}, {"space", "", "◆ 1"}, {"y", "", "copied the position"}, down, up,
			{"esc q", "", "3 open"}, {"?", "", "Keys of Letters"}, {"6", "", "Nothing was done"},
		},
		"Letter": {
			{"enter", "", "line 1 of 1"}, {"v", "", "raw line"}, {"/", "", "words to find in the value"}, {"n N", "", "nothing to find yet"}, {"y", "", "copied the value"},
			{"w", "", "saved"}, {"e", "", "set EDITOR to another"}, {"o", "", "line 1 of"}, {"tab", "", "▸state"}, {"h left", "v l", `▸{"type"`}, {"l right", "v", `▸`},
			{"r", "", "nothing has happened yet"}, {"x", "", "reason for the discard"}, {"u", "", "none of these letters is discarded"}, {"F", "", "nothing found for"}, down, up,
			{"esc q", "", "2 letters"}, {"?", "", "Keys of Letter"}, {"6", "", "Nothing was done"},
		},
		"Plan": {
			{"enter", "", "type 2 to replay 2 letters"}, {"t", "", "send them to:"}, down, up, {"esc q", "", "3 open"}, {"?", "", "Keys of Plan"}, {"6", "", "Nothing was done"},
		},
		"Run": {
			{"enter", "", "steps"}, {"p", "", "done"}, {"A", "", "done"}, down, up, {"esc q", "", "1 open"}, {"?", "", "Keys of Run"}, {"6", "", "1 run"},
		},
		"Journal": {
			{"enter", "", "steps"}, {"y", "", "copied the run's name"}, down, up, {"esc", "", "2 runs"}, {"?", "", "Keys of Journal"}, {"6", "", "2 runs"}, {"q", "", quits},
		},
		"Steps": {
			{"enter", "", "ann@host"}, {"y", "", "copied the run's name"}, down, up, {"esc q", "", "2 runs"}, {"?", "", "Keys of Steps"}, {"6", "", "2 runs"},
		},
	} {
		everyKey[page] = append(keys, numbers...)
	}
}

// way is how to come to a page, with the cursor where it can move.
var way = map[string]string{"Stream": "", "Flows": "2", "Flow": opened, "Event": "v v", "Lag": "3", "Partitions": "3 enter", "Topology": "5",
	"Dead letters": "4", "Letters": "4 enter", "Letter": "4 enter enter", "Plan": "4 r", "Run": "4 r enter 2 enter", "Journal": "4 r enter 2 enter q r enter 1 enter 6",
	"Steps": "4 r enter 2 enter q r enter 1 enter 6 enter"}

func TestEveryKeyDoesWhatItIsListedFor(t *testing.T) {
	for page, listed := range tui.Keys() {
		var told []string
		for _, k := range everyKey[page] {
			for key := range strings.FieldsSeq(k.keys) {
				told = append(told, key)
				t.Run(page+" "+key, func(t *testing.T) { pressOne(t, page, key, k) })
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

func pressOne(t *testing.T, page, key string, k keyed) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 8 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		options := s.Options()
		options.SaveFolder, options.Editor = t.TempDir(), []string{"/nonexistent/editor"}
		options = twoConsumers(s).Over(tuitest.NewLetters(t, adapters.Topic).Over(options))
		screen := tuitest.Open(t, options, 130, 24)
		if page == "Event" {
			screen.Press("G", "k", "k", "k", "k", "v", "v", "v", "v") // an OrderPlaced, as a tree again
		} else {
			for key := range strings.FieldsSeq(way[page]) {
				screen.Press(key).Wait(100 * time.Millisecond) // a page has its answer before the next key
			}
		}
		screen.Wait(time.Second).Press(strings.Fields(k.before)...).Wait(time.Second)
		var at string
		if k.sees == moves {
			at = screen.Selected()
		}
		screen.Press(key)
		if k.sees == quits {
			if !screen.Ended() {
				t.Fatal("the program goes on")
			}
			return
		}
		screen.Wait(time.Second)
		if k.sees != moves {
			screen.Sees(k.sees)
		} else if now := screen.Selected(); now == at {
			t.Fatalf("the cursor stays on %s", now)
		}
	})
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
