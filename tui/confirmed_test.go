package tui_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tui/tuitest"

	"pgregory.net/rapid"
)

// desk is an operator at a list of letters, and what the operator must think of it.
type desk struct {
	l      *tuitest.Letters
	screen *tuitest.Screen
	open   map[string]bool // letters of the group that nobody has dealt with, by what they are about
	marked map[string]bool
	filter string
	buried int
}

// bury adds a letter to the group, or to another.
func (d *desk) bury(reason string) {
	d.l.Change(func() {
		name := fmt.Sprintf("ord-%05d", d.buried)
		d.l.BuryFor(`{"type":"OrderPlaced","order_id":"`+name+`"}`, reason)
		if d.buried++; reason == "no stock" {
			d.open[name] = true
		}
	})
}

// chosen are the letters that a key is for: those that are shown, or the marked ones of them.
func (d *desk) chosen() (names []string) {
	for name := range d.open {
		if strings.Contains(name, d.filter) && (len(d.marked) == 0 || d.marked[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// under is the letter under the cursor, or empty.
func (d *desk) under() string {
	for line := range strings.SplitSeq(d.screen.Text(), "\n") {
		if strings.HasPrefix(line, "▸") {
			for word := range strings.FieldsSeq(line) {
				if strings.HasPrefix(word, "ord-") {
					return word
				}
			}
		}
	}
	return ""
}

// copies are what was sent, by what it is about.
func (d *desk) copies() (names []string) {
	d.l.Change(func() {
		for i := range d.l.Copies {
			_, name, _ := strings.Cut(string(d.l.Copies[i].Value), `"order_id":"`)
			names = append(names, strings.TrimSuffix(name, `"}`))
		}
	})
	slices.Sort(names)
	return names
}

// elsewhere deals with an open letter in another process.
func (d *desk) elsewhere(t *rapid.T) {
	letters := d.l.Service.Listing(d.screen.Context(), nil, replay.ListingOptions{}).Letters()
	letters = slices.DeleteFunc(letters, func(l replay.Letter) bool { return !d.open[l.Entity] })
	if len(letters) == 0 {
		return
	}
	one := rapid.SampledFrom(letters).Draw(t, "letter")
	plan, err := d.l.Service.Plan(d.screen.Context(), replay.Discard, replay.Chosen([]replay.Letter{one}), replay.PlanOptions{Reason: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	run, err := d.l.Service.Begin(plan, replay.Confirmation{Count: 1, Plan: plan.ID, Write: true}, replay.Pace{})
	if err != nil {
		t.Fatal(err)
	}
	if summary, err := run.Do(d.screen.Context(), func(replay.Outcome) {}); err != nil || summary.State != "done" {
		t.Fatal(summary, err)
	}
	delete(d.open, one.Entity)
}

// step does one thing that an operator, or the world, may do.
func (d *desk) step(t *rapid.T) {
	switch key := rapid.SampledFrom([]string{"j", "j", "k", "g", "G", "space", "space", "filter", "esc", "come", "come", "other", "elsewhere"}).Draw(t, "key"); key {
	case "come":
		d.bury("no stock")
	case "other":
		d.bury("card declined")
	case "elsewhere":
		d.elsewhere(t)
	case "filter":
		before := d.filter
		d.filter = rapid.SampledFrom([]string{"-0000", "-0001", "-00003", "-00011", "ord-"}).Draw(t, "words")
		d.screen.Press("/")
		for range before {
			d.screen.Press("backspace")
		}
		d.screen.Type(d.filter).Press("enter")
		clear(d.marked)
	case "esc":
		switch {
		case len(d.marked) > 0:
			clear(d.marked)
		case d.filter != "":
			d.filter = ""
		default:
			return // it would go back
		}
		d.screen.Press("esc")
	case "space":
		if at := d.under(); at != "" {
			if d.screen.Press("space"); d.marked[at] {
				delete(d.marked, at)
			} else {
				d.marked[at] = true
			}
		}
	default:
		d.screen.Press(key)
	}
	d.screen.Wait(3 * time.Second)
}

// some checks a property that costs much with so few draws, and more only when one has failed.
func some(most int, holds func(*rapid.T)) func(*rapid.T) {
	checked, failed := 0, false
	return func(t *rapid.T) {
		if checked++; checked > most && !failed {
			return
		}
		ended := false
		defer func() { failed = failed || !ended }()
		holds(t)
		ended = true
	}
}

// TestWhatIsConfirmedIsWhatIsDone: whatever comes, goes, is marked and filtered, a plan is for
// the letters that are shown, or for the marked ones of them, and for no other; and once it is
// confirmed, those are sent, each once.
func TestWhatIsConfirmedIsWhatIsDone(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		rapid.Check(withoutDeadline{t}, some(20, func(rt *rapid.T) {
			l := tuitest.EmptyDLQ(t, adapters.Topic)
			d := &desk{l: l, open: map[string]bool{}, marked: map[string]bool{}}
			for range 12 {
				d.bury("no stock")
			}
			d.screen = tuitest.Open(t, l.Over(s.Options()), 120, 40).Press("4").Wait(time.Second).Press("g", "enter").Wait(time.Second)
			defer d.screen.Quit()
			for range rapid.IntRange(0, 6).Draw(rt, "steps") {
				d.step(rt)
				shown := maps.Clone(d.marked) // a mark on what is shown no longer is for none
				maps.DeleteFunc(shown, func(name string, _ bool) bool { return !d.open[name] })
				if sign := fmt.Sprint("◆ ", len(shown)); len(d.marked) > 0 && !strings.Contains(d.screen.Text(), sign) {
					rt.Fatalf("%q is not on the screen:\n%s", sign, d.screen.Text())
				}
			}
			wanted := d.chosen()
			d.screen.Press("r").Wait(time.Second)
			if len(wanted) == 0 {
				if strings.Contains(d.screen.Text(), "Plan: replay") {
					rt.Fatalf("there is a plan for nothing:\n%s", d.screen.Text())
				}
				return
			}
			sees := func(words string) {
				if !strings.Contains(d.screen.Text(), words) {
					rt.Fatalf("%q is not on the screen, chosen are %v:\n%s", words, wanted, d.screen.Text())
				}
			}
			d.screen.Press("enter")
			sees(fmt.Sprintf("type %d to replay", len(wanted)))
			d.screen.Type(fmt.Sprint(len(wanted))).Press("enter").Wait(time.Second)
			sees(fmt.Sprintf("%d of %d  ✓ done", len(wanted), len(wanted)))
			if got := d.copies(); !slices.Equal(got, wanted) {
				rt.Fatalf("sent were %v and chosen %v:\n%s", got, wanted, d.screen.Text())
			}
		}))
	})
}

// TestTheCursorAndTheMarksStayInTheStream, whatever comes and whatever is evicted: what is copied
// is what was marked.
func TestTheCursorAndTheMarksStayInTheStream(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 40)
		screen := tuitest.Open(t, s.Options(), 120, 20).Press("k")
		come := 100
		rapid.Check(withoutDeadline{t}, some(30, func(rt *rapid.T) {
			marked := map[string]bool{}
			flowOf := func() string {
				for word := range strings.FieldsSeq(screen.Selected()) {
					if strings.HasPrefix(word, "ord-") {
						return word
					}
				}
				rt.Fatalf("no event is under the cursor:\n%s", screen.Text())
				return ""
			}
			for range rapid.IntRange(1, 10).Draw(rt, "steps") {
				switch key := rapid.SampledFrom([]string{"j", "k", "ctrl+u", "ctrl+d", "g", "come", "flood", "space", "space", "n"}).Draw(rt, "key"); key {
				case "come", "flood":
					screen.Press("k").Wait(time.Second) // it is paused from here
					at := screen.Selected()
					for range map[string]int{"come": 1, "flood": 30}[key] {
						come++
						arrive(rt, s, screen, s.Order(come, time.Now(), 1)...)
					}
					if now := screen.Wait(time.Second).Selected(); now != at {
						rt.Fatalf("after %s the cursor was on\n%s\nand is on\n%s", key, at, now)
					}
				case "space":
					if flow := flowOf(); !strings.Contains(screen.Selected(), "◆") && !marked[flow] {
						screen.Press("space")
						marked[flow] = true
					}
				default:
					screen.Press(key).Wait(100 * time.Millisecond)
				}
			}
			if len(marked) > 0 {
				screen.Press("y").Wait(100 * time.Millisecond)
				if ids := strings.Join(slices.Sorted(maps.Keys(marked)), "\n"); !screen.Copied(ids) {
					rt.Fatalf("%q was not copied:\n%s", ids, screen.Text())
				}
			}
			screen.Press("esc", "esc", "k").Wait(time.Second)
		}))
	})
}
