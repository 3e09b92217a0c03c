package tui_test

import (
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tui/tuitest"
)

// elsewhere discards the last letter, as another process with the same journal does.
func elsewhere(t *testing.T, l *tuitest.Letters, reason string) {
	t.Helper()
	letters := l.Service.Listing(t.Context(), nil, replay.ListingOptions{}).Letters()
	plan, err := l.Service.Plan(t.Context(), replay.Discard, replay.Chosen(letters[len(letters)-1:]), replay.PlanOptions{Reason: reason})
	if err != nil {
		t.Fatal(err)
	}
	run, err := l.Service.Begin(plan, replay.Confirmation{Count: 1, Plan: plan.ID, Write: true}, replay.Pace{})
	if err != nil {
		t.Fatal(err)
	}
	if summary, err := run.Do(t.Context(), func(replay.Outcome) {}); err != nil || summary.State != "done" {
		t.Fatal(summary, err)
	}
}

// discard plans to put away what the page is for, and does.
func discard(screen *tuitest.Screen, reason, count string) *tuitest.Screen {
	screen.Press("x").Type(reason).Press("enter").Wait(time.Second).Sees("Plan: discard", reason)
	return screen.Press("enter").Type(count).Press("enter").Wait(time.Second).Sees("✓ done")
}

// TestTheCursorStaysOnItsRun when another process begins one, which comes above it: :resume
// and :abort are about the run under the cursor.
func TestTheCursorStaysOnItsRun(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		discard(screen, "test data", "2").Press("6").Wait(3 * time.Second).Sees("1 run").Selects("2 of 2")
		elsewhere(t, l, "not mine")
		screen.Wait(3*time.Second).Sees("2 runs", "1 of 1", "test data").Selects("2 of 2")
		screen.Press("k").Selects("1 of 1").Sees("not mine")
		screen.Press("j").Selects("2 of 2").Press("enter").Wait(time.Second).Sees("Steps", "test data").Press("q").Selects("2 of 2")
	})
}

// TestTheStepsOfARunAtWorkGoOn: what the page shows is what the run has done by now.
func TestTheStepsOfARunAtWorkGoOn(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		pass, all := atWork(t, l, screen)
		screen.Press("enter").Wait(time.Second).Sees("Numbers", "sent").Misses("0-500", "end")
		before := screen.Line(" steps of ")
		pass()
		screen.Wait(5 * time.Second)
		if now := screen.Line(" steps of "); now == before {
			t.Fatalf("the steps stay as they were: %s\n%s", now, screen.Text())
		}
		all()
		screen.Wait(5 * time.Second)
		frames := screen.Frames()
		if screen.Wait(time.Minute); screen.Frames()-frames > 10 {
			t.Errorf("%d frames were drawn after the run had ended", screen.Frames()-frames)
		}
	})
}

// TestADiscardIsUndoneFromWhereOneStands: on the page of its run, and in the journal. A replay is not
// undone.
func TestADiscardIsUndoneFromWhereOneStands(t *testing.T) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue} {
		dead(t, kind, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
			if kind == adapters.Queue {
				screen.Press("enter", "y").Wait(time.Second)
			}
			undone := func() {
				screen.Press("u").Wait(3*time.Second).Sees("Plan: restore", "2 letters,").Press("enter").Type("2").Press("enter").Wait(3*time.Second).Sees("✓ done", "✓ restored")
				screen.Press("u").Wait(3 * time.Second).Misses("Plan: restore")
			}
			discard(screen.Press("g"), "test data", "2").Sees("u undo")
			undone()
			if screen.Press("4").Wait(10 * time.Second).Press("g"); kind == adapters.Queue { // it has changed
				screen.Press("enter", "y").Wait(time.Second).Press("g")
			}
			discard(screen, "more data", "2").Press("6").Wait(3*time.Second).Press("g").Selects("more data", "2 of 2")
			undone()
			screen.Press("6").Wait(3*time.Second).Press("g", "u").Sees("only a discard can be undone")
		})
	}
}
