package tui_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// header makes headers out of names and values in turn.
func header(pairs ...string) (list []adapters.Header) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, adapters.Header{Name: pairs[i], Value: []byte(pairs[i+1])})
	}
	return list
}

// packed is a value as gzip packs it.
func packed(t *testing.T, value string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(value)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestAnEventSaysWhatIsKnownOfIt and where that is from, and nothing that is not so.
func TestAnEventSaysWhatIsKnownOfIt(t *testing.T) {
	at := func(ago time.Duration) string { return time.Now().Add(-ago).Format(time.RFC3339Nano) }
	for name, c := range map[string]struct {
		event        func() tuitest.Event
		sees, misses []string
	}{
		"written at once": {func() tuitest.Event {
			return tuitest.Event{Value: fmt.Sprintf(`{"type":"Odd","timestamp":%q}`, at(500*time.Millisecond))}
		}, []string{"occurred"}, []string{"later", "earlier"}},
		"written later": {func() tuitest.Event {
			return tuitest.Event{Value: fmt.Sprintf(`{"type":"Odd","timestamp":%q}`, at(5*time.Second))}
		}, []string{"occurred", ", written 5 s later"}, []string{"earlier"}},
		"written before it occurred": {func() tuitest.Event {
			return tuitest.Event{Value: fmt.Sprintf(`{"type":"Odd","timestamp":%q}`, at(-5*time.Second))}
		}, []string{"occurred", ", written 5 s earlier"}, []string{"-5 s", "later"}},
		"a dialect": {func() tuitest.Event {
			return tuitest.Event{Headers: header("ce_specversion", "1.0", "ce_type", "Odd", "ce_source", "shop", "ce_id", "1")}
		}, []string{"dialect    cloudevents"}, nil},
		"no dialect": {func() tuitest.Event { return tuitest.Event{} }, []string{"Identity"}, []string{"dialect"}},
		"a death": {func() tuitest.Event {
			return tuitest.Event{Headers: header("kafka_dlt-original-topic", "orders", "kafka_dlt-exception-fqcn", "com.example.TimeoutException", "kafka_dlt-exception-message", "no answer", "retry_topic-attempts", "\x00\x00\x00\x03")}
		}, []string{"Death", "origin     orders", "exception  com.example.TimeoutException", "message    no answer", "attempts   3"}, nil},
		"a death at a time": {func() tuitest.Event {
			return tuitest.Event{Headers: header("dlq-original-topic", "orders", "dlq-failed-at", at(time.Hour))}
		}, []string{"Death", "origin     orders"}, []string{"attempts"}},
		"packed":         {func() tuitest.Event { return tuitest.Event{Value: packed(t, `{"type":"Odd","total":12}`)} }, []string{"json, ", " as gzip, 25 B unpacked", "total", "12"}, nil},
		"says nothing":   {func() tuitest.Event { return tuitest.Event{Value: "hello"} }, []string{"odd  destination name", "text, 5 B"}, []string{"flow    ", "occurred"}},
		"an empty value": {func() tuitest.Event { return tuitest.Event{Value: " "} }, []string{"1 B"}, []string{"tombstone"}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				event := c.event()
				event.Source, event.To, event.At = s.Kafka, "odd", time.Now()
				put(t, s, event)
				tuitest.Open(t, s.Options(), 160, 50).Press("v").Wait(time.Second).Sees(c.sees...).Misses(c.misses...)
			})
		})
	}
}

// TestWordsAreFoundInEveryViewOfAValue, in each from line to line, round the end and back;
// and what is not there is said not to be.
func TestWordsAreFoundInEveryViewOfAValue(t *testing.T) {
	var lines []string
	for i := range 60 {
		word := "hay"
		if i%20 == 7 {
			word = "Needle"
		}
		lines = append(lines, fmt.Sprintf(`"line %02d has %s"`, i, word))
	}
	value := "[" + strings.Join(lines, ",\n") + "]"
	for view, wanted := range map[string][3]string{"tree": {"line 07", "line 27", "line 47"}, "raw": {"line 07", "line 27", "line 47"}, "hex": {"line 07 has Need", "", ""}} {
		for _, size := range [][2]int{{80, 24}, {40, 10}, {120, 40}} {
			t.Run(fmt.Sprint(view, size), func(t *testing.T) {
				story(t, func(t *testing.T, s *tuitest.System) {
					put(t, s, odd(s, value))
					screen := tuitest.Open(t, s.Options(), size[0], size[1]).Press("v").Wait(time.Second)
					for n := 0; !strings.Contains(screen.Text(), view+" line 1 of"); n++ {
						if n == 3 {
							t.Fatalf("there is no %s:\n%s", view, screen.Text())
						}
						screen.Press("v")
					}
					if view == "hex" {
						row := func() string { // of the value: what stands beside it depends on how far it is scrolled
							_, value, _ := strings.Cut(screen.Selected(), "▸0")
							return value
						}
						screen.Filter("needle")
						at := row()
						if screen.Press("n"); row() == at || at == "" {
							t.Fatalf("n stays on %q", at)
						}
						if screen.Press("N"); row() != at {
							t.Fatalf("N goes to %q, not back to %q", row(), at)
						}
						return
					}
					screen.Filter("needle").Selects(wanted[0]).Press("n").Selects(wanted[1]).Press("n").Selects(wanted[2]).Press("n").Selects(wanted[0])
					screen.Press("N").Selects(wanted[2]).Press("N").Selects(wanted[1]).Sees("/needle")
					screen.Filter("has needle").Selects(wanted[2]) // it goes on from where the cursor is
					screen.Filter("NEEDLE").Sees("NEEDLE is not in the value").Selects(wanted[2])
					screen.Press("esc").Misses("is not in the value").Press("esc").Misses("/NEEDLE").Press("n").Sees("nothing to find yet")
				})
			})
		}
	}
}

// TestWordsAreFoundWhileTheFactsAreShown, where a low screen has no room for the value.
func TestWordsAreFoundWhileTheFactsAreShown(t *testing.T) {
	for _, keys := range [][]string{{"tab", "v"}, {"v", "tab"}, {"tab", "v", "v"}} {
		story(t, func(t *testing.T, s *tuitest.System) {
			put(t, s, odd(s, `{"a":1,"needle":2}`))
			tuitest.Open(t, s.Options(), 60, 10).Press("v").Wait(time.Second).Press(keys...).Sees(" line 1 of ").Misses(" of 0").Filter("needle").Misses("is not in the value").Sees("needle")
		})
	}
}

// TestAClickIntoAValueFoldsWhatIsUnderIt, and one into what is below it or above does nothing.
func TestAClickIntoAValueFoldsWhatIsUnderIt(t *testing.T) {
	for _, size := range [][2]int{{120, 30}, {80, 24}, {60, 12}} {
		story(t, func(t *testing.T, s *tuitest.System) {
			put(t, s, odd(s, `{"first":1,"items":[1,2,3],"last":9}`))
			screen := tuitest.Open(t, s.Options(), size[0], size[1]).Press("v").Wait(time.Second)
			row := func(with string) int {
				for i, line := range strings.Split(screen.Text(), "\n") {
					if strings.Contains(line, with) {
						return i
					}
				}
				t.Fatalf("%q is not on the screen:\n%s", with, screen.Text())
				return 0
			}
			x := strings.Index(screen.Line("items"), "items")
			if size[1] > 12 { // else the facts take all the room
				screen.Press("tab")
			}
			screen.Click(x, row("items")).Selects("items").Sees("line 3 of 7").Click(x, row("items")).Sees("line 3 of 4").Click(x, row("items")).Sees("line 3 of 7")
			screen.Click(x, row("first")).Selects("first").Sees("line 2 of 7")
			screen.Click(x, row("line 2 of 7")-3).Click(x, 3).Sees(" of 7")
		})
	}
}

// TestWhatIsSavedIsCalledByWhatItIs, whatever the topic is called.
func TestWhatIsSavedIsCalledByWhatItIs(t *testing.T) {
	for name, c := range map[string]struct{ topic, value, file string }{
		"json":    {"orders.v1_EU", `{"a":1}`, "event-orders-v1_EU-0-0.json"},
		"text":    {"orders", "hello", "event-orders-0-0.txt"},
		"binary":  {"orders", "\xff\x00\x01", "event-orders-0-0.bin"},
		"evil":    {"../../etc/pass wd;`rm`", `{}`, "event----2f---2fetc-2fpass-20wd--rm--0-0.json"},
		"letters": {"AZaz09_", `{}`, "event-AZaz09_-0-0.json"},
		"long":    {strings.Repeat("a", 249), `{}`, "event-" + strings.Repeat("a", 120) + ".json"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				event := odd(s, c.value)
				event.To = c.topic
				put(t, s, event)
				options := s.Options()
				options.SaveFolder = t.TempDir()
				tuitest.Open(t, options, 200, 24).Press("v", "w").Wait(time.Second).Sees("saved")
				if saved, err := os.ReadFile(filepath.Join(options.SaveFolder, c.file)); err != nil || string(saved) != c.value {
					files, _ := os.ReadDir(options.SaveFolder)
					t.Fatalf("saved %q, %v: %v", saved, err, files)
				}
			})
		})
	}
}

// TestACopyForTheEditorIsTakenAway, whatever becomes of it, and every failure is told.
func TestACopyForTheEditorIsTakenAway(t *testing.T) {
	for name, c := range map[string]struct{ script, event, letter string }{
		"no change":         {"true", "", "nothing was changed, so there is nothing to plan"},
		"a change":          {`echo '{"a":2}' >"$1"`, "", "Plan: replay"},
		"it fails":          {"exit 3", "failed: exit status 3", "failed: exit status 3"},
		"it fails, changed": {`echo '{"a":2}' >"$1"; exit 3`, "failed: exit status 3", "failed: exit status 3"},
		"it takes the copy": {`rm "$1"`, "", "cannot read the edited copy"},
	} {
		for _, page := range []string{"event", "letter"} {
			t.Run(name+" "+page, func(t *testing.T) {
				copies := t.TempDir()
				t.Setenv("TMPDIR", copies)
				tool := filepath.Join(t.TempDir(), "editor")
				if err := os.WriteFile(tool, []byte("#!/bin/sh\n"+c.script+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
				story(t, func(t *testing.T, s *tuitest.System) {
					put(t, s, odd(s, `{"a":1}`))
					options := tuitest.NewLetters(t, adapters.Topic).Over(s.Options())
					options.Editor = []string{tool}
					screen, sees := tuitest.Open(t, options, 160, 30), c.event
					if page == "letter" {
						sees = c.letter
						to(screen.Press("4").Wait(time.Second), "Letter")
					} else {
						screen.Press("v").Wait(time.Second)
					}
					screen.Press("e").Wait(time.Second).Sees(sees)
					if c.event == "" && page == "event" {
						screen.Misses("failed", "✗")
					}
					if sees != "Plan: replay" {
						screen.Misses("Plan")
					}
					if left, err := filepath.Glob(filepath.Join(copies, "eventscope-*")); err != nil || len(left) > 0 {
						t.Errorf("the copy was left: %v, %v", left, err)
					}
				})
			})
		}
	}
}

// TestWithoutRoomForACopyNothingIsEdited: the editor is not started.
func TestWithoutRoomForACopyNothingIsEdited(t *testing.T) {
	for _, page := range []string{"event", "letter"} {
		t.Run(page, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, odd(s, `{"a":1}`))
				screen := tuitest.Open(t, tuitest.NewLetters(t, adapters.Topic).Over(s.Options()), 160, 30)
				t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
				if page == "letter" {
					to(screen.Press("4").Wait(time.Second), "Letter")
				} else {
					screen.Press("v").Wait(time.Second)
				}
				screen.Press("e").Wait(time.Second).Sees("cannot write a copy for the editor").Misses("Plan")
			})
		})
	}
}

// TestAClickIntoTheFactsSelectsTheOneUnderIt, above the value or beside it; it leaves the value as
// it is, as enter does there.
func TestAClickIntoTheFactsSelectsTheOneUnderIt(t *testing.T) {
	for _, size := range [][2]int{{120, 30}, {80, 24}} {
		story(t, func(t *testing.T, s *tuitest.System) {
			put(t, s, odd(s, `{"items":[1,2,3],"last":9}`))
			screen := tuitest.Open(t, s.Options(), size[0], size[1]).Press("v").Wait(time.Second).Sees("line 1 of 6", "fold")
			at := func(words string) (column, row int) {
				for i, line := range strings.Split(screen.Text(), "\n") {
					if column := strings.Index(line, words); column >= 0 && i > 2 {
						return column, i
					}
				}
				t.Fatalf("%q is not on the screen:\n%s", words, screen.Text())
				return 0, 0
			}
			for range 3 {
				screen.Click(at("source ")).Selects("source ").Sees("line 1 of 6").Misses("fold")
			}
			screen.Press("enter").Sees("line 1 of 6").Press("j").Selects("written ")
			screen.Click(at("items")).Selects("items").Sees("line 2 of 6", "fold").Click(at("items")).Sees("line 2 of 3")
			screen.Click(at("source ")).Press("k").Selects("position ").Sees("line 2 of 3")
		})
	}
}
