package tui_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"eventscope/tui"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// contexts is a screen over dev, from which one may go to the others; went is where that led.
func contexts(t *testing.T, s *tuitest.System, change func(*tui.Options)) (screen *tuitest.Screen, went *[]string) {
	options, went := s.Options(), new([]string)
	options.Title, options.Color, options.Session = "dev", "green", &tui.Session{}
	options.Nearest = func(name string, names []string) string { return names[len(names)-1] }
	options.Contexts = []tui.Context{{Name: "dev"}, {Name: "prod", About: "production", Confirm: true}, {Name: "test"}}
	options.SwitchTo = func(name string, typed bool) (func(), error) {
		if name == "test" {
			*went = append(*went, fmt.Sprint(name, " ", typed))
			return nil, errors.New("the password file is not there")
		}
		return func() { *went = append(*went, fmt.Sprint(name, " ", typed)) }, nil
	}
	if change != nil {
		change(&options)
	}
	return tuitest.Open(t, options, 80, 24), went
}

func checkWent(t *testing.T, went *[]string, wanted string) {
	t.Helper()
	if got := strings.Join(*went, ", "); got != wanted {
		t.Errorf("went to %q, want %q", got, wanted)
	}
}

// A name alone leads to another context, and what cannot be opened leaves the screen as it is.
func TestAnotherContext(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen, went := contexts(t, s, nil)
		screen.Sees("eventscope · dev").Looks(theme.Good, "dev")
		screen.Command("ctx").Sees("dev", "in use", "prod", "production", "test").Press("esc")
		screen.Command("ctx prdo").Sees("the config has no context prdo; did you mean :ctx test?").Press("esc")
		screen.Command("ctx dev").Sees("this is the context dev already").Press("esc")
		screen.Command("ctx test").Sees("the password file is not there")
		checkWent(t, went, "test false")
		if screen.Ended() {
			t.Fatal("the screen has ended")
		}
	})
}

// Production asks for its name before writes are allowed, and a wrong one changes nothing.
func TestProductionAsksForItsName(t *testing.T) {
	for _, c := range []struct{ typed, went string }{{"prod", "prod true"}, {"", "prod false"}, {"prd", ""}} {
		story(t, func(t *testing.T, s *tuitest.System) {
			screen, went := contexts(t, s, nil)
			screen.Command("ctx prod").Sees("write to prod?", "this is production").Type(c.typed).Press("enter")
			checkWent(t, went, c.went)
			if screen.Ended() != (c.went != "") {
				t.Errorf("%q: ended is %v", c.typed, screen.Ended())
			}
			if c.went == "" {
				screen.Sees("that is not the name of the context prod; nothing was changed")
			}
		})
	}
}

// Where production is what one begins with, it asks at once, and is read only until then.
func TestProductionAsksAtTheStart(t *testing.T) {
	begun := func(o *tui.Options) { o.Title, o.Color = "prod", "red" }
	story(t, func(t *testing.T, s *tuitest.System) {
		screen, went := contexts(t, s, begun)
		screen.Sees("write to prod?", "READ-ONLY").Looks(theme.Bad, "prod").Press("enter").Misses("write to prod?")
		checkWent(t, went, "")
		screen.Command("ctx prod").Type("prod").Press("enter")
		checkWent(t, went, "prod true")
		if !screen.Ended() {
			t.Error("the screen goes on")
		}
	})
	story(t, func(t *testing.T, s *tuitest.System) {
		screen, _ := contexts(t, s, func(o *tui.Options) { begun(o); o.Write = true })
		screen.Misses("write to prod?")
	})
}

// Who only wants to look is asked once.
func TestWhoOnlyLooksIsAskedOnce(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var session tui.Session
		first, _ := contexts(t, s, func(o *tui.Options) { o.Session = &session })
		first.Command("ctx prod").Sees("write to prod?").Press("enter")
		second, went := contexts(t, s, func(o *tui.Options) { o.Session, o.Title = &session, "prod" })
		second.Sees("READ-ONLY").Misses("write to prod?").Command("ctx prod").Sees("write to prod?").Type("prod").Press("enter")
		checkWent(t, went, "prod true")
	})
}

// What was written is there on the next screen, too.
func TestCommandsOutlastAScreen(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var session tui.Session
		keep := func(o *tui.Options) { o.Session = &session }
		first, _ := contexts(t, s, keep)
		first.Command("goto orders/1@1").Command("ctx prod").Press("enter")
		second, _ := contexts(t, s, keep)
		second.Press(":", "up").Sees(":ctx prod").Press("up").Sees(":goto orders/1@1")
	})
}

// Without contexts the command says so.
func TestNoContexts(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		tuitest.Open(t, s.Options(), 80, 24).Command("ctx").Sees("the config has no contexts")
	})
}
