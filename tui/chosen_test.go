package tui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// onlyB is a filter for which the letters themselves must be read.
const onlyB = `json("order_id") == "ord-b"`

// TestNothingIsPlannedForLettersThatAFilterMayHide: while a filter reads the letters, those
// that were shown before it are not what its name stands for.
func TestNothingIsPlannedForLettersThatAFilterMayHide(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Sees("2 letters", "r replay all")
		release := l.Hold()
		screen.Filter(onlyB).Sees("reading the letters of dlq").Misses("2 letters", "0 letters", "replay all", "No letter")
		screen.Press("r").Wait(time.Second).Misses("Plan").Sees("the letters are being chosen")
		screen.Press("x").Misses("reason")
		release()
		screen.Wait(time.Second).Press("esc").Sees("1 letter", "ord-b").Misses("ord-a ")
		screen.Press("r").Wait(time.Second).Sees("Plan: replay", "1 letter,")
	})
}

// TestAFilterThatCannotReadTheLettersShowsNone rather than all of them under its name.
func TestAFilterThatCannotReadTheLettersShowsNone(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second)
		l.Change(func() { l.Broken = errors.New("connection refused") })
		screen.Filter(onlyB).Sees("connection refused", "/json").Misses("ord-a ", "2 letters", "No letter passes")
		screen.Press("r").Wait(time.Second).Misses("Plan").Sees("the letters are not chosen")
		l.Change(func() { l.Broken = nil })
		screen.Press("esc", "esc").Wait(time.Second).Sees("2 letters").Filter(onlyB).Sees("1 letter", "ord-b")
	})
}

// TestAFilterThatIsReplacedWhileItReadsLeavesNothing of its choice under the other's name.
func TestAFilterThatIsReplacedWhileItReadsLeavesNothing(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second)
		release := l.Hold()
		screen.Filter(onlyB).Press("/")
		for range onlyB {
			screen.Press("backspace")
		}
		screen.Type(`json("order_id") == "ord-a"`).Press("enter")
		release()
		screen.Wait(time.Second).Sees("1 letter", "ord-a").Misses("ord-b")
	})
}

// TestAMarkIsNeverWidened: when all marked letters are dealt with elsewhere, nothing is
// planned, least of all for those that were not marked.
func TestAMarkIsNeverWidened(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 3, "no stock")
		screen.Wait(3*time.Second).Press("g", "enter").Wait(time.Second).Sees("3 letters").Press("space").Sees("◆ 1", "replay ◆1")
		screen.Press("r").Wait(time.Second).Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done").Press("q").Wait(3 * time.Second)
		screen.Sees("2 letters", "◆ 0").Press("r").Wait(time.Second).Misses("Plan").Sees("none of these letters is open")
	})
}

// TestAMarkThatIsNotShownIsNotActedOn: a letter that was dealt with can be marked while those
// are shown, and is out of reach with them.
func TestAMarkThatIsNotShownIsNotActedOn(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Press("space", "x").Type("test data").Press("enter").Wait(time.Second)
		screen.Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done").Press("q").Wait(3*time.Second).Sees("1 letter", "◆ 0")
		screen.Press("esc", "a").Wait(time.Second).Sees("2 letters", "discarded")
		if screen.Press("g"); !strings.Contains(screen.Selected(), "discarded") {
			screen.Press("j").Selects("discarded")
		}
		screen.Press("space")
		screen.Sees("◆ 1").Press("a").Wait(time.Second).Sees("1 letter", "◆ 0").Press("u").Wait(time.Second).Misses("Plan").Sees("none of these letters is discarded")
		screen.Press("a").Wait(time.Second).Sees("◆ 1").Press("u").Wait(time.Second).Sees("Plan: restore", "1 letter")
	})
}

// TestLettersOfABrokerThatIsAwaySayFromWhen: a list and a letter that may have changed since.
func TestLettersOfABrokerThatIsAwaySayFromWhen(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Sees("2 letters").Misses("as of")
		l.Change(func() { l.Down = errors.New("connection refused") })
		screen.Wait(5*time.Second).Sees("2 letters", "as of ")
		screen.Press("enter").Wait(time.Second).Sees("state      open", "as of ").Misses("gone")
		l.Change(func() { l.Down = nil })
		screen.Wait(5 * time.Second).Sees("state      open").Misses("as of ")
		screen.Press("esc").Wait(time.Second).Misses("as of ")
	})
}

// TestALetterThatIsGoneIsNotPlannedFor: somebody else dealt with it while it was open here.
func TestALetterThatIsGoneIsNotPlannedFor(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Press("enter").Wait(time.Second).Sees("r replay")
		l.Change(func() { l.Broker.Letters = nil; l.Incarnation = "again" })
		screen.Wait(20*time.Second).Sees("gone: it is not in dlq any more").Misses("r replay", "x discard", "e edit")
		for _, key := range []string{"r", "x", "e"} {
			screen.Press(key).Wait(time.Second).Misses("Plan", "reason for").Sees("this letter is gone").Press("esc")
		}
	})
}

// TestADestinationThatWasMistypedCanBeTypedAgain, and the page says why there is no plan.
func TestADestinationThatWasMistypedCanBeTypedAgain(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		l.Change(func() {
			l.NoTarget = &adapters.Problem{Doing: "send to oders", Cause: "there is no such topic", Remedy: "name one that is there", Kind: adapters.ErrUnknownDestination}
		})
		screen.Resize(80, 24).Press("r").Wait(time.Second).Sees("nothing has happened yet").Press("t").Type("oders").Press("enter").Wait(time.Second)
		screen.Sees("✗ cannot send to oders: there is no such topic", "name one that is there").Misses("nothing has happened yet", "confirm")
		l.Change(func() { l.NoTarget = nil })
		screen.Press("enter").Misses("type 2").Press("t").Type("orders").Press("enter").Wait(time.Second).Sees("orders, 2 letters", "nothing has happened yet")
	})
}

// TestAWordInUpperCaseIsStrict on the letters, as it is everywhere else.
func TestAWordInUpperCaseIsStrict(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Filter("OPEN").Wait(time.Second).Sees("No letter passes the filter")
		screen.Press("esc").Filter("open").Wait(time.Second).Sees("2 letters")
	})
}
