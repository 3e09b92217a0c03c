package replay

import (
	"cmp"
	"context"
	"errors"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// Survey is what is in all graves, as somebody who looks at a screen has it. It never
// changes; a later one takes over what is still true.
type Survey struct {
	Graves []Surveyed
	At     time.Time
	Err    error // of sources whose graves could not be listed
}

// Surveyed is one grave of a survey.
type Surveyed struct {
	Grave
	// Letters are those that it held when it was read, at ReadAt: never for a queue at
	// which nobody asked to look, since that is not free.
	Letters []Letter
	ReadAt  time.Time
	// More is how many letters there were beyond the most that are listed.
	More int
	Err  error // why it could not be read
}

// Key names a grave within an office.
func (g *Grave) Key() string { return g.Source.Name + " " + g.Name }

// Stale says that the grave holds more or fewer letters now than when it was read.
func (s *Surveyed) Stale() bool {
	return !s.ReadAt.IsZero() && s.Messages >= 0 && s.Kind == adapters.Queue && int(s.Messages) != len(s.Letters)+s.More
}

// SurveyOptions say what to read again.
type SurveyOptions struct {
	// Look are keys of graves to read whatever it costs: somebody asked for it.
	Look map[string]bool
	// Fresh reads all logs again, since something was done.
	Fresh bool
	// Most bounds the letters of all graves together; 0 is [Config].Listed.
	Most int
	// Chosen, if not nil, leaves out what it does not choose.
	Chosen func(*Letter, *adapters.Message, *envelope.Identity) bool
}

const (
	// MostListed is how many letters are listed where nothing else is said.
	MostListed = 200_000
	// recheck is how often a log is read again though nothing has come: somebody else may
	// have dealt with letters.
	recheck = 15 * time.Second
)

// Survey lists what is in the graves. Before is the survey before, or nil. Logs are read
// when something has come; a queue only when it is asked for.
func (o *Office) Survey(ctx context.Context, before *Survey, options SurveyOptions) *Survey {
	options.Most = cmp.Or(options.Most, o.config.Listed, MostListed)
	graves, err := o.Graves(ctx)
	s := &Survey{At: time.Now(), Err: err}
	listed := 0
	for _, grave := range graves {
		now := Surveyed{Grave: grave}
		if was := before.find(grave.Key()); was != nil {
			now.Letters, now.ReadAt, now.More, now.Err = was.Letters, was.ReadAt, was.More, was.Err
			listed += len(now.Letters)
		}
		s.Graves = append(s.Graves, now)
	}
	for i := range s.Graves {
		if now := &s.Graves[i]; due(before.find(now.Key()), &now.Grave, &options) {
			listed -= len(now.Letters)
			o.read(ctx, now, &options, options.Most-listed)
			listed += len(now.Letters)
		}
	}
	return s
}

// due says that a grave is to be read.
func due(was *Surveyed, grave *Grave, options *SurveyOptions) bool {
	switch {
	case options.Look[grave.Key()]:
		return true
	case grave.Kind == adapters.Queue:
		return false
	}
	return was == nil || was.ReadAt.IsZero() || options.Fresh || was.Messages != grave.Messages || time.Since(was.ReadAt) > recheck
}

func (s *Survey) find(key string) *Surveyed {
	if s == nil {
		return nil
	}
	for i := range s.Graves {
		if s.Graves[i].Key() == key {
			return &s.Graves[i]
		}
	}
	return nil
}

// read reads one grave of a survey, and lists so many letters at most.
func (o *Office) read(ctx context.Context, s *Surveyed, options *SurveyOptions, most int) {
	var letters []Letter
	more := 0
	err := o.Read(ctx, s.Grave, func(l *Letter, m *adapters.Message, id *envelope.Identity) error {
		switch {
		case options.Chosen != nil && !options.Chosen(l, m, id):
		case len(letters) >= most:
			more++
		default:
			letters = append(letters, *l)
		}
		return nil
	})
	s.Err = err
	if err == nil {
		s.Letters, s.More, s.ReadAt = letters, more, time.Now()
	}
}

// Letters are all letters of a survey, grave by grave.
func (s *Survey) Letters() []Letter {
	var all []Letter
	for i := range s.Graves {
		all = append(all, s.Graves[i].Letters...)
	}
	return all
}

// Message reads a letter whole: from its log, or from the archive where a look has put it.
func (o *Office) Message(ctx context.Context, l *Letter) (adapters.Message, error) {
	for _, source := range o.config.Sources {
		if source.Name != l.Source {
			continue
		}
		if _, byDigest := l.Position.Digest(); byDigest {
			return o.Archived(source, l.Position)
		}
		if source.Fetch == nil {
			return adapters.Message{}, errors.ErrUnsupported
		}
		for m, err := range source.Fetch.Fetch(ctx, []adapters.Position{l.Position}) {
			return m, err
		}
	}
	return adapters.Message{}, adapters.ErrGone
}

// Messages calls each for letters of one grave with their messages: those of a queue are
// in the archive, where a look has put them, and a log is read again. A letter that is not
// there any more is passed over. What each gets is only valid within the call.
func (o *Office) Messages(ctx context.Context, grave Grave, positions []adapters.Position, each func(*adapters.Message, *envelope.Identity) error) error {
	if grave.Kind != adapters.Queue {
		wanted := make(map[adapters.Position]bool, len(positions))
		for _, position := range positions {
			wanted[position] = true
		}
		return o.Read(ctx, grave, func(l *Letter, m *adapters.Message, id *envelope.Identity) error {
			if !wanted[l.Position] {
				return nil
			}
			return each(m, id)
		})
	}
	reader := envelope.NewReader(o.config.Rules)
	var id envelope.Identity
	for _, position := range positions {
		m, err := o.Archived(grave.Source, position)
		if errors.Is(err, adapters.ErrGone) {
			continue
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		reader.Read(&m, &id)
		if err := each(&m, &id); err != nil {
			return err
		}
	}
	return nil
}
