package main

import (
	"regexp"
	"testing"

	"eventscope/cmd/internal/exit"
	"eventscope/tui/tuitest"
)

// In the demonstration a letter that died is replayed from the screen, the service that
// was mended meanwhile takes it, and its flow comes to its end.
func TestALetterOfTheDemoIsReplayedAndItsFlowIsComplete(t *testing.T) {
	t.Parallel()
	screen := tuitest.InTmux(t, 120, 30, plainEnvironment(t), built(t), "demo", "--seed", "3").Sees("OrderPlaced")
	screen.Press(":", "fault payment timeout", "Enter").Sees("it succeeds when replayed").Press("4").Sees("ProviderTimeout")
	for range 5 { // should something else have died as well
		if regexp.MustCompile(`▸.*ProviderTimeout`).MatchString(screen.Text()) {
			break
		}
		screen.Press("j")
	}
	screen.Press("Enter").Sees("Goes to", "goes to orders")
	selected := regexp.MustCompile(`▸.*(ord-\d+)`).FindStringSubmatch(screen.Text())
	if selected == nil {
		t.Fatalf("no order is under the cursor:\n%s", screen.Text())
	}
	order := selected[1]
	screen.Press("F").Sees("Flow "+order, "ProviderTimeout", "☠", "D dead letter").Press("D")
	screen.Sees("state      open", "r replay", order).Press("r").Sees("nothing has happened yet", "read by", "payment", "exactly once")
	screen.Press("Enter").Sees("type 1 to replay 1 letter:").Press("1", "Enter").Sees("✓ done", "1 of 1", "✓ replayed")
	screen.Press(":", "trace "+order, "Enter").Sees("Flow "+order, "✓ complete", "ShipmentPrepared", "☠")
	screen.Press("6").Sees("replay", "✓ done", "1 of 1").Press("q")
	if code := screen.Ended(); code != exit.Done {
		t.Errorf("exit code %d", code)
	}
}

// A service of the demonstration that is slowed falls behind, and the screen says so.
func TestTheDemoFallsBehindOnDemand(t *testing.T) {
	t.Parallel()
	screen := tuitest.InTmux(t, 120, 30, plainEnvironment(t), built(t), "demo", "--seed", "3").Sees("OrderPlaced", "lag ")
	screen.Press(":", "fault payment slow", "Enter").Press("3").Sees("9 consumers by trouble", "growing", "payment")
	screen.Press("Enter").Sees("Committed", "classic group on kafka", "@127.0.0.1")
}
