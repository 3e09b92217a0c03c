package page

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing"
	"eventscope/tracing/lag"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	"github.com/charmbracelet/colorprofile"
)

// TestWhatIsNotKnownIsNoNumber: a lag of nothing, of what nobody tells, of a part, and of all; and a rate.
func TestWhatIsNotKnownIsNoNumber(t *testing.T) {
	for want, total := range map[string]consumer.Total{"-": {}, "?": {Of: 2}, "7+": {Of: 2, Known: 1, Lag: 7}, "1,204": {Of: 2, Known: 2, Lag: 1_204}, "0": {Of: 1, Known: 1}} {
		if got := LagText(&total).String(); got != want {
			t.Errorf("%+v is %s, want %s", total, got, want)
		}
	}
	for want, rate := range map[string]adapters.Rate{"?": {PerSecond: 3}, "0": {Known: true}, "0.1": {PerSecond: 0.1, Known: true}, "9.9": {PerSecond: 9.94, Known: true}, "10": {PerSecond: 9.96, Known: true}, "1.2k": {PerSecond: 1_204, Known: true}} {
		if got := RateText(rate).String(); got != want {
			t.Errorf("%+v is %s, want %s", rate, got, want)
		}
	}
}

// TestGrowingIsSaidOfWhatIsLeft: a consumer that has done all is not behind, whatever came lately.
func TestGrowingIsSaidOfWhatIsLeft(t *testing.T) {
	for _, c := range []struct {
		direction lag.Direction
		left      int64
		want      bool
	}{{lag.Growing, 3, true}, {lag.Growing, 0, false}, {lag.Draining, 3, false}, {lag.Steady, 3, false}} {
		if got := Growing(&lag.Standing{Direction: c.direction}, &consumer.Total{Lag: c.left, Known: 1, Of: 1}); got != c.want {
			t.Errorf("%s with %d left: %v", c.direction, c.left, got)
		}
	}
}

// TestAnErrorIsASentenceForAnOperator, who need not know what a deadline is; what a broker advises is kept,
// and what is asked again by itself says so.
func TestAnErrorIsASentenceForAnOperator(t *testing.T) {
	dark := theme.New(colorprofile.TrueColor, true, false)
	for _, c := range []struct {
		err             error
		once, repeating string
	}{
		{fmt.Errorf("asking: %w", context.DeadlineExceeded), "no answer in time", "no answer in time; it is asked again"},
		{fmt.Errorf("flow 7: %w", tracing.ErrUnknown), "it is not in the index, or no longer", "it is not in the index, or no longer"},
		{fmt.Errorf("orders/0@7: %w", adapters.ErrGone), "the broker no longer has it (retention or compaction)", "the broker no longer has it (retention or compaction)"},
		{&adapters.Problem{Doing: "restore a letter", Cause: "it is not in the archive", Remedy: "put the archive back", Kind: adapters.ErrGone}, "cannot restore a letter: it is not in the archive; put the archive back", "cannot restore a letter: it is not in the archive; put the archive back"},
		{errors.New("bell \a"), `bell \x07`, `bell \x07`},
	} {
		if once, repeating := Sentence(dark, c.err).String(), Repeated(dark, c.err).String(); once != c.once || repeating != c.repeating {
			t.Errorf("%v: %q and %q", c.err, once, repeating)
		}
	}
}

// TestTroublesDoNotTakeThePage: each has its lines, what a broker cannot do is no fault, and of many the first
// are told.
func TestTroublesDoNotTakeThePage(t *testing.T) {
	dark := theme.New(colorprofile.TrueColor, true, false)
	trouble := func(source string, err error) lag.Trouble { return lag.Trouble{Source: source, Err: err} }
	lines := TroubleLines(dark, []lag.Trouble{trouble("kafka", errors.New("it is away")), trouble("sqs", errors.ErrUnsupported)}, 60)
	if len(lines) != 2 || !strings.Contains(lines[0].Content(), "✗ kafka: it is away") || strings.Contains(lines[1].Content(), "✗") || !strings.Contains(lines[1].Content(), "sqs: ") {
		t.Errorf("they are %d lines:\n%s", len(lines), widget.Content(lines))
	}
	var many []lag.Trouble
	for i := range 10 {
		many = append(many, trouble(fmt.Sprint("source-", i), errors.New("it is away")))
	}
	if lines := TroubleLines(dark, many, 60); len(lines) != MostTroubleLines {
		t.Errorf("they take %d lines", len(lines))
	}
	if a, b := trouble("kafka", errors.New("x")), trouble("kafka", errors.New("x")); !SameTrouble(a, b) || SameTrouble(a, trouble("kafka", nil)) || SameTrouble(a, trouble("other", errors.New("x"))) || SameError(nil, errors.New("x")) || !SameError(nil, nil) {
		t.Error("troubles are told apart by otherwise than source and words")
	}
}

// TestAFileIsNamedAfterItsPosition, by what file systems and shells take as it is, and not without end.
func TestAFileIsNamedAfterItsPosition(t *testing.T) {
	for want, c := range map[string][2]string{
		"event-orders-0-7.json": {"orders/0@7", "json"}, "event--x--rm--rf.txt": {"$x; rm -rf", "text"}, "event-inventory_dlq-4f1c.bin": {"inventory_dlq#4f1c", "binary"}, "event----etc-passwd.bin": {"../etc/passwd", ""},
	} {
		if got := FileName(c[0], c[1]); got != want {
			t.Errorf("%q is called %s, want %s", c[0], got, want)
		}
	}
	if got := FileName(strings.Repeat("a", 500), "json"); len(got) != len("event-")+120+len(".json") {
		t.Errorf("a long one has %d characters", len(got))
	}
}

// TestAWaitIsNamedWhenItIsLongEnoughToBeNoticed, and how long it is by then.
func TestAWaitIsNamedWhenItIsLongEnoughToBeNoticed(t *testing.T) {
	begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	q := Question{Busy: true, since: begun}
	for after, want := range map[time.Duration]string{0: "", 199 * time.Millisecond: "", 200 * time.Millisecond: " 200 ms", 1_290 * time.Millisecond: " 1.20 s"} {
		if got, long := q.Waiting(begun.Add(after)); long != (want != "") || got.String() != want {
			t.Errorf("after %s: %q, %v", after, got, long)
		}
	}
	q.Busy = false
	if _, long := q.Waiting(begun.Add(time.Hour)); long {
		t.Error("what was answered is waited for")
	}
}
