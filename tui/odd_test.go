package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// odd is an event with a value that is unlike those of a story.
func odd(s *tuitest.System, value string) tuitest.Event {
	return tuitest.Event{Source: s.Kafka, To: "odd", Key: "k", At: time.Now(), Type: "Odd", Flow: "odd-1", ID: "odd-1", Value: value}
}

func TestWhatHasNoValueSaysSo(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		deleted := odd(s, "")
		deleted.Deleted = true
		deleted.Headers = []adapters.Header{{Name: "nothing"}, {Name: "binary", Value: []byte{0, 1, 0xff}}}
		put(t, s, deleted)
		screen := tuitest.Open(t, s.Options(), 120, 30).Press("v").Sees("tombstone: this key was deleted", "no value", "nothing        (empty)", `binary         \x00\x01\xff`)
		screen.Misses("line 1 of", "v raw", "v hex", "fold", "copy")
		for _, key := range []string{"enter", "v", "o", "n", "y", "j", "G", "l"} {
			if screen.Press(key).Wait(time.Second); screen.Ended() {
				t.Fatalf("%s ended the screen", key)
			}
		}
	})
}

func TestLargeAndDeepValuesAreShown(t *testing.T) {
	items := strings.TrimSuffix(strings.Repeat(`{"sku":"abc","quantity":3},`, 80_000), ",")
	for _, c := range []struct{ name, value, sees string }{
		{"2 MB", `{"type":"Odd","items":[` + items + `]}`, "[80,000]"},
		{"nested 50,000 deep", strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000), "raw line 1 of"},
		{"a line of 3 MB", strings.Repeat("a", 3<<20), "raw line 1 of"},
		{"a long name", `{"` + strings.Repeat("name", 100) + `":"its value"}`, `"its value"`},
		{"carriage returns", "one\rtwo\r\nthree", `one\rtwo`},
		{"no UTF-8", "caf\xe9 \xff", "hex line 1 of"},
		{"wide", `{"商品":"日本語テキスト"}`, "日本語テキスト"},
	} {
		t.Run(c.name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, odd(s, c.value))
				screen := tuitest.Open(t, s.Options(), 80, 24).Press("v").Sees(c.sees)
				for _, key := range []string{"G", "g", "o", "G", "v", "G", "v", "G"} {
					screen.Press(key)
				}
				screen.Sees("Odd")
			})
		})
	}
}

// What is longer than the screen is wide ends with a mark, and can be scrolled to.
func TestALongFactIsScrolled(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		event := odd(s, `{"a":1}`)
		event.Headers = []adapters.Header{{Name: "long", Value: []byte(strings.Repeat("0123456789", 12) + "the end")}}
		event.Type = strings.Repeat("VeryLong", 20)
		put(t, s, event)
		screen := tuitest.Open(t, s.Options(), 80, 24).Press("v").Sees("VeryLong…", "odd-1", "more facts, tab").Press("tab")
		screen.GoTo("j", "long")
		screen.Misses("the end").Press("l", "l", "l", "l", "l").Sees("the end")
		screen.Press("l", "l", "l", "l", "l").Sees("the end").Press("k", "j").Misses("the end")
		screen.Press("tab", "l").Sees("from cell 17").Press("h").Misses("from cell")
	})
}

func TestSavingAndEditingCanFail(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, odd(s, `{"a":1}`))
		options := s.Options()
		copies := t.TempDir()
		t.Setenv("TMPDIR", copies)
		options.SaveFolder = filepath.Join(t.TempDir(), "absent")
		options.Editor = []string{filepath.Join(t.TempDir(), "no-such-editor")}
		screen := tuitest.Open(t, options, 200, 24).Press("v", "w").Wait(time.Second).Sees("cannot save the value", "no such file").Press("esc")
		screen.Press("e").Wait(time.Second).Sees("set EDITOR to another", "no-such-editor")
		if left, err := os.ReadDir(copies); err != nil || len(left) > 0 {
			t.Errorf("the copy for the editor was left: %v, %v", left, err)
		}
	})
}

// A value that cannot be read again says why and which keys are left.
func TestAValueThatIsGone(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		event := odd(s, `{"a":1}`)
		put(t, s, event)
		event.Value = `{"pad":"` + strings.Repeat("x", 4000) + `"}`
		if err := s.Flood(t.Context(), event, 3000); err != nil { // until the copies of the index are used up
			t.Fatal(err)
		}
		s.Kafka.Forget()
		tuitest.Open(t, s.Options(), 100, 24).Press("g", "v").Wait(time.Second).Sees("The value cannot be shown", "no longer has it").Press("w").Sees("the value is not there")
	})
}

// TestAnEmptyKeyIsNotNoKey: messages with it are all compacted into one, and those without go where
// there is room.
func TestAnEmptyKeyIsNotNoKey(t *testing.T) {
	for name, c := range map[string]struct {
		key          string
		keyed        bool
		sees, misses []string
	}{
		"none":  {"", false, []string{"Headers"}, []string{" key "}},
		"empty": {"", true, []string{" key        (empty)"}, []string{" entity"}},
		"a key": {"k", true, []string{" key        k", "entity     k  key"}, []string{"(empty)"}},
		"bytes": {"\x00", true, []string{` key        \x00`}, []string{"(empty)"}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				event := odd(s, `{"a":1}`)
				event.Key, event.Keyed = c.key, c.keyed
				put(t, s, event)
				tuitest.Open(t, s.Options(), 120, 30).Press("v").Wait(time.Second).Sees("position").Sees(c.sees...).Misses(c.misses...)
			})
		})
	}
}

// TestAValueThatWasCutSaysSo: a small one may be packed out of much more than is unpacked of it.
func TestAValueThatWasCutSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		length       int
		sees, misses []string
	}{
		"whole": {1 << 20, []string{"json, ", " as gzip, 1.0 MB unpacked", "tree line 1 of"}, []string{"cut"}},
		"cut":   {40 << 20, []string{"text, ", " as gzip, 34 MB unpacked, cut", "not json   it was cut", "raw line 1 of"}, []string{"tombstone"}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, odd(s, packed(t, `["`+strings.Repeat("a", c.length)+`"]`)))
				screen := tuitest.Open(t, s.Options(), 140, 30).Press("v").Wait(time.Second).Sees(c.sees...).Misses(c.misses...)
				screen.Press("y").Wait(time.Second).Sees("the value is too long for a clipboard; w saves it to a file").Misses("copied")
			})
		})
	}
}
