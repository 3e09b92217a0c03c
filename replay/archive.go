package replay

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope"
	"eventscope/replay/files"
)

// keep puts letters of a queue into its archive, and says of each whether it had been
// handed out to somebody before it was first seen here.
func (s *Service) keep(dlq *DLQ, letters []deadletter.Delivery, anew bool) (foreign []bool, err error) {
	lines := make([]files.Encoded, 0, len(letters))
	for i := range letters {
		line, err := dlq.Source.DeadLetters.Encode(nil, &letters[i])
		if err != nil {
			return nil, err
		}
		lines = append(lines, files.Encoded{Position: letters[i].Position, Content: letters[i].Fingerprint(), Redelivered: letters[i].Redelivered, Line: line})
	}
	return s.archive(dlq.Source.Cluster, dlq.Name).Put(lines, anew)
}

// secure puts letters into the archive and reads them back, so that they may leave their
// queue. What cannot be read back is put there anew.
func (s *Service) secure(dlq *DLQ, letters []deadletter.Delivery) error {
	_, err := s.keep(dlq, letters, false)
	left := letters
	for again := range 2 {
		if err == nil {
			left, err = s.unlike(dlq, left)
		}
		if err != nil || len(left) == 0 {
			return err
		}
		if again == 0 {
			_, err = s.keep(dlq, left, true)
		}
	}
	return &adapters.Problem{
		Doing: "discard " + left[0].Position.String(), Cause: "what was written to the archive is read back otherwise",
		Remedy: "check the disk under " + s.archive(dlq.Source.Cluster, dlq.Name).Path + "; the letter stays where it is", Kind: ErrJournal,
	}
}

// unlike are those of the letters that the archive does not have as they are.
func (s *Service) unlike(dlq *DLQ, letters []deadletter.Delivery) (unlike []deadletter.Delivery, err error) {
	keys := make([]files.LetterKey, len(letters))
	for i := range letters {
		keys[i] = files.LetterKey{Position: letters[i].Position, Content: letters[i].Fingerprint()}
	}
	err = s.archive(dlq.Source.Cluster, dlq.Name).Read(keys, func(i int, line []byte) error {
		if line != nil {
			if m, err := dlq.Source.DeadLetters.Decode(line); err == nil && m.Fingerprint() == keys[i].Content {
				return nil
			}
		}
		unlike = append(unlike, letters[i])
		return nil
	})
	return unlike, err
}

// archive is the one of a queue.
func (s *Service) archive(cluster, queue string) *files.Archive {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := filepath.Join(s.config.Folder, "archive", url.PathEscape(cluster), url.PathEscape(queue)+".jsonl")
	if s.archives[path] == nil {
		s.archives[path] = &files.Archive{Disk: s.disk, Path: path}
	}
	return s.archives[path]
}

// Archived is a letter of a queue as it was when it was last looked at, or discarded. Without
// its contents, it is any at that position.
func (s *Service) Archived(ctx context.Context, source Source, position adapters.Position, content adapters.Fingerprint) (adapters.Message, error) {
	if err := source.identify(ctx); err != nil {
		return adapters.Message{}, err
	}
	line, err := s.archivedLine(&source, files.LetterKey{Position: position, Content: content})
	if err != nil {
		return adapters.Message{}, err
	}
	m, err := source.DeadLetters.Decode(line)
	m.Position = position
	return m, err
}

// archivedLine is a letter as its adapter preserved it, also from where the version before
// kept it.
func (s *Service) archivedLine(source *Source, key files.LetterKey) ([]byte, error) {
	line, err := s.archive(source.Cluster, key.Position.Destination).Get(key)
	if errors.Is(err, adapters.ErrGone) && source.Address != source.Cluster {
		if before, missing := s.archive(source.Address, key.Position.Destination).Get(key); missing == nil {
			return before, nil
		}
	}
	return line, err
}

// Discarded lists the letters of a dead-letter queue that were discarded and can be restored: those
// that the ledger marks, if the broker still has them, or of a queue, those that this
// journal tells of and its archive keeps. An error that is a [MissingLetters] leaves the
// others listed.
func (s *Service) Discarded(ctx context.Context, dlq DLQ) ([]Letter, error) {
	if dlq.Settling == deadletter.ByRemoval {
		return s.discardedHere(ctx, dlq)
	}
	var letters []Letter
	err := s.Read(ctx, dlq, func(l *Letter, _ *adapters.Message, _ *envelope.Identity) error {
		if l.State == Discarded {
			letters = append(letters, *l)
		}
		return nil
	})
	return letters, err
}

// discardedHere follows the journal: what was discarded and not restored since.
func (s *Service) discardedHere(ctx context.Context, dlq DLQ) ([]Letter, error) {
	records, _, err := s.runs(func(r *Record) bool { return r.Action != Replay && r.about(&dlq) })
	if err != nil {
		return nil, err
	}
	d := discards{left: map[files.LetterKey]int{}, marks: map[files.LetterKey]*Mark{}}
	for _, r := range records {
		plan, err := s.planOf(r)
		if err != nil {
			continue // somebody has tidied up, or changed it
		}
		for i := range plan.Parts {
			if i >= len(r.parts) || !r.parts[i].about(&dlq) {
				continue
			}
			for number, state := range r.states(plan, i) {
				key := plan.Parts[i].Letters[number].key()
				switch {
				case state == Discarded:
					d.add(key, &Mark{State: Discarded, Run: r.Run, By: r.By, At: r.Last, Reason: r.Reason})
				case plan.Action == Restore && state == Open:
					d.left[key]--
				}
			}
		}
	}
	return s.fromArchive(ctx, dlq, &d)
}

// discards are letters that were discarded, in the order in which that was done first.
type discards struct {
	order []files.LetterKey
	left  map[files.LetterKey]int // how many of each are not restored
	marks map[files.LetterKey]*Mark
}

func (d *discards) add(key files.LetterKey, mark *Mark) {
	if _, known := d.left[key]; !known {
		d.order = append(d.order, key)
	}
	d.left[key]++
	d.marks[key] = mark
}

// fromArchive makes letters of what the archive keeps. The error may be about some of them
// only, and the others are returned all the same.
func (s *Service) fromArchive(ctx context.Context, dlq DLQ, d *discards) ([]Letter, error) {
	r := s.reader(&dlq, nil, nil)
	var found []Letter
	var missing []adapters.Position
	var id envelope.Identity
	for _, key := range d.order {
		if d.left[key] <= 0 {
			continue
		}
		m, err := s.Archived(ctx, dlq.Source, key.Position, key.Content)
		if errors.Is(err, adapters.ErrGone) {
			missing = append(missing, key.Position)
			continue
		}
		if err != nil {
			return nil, err
		}
		letter := r.letter(&m, &id)
		letter.State, letter.Mark = Discarded, d.marks[key]
		for range d.left[key] {
			found = append(found, letter)
		}
	}
	slices.SortStableFunc(found, func(a, b Letter) int { return a.Mark.At.Compare(b.Mark.At) })
	if len(missing) == 0 {
		return found, nil
	}
	return found, &MissingLetters{&adapters.Problem{
		Doing:  fmt.Sprintf("restore %s of %s, such as %s", letters(len(missing)), dlq.Name, missing[0]),
		Cause:  "what was discarded is not in the archive " + s.archive(dlq.Source.Cluster, dlq.Name).Path,
		Remedy: "put the archive back from a copy; other letters can be restored meanwhile", Kind: adapters.ErrGone,
	}}
}

// MissingLetters says that letters were discarded and are not in the archive any more. The
// others were listed.
type MissingLetters struct{ why error }

// Error is a sentence.
func (m *MissingLetters) Error() string { return m.why.Error() }

// Unwrap gives the reason.
func (m *MissingLetters) Unwrap() error { return m.why }
