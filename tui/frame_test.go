package tui_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui"
	"eventscope/tui/tuitest"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// runName is the name of a run, which ends in what is different each time.
var runName = regexp.MustCompile(`\d{8}-\d{6}-[0-9a-f]{4}`)

// golden compares the screen with the frame of that name.
func golden(t *testing.T, screen *tuitest.Screen, name string) {
	t.Helper()
	shown := runName.ReplaceAllString(screen.Text(), "20000101-000000-0000")
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(shown), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(shown, "\n")); diff != "" {
		t.Errorf("%s differs (-update writes it anew):\n%s", name, diff)
	}
}

// name is the name of a page's frame at a size.
func name(page string, size [2]int) string { return fmt.Sprintf("%s-%dx%d", page, size[0], size[1]) }

// shop is a small story with something of everything.
func shop(t *testing.T, s *tuitest.System) {
	begun := time.Now()
	for i := range 6 {
		put(t, s, s.Order(i, begun.Add(time.Duration(i)*2*time.Second), 5)...)
	}
	put(t, s, s.Order(6, begun.Add(13*time.Second), 2)...)
	put(t, s, s.Compensated(9, begun.Add(14*time.Second))...)
	<-time.After(15 * time.Second) // of virtual time, so that all this has happened
}

func TestFrames(t *testing.T) {
	pages := []struct {
		name string
		keys []string
	}{
		{"stream", nil}, {"flows", []string{"2"}}, {"timeline", []string{"enter"}}, {"lanes", []string{"enter", "v"}},
		{"event", []string{"v"}}, {"help", []string{"?"}}, {"completion", []string{":", "f", "tab"}},
	}
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 8}} {
		for _, page := range pages {
			name := name(page.name, size)
			t.Run(name, func(t *testing.T) {
				story(t, func(t *testing.T, s *tuitest.System) {
					shop(t, s)
					screen := tuitest.Open(t, s.Options(), size[0], size[1]).Press(page.keys...).Wait(5 * time.Second)
					golden(t, screen, name)
				})
			})
		}
	}
	t.Run("ascii", func(t *testing.T) {
		story(t, func(t *testing.T, s *tuitest.System) {
			shop(t, s)
			options := s.Options()
			options.ASCII = true
			screen := tuitest.Open(t, options, 80, 24).Press("enter").Wait(time.Second)
			golden(t, screen, "timeline-ascii")
			for _, r := range screen.Text() {
				if r > '~' {
					t.Fatalf("%q is not ASCII", r)
				}
			}
		})
	})
	t.Run("tiny", func(t *testing.T) {
		story(t, func(t *testing.T, s *tuitest.System) {
			golden(t, tuitest.Open(t, s.Options(), 20, 5), "tiny-20x5")
		})
	})
}

// fits fails unless the frame is exactly the size of the screen, and holds no sequence
// but SGR.
func fits(t *rapid.T, frame string, width, height int, after string) {
	lines := strings.Split(frame, "\n")
	if len(lines) != height {
		t.Fatalf("after %s: %d lines at %dx%d", after, len(lines), width, height)
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w != width {
			t.Fatalf("after %s: line %d has %d cells at %dx%d: %q", after, i, w, width, height, line)
		}
		for rest := line; ; {
			at := strings.IndexByte(rest, '\x1b')
			if at < 0 {
				break
			}
			end := strings.IndexByte(rest[at:], 'm')
			if end < 0 || !strings.HasPrefix(rest[at:], "\x1b[") || strings.Trim(rest[at+2:at+end], "0123456789;") != "" {
				t.Fatalf("after %s: a sequence that is not SGR in %q", after, line)
			}
			rest = rest[at+end:]
		}
	}
}

// withoutDeadline is a test whose deadline is not asked for, since in virtual time there
// is none.
type withoutDeadline struct{ rapid.TB }

// TestAnyKeysAtAnySize presses keys as a cat would, while the terminal changes its size
// and events come, and looks at every frame.
func TestAnyKeysAtAnySize(t *testing.T) {
	keys := strings.Fields("j k g G ctrl+d ctrl+u enter enter enter esc v v / n N p f s ! b space y w o tab h l down up home end : ? 1 2 3 3 4 4 6 r x u a t D F L A left right backspace")
	evil := []string{"", "\x1b[31m\x1b]0;x\a", "日本語テキスト", "e\u0301\u0301", "\u202eabc", "\xff\xfe", "👩\u200d💻", "a\r\nb\tc"}
	story(t, func(t *testing.T, s *tuitest.System) {
		shop(t, s)
		options := s.Options()
		options.SaveFolder, options.Banner = t.TempDir(), "Press enter."
		options = someConsumers(s).Over(graveyard(t).Over(options))
		s.Kafka.Set(func(status *adapters.Status) { status.Problems = []string{"no permission on \x1b[1mtopic"} })
		screen := tuitest.Open(t, options, 80, 24)
		rapid.Check(withoutDeadline{t}, func(t *rapid.T) {
			after := "start"
			for range rapid.IntRange(1, 12).Draw(t, "moves") {
				switch rapid.IntRange(0, 9).Draw(t, "move") {
				case 0:
					screen.Resize(rapid.IntRange(1, 200).Draw(t, "width"), rapid.IntRange(1, 60).Draw(t, "height"))
					after = "resize"
				case 1:
					word := rapid.SampledFrom(evil).Draw(t, "word")
					if err := s.Put(screen.Context(), tuitest.Event{Source: s.RabbitMQ, To: "x" + word, At: time.Now(), Type: word + rapid.String().Draw(t, "type"), Service: word, Flow: word + "1", ID: word, Value: `{"` + word + `":[1,{"a":null}]}`}); err != nil {
						t.Fatal(err)
					}
					screen.Wait(500 * time.Millisecond)
					after = "event"
				default:
					key := rapid.SampledFrom(keys).Draw(t, "key")
					screen.Press(key)
					after = key
				}
				if crash := (*tui.Crash)(nil); errors.As(screen.Crash(), &crash) {
					t.Fatalf("after %s: %v\n%s", after, crash, crash.Stack)
				}
				width, height := screen.Size()
				fits(t, screen.Raw(), width, height, after)
			}
		})
	})
}

// BenchmarkFrame is one new frame of a full screen: key, query, drawing.
func BenchmarkFrame(b *testing.B) {
	for _, page := range []struct{ name, keys string }{{"stream", "k j"}, {"flows", "2 j k"}, {"timeline", "enter j k"}, {"event", "v j k"}, {"completion", ": x backspace"}} {
		b.Run(page.name, func(b *testing.B) {
			s := tuitest.Bench(b)
			for i := range 200 {
				if err := s.Put(b.Context(), s.Compensated(i, time.Now())...); err != nil {
					b.Fatal(err)
				}
			}
			driver := tuitest.Drive(tui.New(s.Options()), 160, 45)
			keys := strings.Fields(page.keys)
			driver.Press(keys[:len(keys)-2]...)
			if !strings.Contains(driver.Frame(), "eventscope") {
				b.Fatal("nothing is drawn")
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				driver.Press(keys[len(keys)-2+i%2])
				driver.Frame()
			}
		})
	}
}
