package tui

import (
	"eventscope/adapters/consumer"
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// sign is a sign or a state that pages show, and what it means.
type sign struct {
	role  theme.Role
	glyph text.Safe // empty for a state without one
	name  text.Safe
	means text.Safe
}

// legend is what the signs and states of a page mean. The glossary tells the same at length.
func legend(t *theme.Theme, on keymap.Scope) (signs []sign) {
	const events = keymap.OnStream | keymap.OnFlow | keymap.OnEvent
	const flows = keymap.OnFlows | keymap.OnFlow
	const consumers = keymap.OnLag | keymap.OnConsumer | keymap.OnTopology
	const letters = keymap.OnLetters | keymap.OnLetter | keymap.OnRun | keymap.OnSteps
	if on&flows != 0 {
		signs = append(signs, flowSigns(t)...)
	}
	if on&events != 0 {
		signs = append(signs, eventSigns(t)...)
	}
	if on == keymap.OnFlow {
		signs = append(signs,
			sign{theme.Link, t.Glyph.Known, text.Own("link"), text.Own("the event names its cause")},
			sign{theme.Dim, t.Glyph.Inferred, text.Own("link"), text.Own("inferred from the usual order")})
	}
	if on&consumers != 0 {
		signs = append(signs, consumerSigns(t)...)
	}
	if on == keymap.OnTopology {
		signs = append(signs,
			sign{theme.Plain, t.Glyph.Unfolded, text.Own("unfolded"), text.Own("what it leads to hangs below it")},
			sign{theme.Accent, t.Glyph.Folded, text.Own("folded"), text.Own("so many rows are folded away; red: one is in trouble")},
			sign{theme.Dim, t.Glyph.SortReversed, text.Own("above"), text.Own("what it leads to is further up, below its first row")})
	}
	if on&letters != 0 {
		signs = append(signs, letterSigns()...)
	}
	if on&(keymap.OnStream|keymap.OnFlows|keymap.OnLetters) != 0 {
		signs = append(signs, sign{theme.Marked, t.Glyph.Mark, text.Own("marked"), text.Own("by you, with space")})
	}
	if on&(keymap.OnStream|keymap.OnFlows) != 0 {
		signs = append(signs,
			sign{theme.Good, t.Glyph.Follow, text.Own("following"), text.Own("new rows come into view")},
			sign{theme.Warn, t.Glyph.Paused, text.Own("paused"), text.Own("the rows stand still")})
	}
	return signs
}

func flowSigns(t *theme.Theme) (signs []sign) {
	for _, s := range []struct {
		status tracing.Status
		means  text.Safe
	}{
		{tracing.Running, text.Own("what usually comes next is not due yet")},
		{tracing.Complete, text.Own("nothing that is usual is missing")},
		{tracing.Compensated, text.Own("something failed and was undone")},
		{tracing.Failed, text.Own("something failed, and nothing made it good")},
		{tracing.Late, text.Own("what usually comes next is overdue")},
		{tracing.Stuck, text.Own("what usually comes next will hardly come")},
		{tracing.Unknown, text.Own("not judged yet, or not in memory whole")},
	} {
		role, glyph := t.Status(s.status)
		signs = append(signs, sign{role, glyph, t.String(string(s.status)), s.means})
	}
	return signs
}

func eventSigns(t *theme.Theme) (signs []sign) {
	for _, s := range []struct {
		mark        tracing.Marks
		name, means text.Safe
	}{
		{tracing.DeadLetter, text.Own("dead letter"), text.Own("it has the headers of a dead letter")},
		{tracing.Failure, text.Own("failure"), text.Own("its type says that something failed")},
		{tracing.Compensation, text.Own("compensation"), text.Own("its type undoes something")},
		{tracing.Duplicate, text.Own("duplicate"), text.Own("seen before, redelivered, replayed")},
		{tracing.OutOfOrder, text.Own("out of order"), text.Own("or clock skew, or a malformed body")},
	} {
		role, glyph := t.Marks(s.mark)
		signs = append(signs, sign{role, glyph, s.name, s.means})
	}
	return signs
}

func consumerSigns(t *theme.Theme) (signs []sign) {
	for _, s := range []struct {
		state consumer.LagState
		means text.Safe
	}{
		{consumer.LagStop, text.Own("something is left to read, and nobody reads it")},
		{consumer.LagStall, text.Own("somebody reads, and for a minute nothing was done")},
		{consumer.LagRewind, text.Own("it went back, and is not where it was yet")},
		{consumer.LagTruncated, text.Own("retention took messages that were not read")},
		{consumer.LagAhead, text.Own("more was committed than there is")},
		{consumer.LagRebalance, text.Own("partitions are being given out anew")},
		{consumer.LagRedeliver, text.Own("over a fifth is delivered again")},
		{consumer.LagWarn, text.Own("it reads, and the lag does not shrink")},
		{consumer.LagBehind, text.Own("something is left; not observed long enough")},
		{consumer.LagNotAllowed, text.Own("the user may not see it")},
		{consumer.LagNoOffset, text.Own("nothing was ever committed")},
		{consumer.LagUnknown, text.Own("nobody tells")},
		{consumer.LagOK, text.Own("nothing is left, or it becomes less")},
	} {
		role, glyph := t.Lag(s.state)
		signs = append(signs, sign{role, glyph, t.String(s.state.String()), s.means})
	}
	return append(signs,
		sign{theme.Plain, t.Glyph.Growing, text.Own("growing"), text.Own("the lag becomes more")},
		sign{theme.Plain, t.Glyph.Draining, text.Own("draining"), text.Own("the lag becomes less")})
}

func letterSigns() (signs []sign) {
	for _, s := range []struct {
		state replay.State
		means text.Safe
	}{
		{replay.Open, text.Own("in its dead-letter queue, and nothing is planned")},
		{replay.Planned, text.Own("a run has it in its plan")},
		{replay.Sent, text.Own("a copy was handed to the broker")},
		{replay.Confirmed, text.Own("the broker, or the archive, has the copy")},
		{replay.Replayed, text.Own("done; its copy is at the target")},
		{replay.Discarded, text.Own("done; it is in the ledger or the archive")},
		{replay.Unknown, text.Own("the ledger cannot be read")},
	} {
		signs = append(signs, sign{theme.Plain, text.Safe{}, text.Cleaner{}.String(s.state.String()), s.means})
	}
	return signs
}
