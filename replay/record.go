package replay

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"eventscope/adapters"
)

// Record is what the journal says of one run.
type Record struct {
	Run    string
	Action Action
	Count  int // letters of its plan
	By     string
	At     time.Time // when it began
	Last   time.Time // when something was last written about it
	Reason string
	Graves []string
	// State is running, interrupted, paused, done, failed or aborted.
	State string
	Error string // why it failed

	Settled, Skipped, Refused int

	parts [][]Line // of letters, by part of the plan
}

// Runs lists all runs, the oldest first. Broken is how many lines of the journal do not
// follow from the line before, which means that somebody has changed it.
func (o *Office) Runs() (records []*Record, broken int, err error) {
	byRun := map[string]*Record{}
	broken, err = o.journal.Lines(func(l Line) error {
		r := byRun[l.Run]
		if r == nil {
			r = &Record{Run: l.Run, Action: l.Action, At: l.At}
			byRun[l.Run] = r
			records = append(records, r)
		}
		r.take(&l)
		return nil
	})
	for _, r := range records {
		if r.State == "running" && !o.inHand(r.Run) {
			r.State = "interrupted"
		}
	}
	return records, broken, err
}

// take adds a line to the record.
func (r *Record) take(l *Line) {
	r.Last = l.At
	switch l.Step {
	case StepBegin:
		r.Count, r.By, r.Reason = r.Count+l.Count, l.By, l.Reason
		if l.Grave != "" && !slices.Contains(r.Graves, l.Grave) {
			r.Graves = append(r.Graves, l.Grave)
		}
		r.State = "running"
	case StepResume:
		r.State, r.Error = "running", ""
	case StepPause, StepDone, StepFail, StepAbort:
		r.State, r.Error = string(l.Step), l.Error
	case StepSettle:
		r.Settled += l.Count
	case StepSkip:
		r.Skipped += l.Count
	case StepRefuse:
		r.Refused += l.Count
	}
	if len(l.Letters) > 0 {
		for len(r.parts) <= l.Part {
			r.parts = append(r.parts, nil)
		}
		r.parts[l.Part] = append(r.parts[l.Part], *l)
	}
}

// Ended says that the run will do nothing more, whatever happens.
func (r *Record) Ended() bool { return r.State == "done" || r.State == "aborted" }

// states are those of the letters of one part of its plan.
func (r *Record) states(plan *Plan, part int) []State {
	states := make([]State, len(plan.Parts[part].Letters))
	for i := range states {
		states[i] = Planned
	}
	if part >= len(r.parts) {
		return states
	}
	for _, line := range r.parts[part] {
		for _, number := range line.Letters {
			if number < len(states) {
				if next, ok := states[number].after(line.Step, plan.Action); ok {
					states[number] = next
				}
			}
		}
	}
	return states
}

// runName is what names of runs look like; they are names of folders, too.
var runName = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$`)

func (o *Office) runFolder(run string) string { return filepath.Join(o.config.Folder, "runs", run) }

// record finds a run.
func (o *Office) record(run string) (*Record, *Plan, error) {
	unknown := &adapters.Problem{
		Doing: "find the run " + run, Cause: "the journal has no such run", Remedy: "eventscope dlq journal lists them", Kind: adapters.ErrUsage,
	}
	if !runName.MatchString(run) {
		return nil, nil, unknown
	}
	records, _, err := o.Runs()
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(records, func(r *Record) bool { return r.Run == run })
	if i < 0 {
		return nil, nil, unknown
	}
	plan, err := o.readPlan(run)
	return records[i], plan, err
}

// Plan of a run, as it was frozen.
func (o *Office) readPlan(run string) (*Plan, error) {
	data, err := os.ReadFile(filepath.Join(o.runFolder(run), "plan.json"))
	if err != nil {
		return nil, journalProblem("read the plan of run "+run, err)
	}
	plan := &Plan{}
	if err := json.Unmarshal(data, plan); err != nil {
		return nil, journalProblem("read the plan of run "+run, err)
	}
	for i := range plan.Parts {
		for j := range plan.Parts[i].Letters {
			plan.Parts[i].Letters[j].Broker = plan.Parts[i].Broker
		}
	}
	return plan, nil
}

// writePlan puts a plan on disk, whole or not at all.
func (o *Office) writePlan(run string, plan *Plan) error {
	folder := o.runFolder(run)
	data, err := json.Marshal(plan)
	if err == nil {
		err = os.MkdirAll(folder, 0o700)
	}
	if err == nil {
		err = writeFile(filepath.Join(folder, "plan.json"), data)
	}
	if err != nil {
		return journalProblem("write the plan of run "+run, err)
	}
	return nil
}

// writeFile writes a new file and sees to it that it is on disk, its name included.
func writeFile(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder sees to it that the names in a folder are on disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

const (
	lockTime  = time.Second // in which somebody who only asks has let go of a lock
	lockPause = 10 * time.Millisecond
)

// take makes this process the one that has a run in hand. ok is false if another has.
func (o *Office) take(run string) (lock *flock.Flock, ok bool, err error) {
	lock = flock.New(filepath.Join(o.runFolder(run), "lock"))
	trying, cancel := context.WithTimeout(context.Background(), lockTime)
	defer cancel()
	ok, err = lock.TryLockContext(trying, lockPause)
	if err != nil && trying.Err() == nil {
		return nil, false, journalProblem("lock run "+run, err)
	}
	return lock, ok, nil
}

// inHand says that a process, this one or another, has a run in hand.
func (o *Office) inHand(run string) bool {
	if _, err := os.Stat(filepath.Join(o.runFolder(run), "lock")); errors.Is(err, fs.ErrNotExist) {
		return false
	}
	lock := flock.New(filepath.Join(o.runFolder(run), "lock"))
	ok, err := lock.TryRLock() // shared, so that two who ask are not in each other's way
	if err != nil || !ok {
		return err == nil
	}
	_ = lock.Close() // it was only tried
	return false
}

// unfinished are the runs that have letters in hand and have not ended, by grave.
func (o *Office) unfinished() (map[graveKey][]string, error) {
	records, _, err := o.Runs()
	if err != nil {
		return nil, err
	}
	found := map[graveKey][]string{}
	for _, r := range records {
		if r.State == string(StepDone) {
			continue
		}
		plan, err := o.readPlan(r.Run)
		switch {
		case err != nil && r.Ended():
			continue // somebody has tidied up
		case err != nil:
			return nil, err
		case r.Ended() && !r.owes(plan):
			continue
		}
		for i := range plan.Parts {
			key := graveKey{plan.Parts[i].Source, plan.Parts[i].Grave}
			if slices.ContainsFunc(r.states(plan, i), State.inHand) {
				found[key] = append(found[key], r.Run)
			}
		}
	}
	return found, nil
}

// inHand says that a letter in this state is half done.
func (s State) inHand() bool { return s == Sent || s == Confirmed }

// journalMarks is what the journal says of the letters of a grave that has no ledger. Of
// a queue that is only what an interrupted run has in hand and what was discarded, since
// other letters are gone from it.
func (o *Office) journalMarks(grave Grave) (map[adapters.Position]*Mark, error) {
	records, _, err := o.Runs()
	if err != nil {
		return nil, err
	}
	marks := map[adapters.Position]*Mark{}
	for _, r := range records {
		plan, err := o.readPlan(r.Run)
		if err != nil {
			continue // somebody has tidied up
		}
		for i := range plan.Parts {
			part := &plan.Parts[i]
			if part.Source != grave.Source.Cluster || part.Grave != grave.Name {
				continue
			}
			for number, state := range r.states(plan, i) {
				l := &part.Letters[number]
				switch {
				case plan.Action == Restore && state == Open:
					delete(marks, l.Position)
				case grave.Kind == adapters.Stream && state.Settled(), state == Confirmed:
					marks[l.Position] = &Mark{State: state, Run: r.Run, By: r.By, At: r.Last, Target: l.To.String(), Reason: r.Reason}
				}
			}
		}
	}
	return marks, nil
}

// Steps reads what one run did, step by step. Broken is as for Runs.
func (o *Office) Steps(run string, each func(*Line) error) (broken int, err error) {
	return o.journal.Lines(func(l Line) error {
		if l.Run != run {
			return nil
		}
		return each(&l)
	})
}

// SourcesOf are the brokers that a run is about, as URLs without secrets: those that letters
// lie on, and those that they are only sent to.
func (o *Office) SourcesOf(run string) (sources, targets []string, err error) {
	_, plan, err := o.record(run)
	if err != nil {
		return nil, nil, err
	}
	add := func(to *[]string, url string) {
		if url != "" && !slices.Contains(*to, url) {
			*to = append(*to, url)
		}
	}
	for i := range plan.Parts {
		add(&sources, plan.Parts[i].URL)
		add(&targets, plan.Parts[i].ThroughURL)
	}
	return sources, targets, nil
}
