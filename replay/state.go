package replay

import (
	"fmt"
	"slices"
)

// State is where a letter stands between lying in its dead-letter queue and being dealt with.
//
//	open ──────▶ planned ─send─▶ sent ─confirm─▶ confirmed ─settle─▶ replayed
//	                │ ▲            │ refuse                    └────▶ discarded (archived instead of sent)
//	                │ └────────────┘                                      │
//	                └─abandon─▶ open ◀───────────────restore──────────────┘
//
// A crash changes no state: what was last recorded is what holds. A letter that is sent
// and not confirmed may have arrived, and is sent again, under the same replay id. One
// that is confirmed and not settled is only settled, if it can be told from others.
type State uint8

const (
	Open      State = iota // it lies in its dead-letter queue, and nothing is planned
	Planned                // a run has frozen it into its plan
	Sent                   // a copy was handed to the broker
	Confirmed              // the broker has the copy, or the archive has the letter
	Replayed               // settled, its copy is at the target
	Discarded              // settled, it is in the ledger as such, or in the archive
	Unknown                // the ledger cannot be read, so that nobody can tell
)

var stateNames = [...]string{"open", "planned", "sent", "confirmed", "replayed", "discarded", "unknown"}

// String is the state in one word, as the JSON has it.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// MarshalText writes the word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word.
func (s *State) UnmarshalText(text []byte) error {
	i := slices.Index(stateNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("%q is no state of a letter", text)
	}
	*s = State(i)
	return nil
}

// Settled reports whether nothing is left to do about a letter in this state.
func (s State) Settled() bool { return s == Replayed || s == Discarded }

// dealtWith reports whether a run has nothing left to do about one of its letters in this state.
func (s State) dealtWith() bool { return s.Settled() || s == Open }

// Step is what happens to a letter, as the journal records it.
type Step string

const (
	StepSend    Step = "sent"
	StepConfirm Step = "confirmed"
	StepRefuse  Step = "refused"   // the broker did not take the copy
	StepSettle  Step = "settled"   // the letter is out of its dead-letter queue, or marked in the ledger
	StepSkip    Step = "skipped"   // it was not there any more, or dealt with by somebody else
	StepAbandon Step = "abandoned" // its run was ended without it
)

// after is the state that a step leads to, for a letter of a run that does action.
// ok is false where the step has no place.
func (s State) after(step Step, action Action) (next State, ok bool) {
	switch {
	case s == Planned && step == StepSend && action != Discard:
		return Sent, true
	case s == Sent && step == StepSend: // again, after a crash
		return Sent, true
	case s == Confirmed && step == StepSend && action == Replay: // again, since it may be another one that is equal
		return Sent, true
	case s == Planned && step == StepConfirm && action == Discard, s == Sent && step == StepConfirm:
		return Confirmed, true
	case s == Sent && step == StepRefuse:
		return Planned, true
	case s == Confirmed && step == StepSettle:
		return settledBy[action], true
	case (s == Planned || s == Sent) && (step == StepAbandon || step == StepSkip):
		return Open, true
	}
	return s, false
}

// Action is what a run does with its letters.
type Action string

const (
	Replay  Action = "replay"
	Discard Action = "discard"
	Restore Action = "restore"
)

// Wants is the state that a letter must be in for the action.
func (a Action) Wants() State {
	if a == Restore {
		return Discarded
	}
	return Open
}

// settledBy is what a settled letter is, by what was done.
var settledBy = map[Action]State{Replay: Replayed, Discard: Discarded, Restore: Open}

// Result is what became of a letter in a run.
type Result string

const (
	ResultReplayed  Result = "replayed"
	ResultDiscarded Result = "discarded"
	ResultRestored  Result = "restored"
	ResultFailed    Result = "failed"  // it lies where it lay
	ResultSkipped   Result = "skipped" // it was gone, or the plan leaves it where it is
)

// Past is what an action makes of a letter.
func (a Action) Past() Result {
	switch a {
	case Replay:
		return ResultReplayed
	case Discard:
		return ResultDiscarded
	}
	return ResultRestored
}

// known reports whether this version can carry the action out.
func (a Action) known() bool {
	_, ok := settledBy[a]
	return ok
}

// RunState is how a run stands.
type RunState string

const (
	RunActive      RunState = "running"
	RunInterrupted RunState = "interrupted" // it was running, and no process has it in hand
	RunPaused      RunState = "paused"
	RunDone        RunState = "done"    // every letter of the plan is settled or skipped
	RunFailed      RunState = "failed"  // it stopped at an error; it can be resumed
	RunAborted     RunState = "aborted" // somebody ended it; what is not settled is open again
	RunUnknown     RunState = "unknown" // the journal does not say, since lines are missing from it
)

// runStates are how a run stands after a step. Other steps, those of a later version too, leave it
// as it stands.
var runStates = map[Step]RunState{
	StepBegin: RunActive, StepResume: RunActive, StepPause: RunPaused, StepDone: RunDone, StepFail: RunFailed, StepAbort: RunAborted,
}
