package tui_test

import (
	"os"
	"strings"
	"testing"

	"eventscope/tui/tuitest"
)

// signsOf are signs and states that the help of a page explains.
var signsOf = map[string][]string{
	"Stream": {"☠ dead letter", "✗ failure", "↩ compensation", "≡ duplicate", "! out of order", "◆ marked", "▸ following", "‖ paused"},
	"Flows":  {"▷ running", "✓ complete", "↩ compensated", "✗ failed", "◔ late", "◼ stuck", "? unknown", "◆ marked", "▸ following", "‖ paused"},
	"Flow":   {"▷ running", "◼ stuck", "☠ dead letter", "≡ duplicate", "─ link", "· link"},
	"Event":  {"☠ dead letter", "≡ duplicate"},
	"Lag": {"✓ OK", "▷ BEHIND", "◔ WARN", "↩ REDELIVER", "↩ REBALANCE", "↩ REWIND", "! AHEAD", "! TRUNCATED", "! NOT_ALLOWED", "◼ STALL", "✗ STOP", "· NO_OFFSET", "? UNKNOWN", "↗ growing",
		"↘ draining"},
	"Partitions": {"◼ STALL"}, "Topology": {"◼ STALL", "▿ unfolded", "▹ folded", "↑ above"},
	"Letters": {"open", "planned", "sent", "confirmed", "replayed", "discarded", "unknown", "◆ marked"},
	"Letter":  {"discarded"}, "Run": {"confirmed"}, "Steps": {"confirmed"},
}

// TestTheHelpOfAPageSaysWhatItsSignsMean, in words that the glossary has as well.
func TestTheHelpOfAPageSaysWhatItsSignsMean(t *testing.T) {
	read, err := os.ReadFile("../.docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	glossary := string(read)
	onEveryPage(t, asItIs, func(t *testing.T, page string, screen *tuitest.Screen) {
		screen.Press("?")
		seen := screen.Text()
		for range 60 {
			seen += screen.Press("j").Text()
		}
		if !strings.Contains(seen, "Keys of every page") || strings.Contains(seen, "Signs and states") != (signsOf[page] != nil) {
			t.Fatalf("the help has no sections, or others:\n%s", screen.Text())
		}
		for _, sign := range signsOf[page] {
			words := strings.Fields(sign)
			if !strings.Contains(seen, sign+" ") {
				t.Errorf("%s is not explained", sign)
			}
			for _, word := range words {
				if !strings.Contains(glossary, word) {
					t.Errorf("%s is not in the glossary", word)
				}
			}
		}
	})
}

// TestTheHelpIsScrolledByHalfPagesAndToItsEnds as any list.
func TestTheHelpIsScrolledByHalfPagesAndToItsEnds(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 80, 24).Press("?").Sees("open the event's flow", "more below").Press("G").Sees("quit at once").Misses("more below", "open the event's flow")
		screen.Press("g").Sees("open the event's flow").Press("ctrl+d").Misses("open the event's flow").Sees("Signs and states", "more below").Press("ctrl+u").Sees("open the event's flow")
	})
}
