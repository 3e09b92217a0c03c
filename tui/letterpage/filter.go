package letterpage

import (
	"context"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/replay"
	"eventscope/tracing/query"
)

// letterFilter chooses letters: by words, each of which must be in what the list shows of
// a letter or in what the same words search in the stream, or by an expression.
type letterFilter struct {
	text  string
	words bool            // each test is one word
	tests []*query.Filter // one a word, or the expression

	// known says of letters whose messages were read which of the tests their messages
	// pass, a bit each. It is replaced, never changed.
	known    map[judgedLetter]uint64
	failures int64 // letters at which the expression failed
}

// failedTest is the bit of a letter at which an expression, which is one test, failed.
const failedTest = 1 << 1

// failuresIn counts those among letters of which this is known.
func (f *letterFilter) failuresIn(known map[judgedLetter]uint64) (n int64) {
	for _, passed := range known {
		if !f.words && passed&failedTest != 0 {
			n++
		}
	}
	return n
}

// judgedLetter is a letter and, where the filter asks for that, the state in which it was judged.
type judgedLetter struct {
	at    adapters.Position
	state string
}

func (f *letterFilter) judged(l *replay.Letter) judgedLetter {
	if !f.words && f.tests[0].Uses("status") {
		return judgedLetter{l.Position, l.State.String()}
	}
	return judgedLetter{at: l.Position}
}

// mostLetterTests is how many words are looked for; those behind them are not.
const mostLetterTests = 64

// newLetterFilter is nil for a text without any.
func newLetterFilter(value string) (*letterFilter, error) {
	if strings.TrimSpace(value) == "" {
		return nil, nil
	}
	whole, err := query.Compile(value, query.Letters)
	if err != nil {
		return nil, err
	}
	f := &letterFilter{text: strings.TrimSpace(value)}
	for _, word := range whole.Words() {
		// Quoted, a word is no expression whatever it is; one with a quote is not quoted.
		test, err := query.Compile(`"`+word+`"`, query.Letters)
		if err != nil || len(f.tests) == mostLetterTests {
			break
		}
		f.words, f.tests = true, append(f.tests, test)
	}
	if !f.words {
		f.tests = []*query.Filter{whole}
	}
	return f, nil
}

// choose leaves the letters of one dead-letter queue that pass, and gives what is known of their
// messages now. Those that the list alone does not decide about are read. It works outside
// the event loop.
func (f *letterFilter) choose(ctx context.Context, service *replay.Service, dlq *replay.Listed, letters []*replay.Letter) ([]*replay.Letter, map[judgedLetter]uint64, error) {
	known := make(map[judgedLetter]uint64, len(letters))
	var unread []adapters.Position
	of := make(map[adapters.Position]*replay.Letter, len(letters))
	for _, l := range letters {
		of[l.Position] = l
		if passed, ok := f.known[f.judged(l)]; ok {
			known[f.judged(l)] = passed
		} else if !f.passes(l, 0) {
			unread = append(unread, l.Position)
		}
	}
	if len(unread) > 0 && dlq != nil {
		err := service.Messages(ctx, dlq.DLQ, unread, func(m *adapters.Message, id *envelope.Identity) error {
			subject := query.Subject{Source: dlq.Source.Name, Broker: dlq.Source.Broker, Message: m, Identity: id}
			l := of[m.Position]
			if l == nil {
				return nil
			}
			if !f.words { // words are looked for in the list
				subject.DeadLetter, subject.Status = &l.DeadLetter, l.State.String()
			}
			passed := uint64(0)
			for i, test := range f.tests {
				switch ok, err := test.Match(&subject); {
				case err != nil:
					passed |= failedTest
				case ok:
					passed |= 1 << i
				}
			}
			known[f.judged(l)] = passed
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	var chosen []*replay.Letter
	for _, l := range letters {
		if f.passes(l, known[f.judged(l)]) {
			chosen = append(chosen, l)
		}
	}
	return chosen, known, nil
}

// passes reports whether a letter passes all tests; message has a bit for each that its message passes.
func (f *letterFilter) passes(l *replay.Letter, message uint64) bool {
	list := query.Subject{DeadLetter: &l.DeadLetter}
	for i, test := range f.tests {
		if message&(1<<i) != 0 {
			continue
		}
		if !f.words {
			return false
		}
		if list.Shown == nil {
			list.Shown = l.Shown()
		}
		if ok, err := test.Match(&list); err != nil || !ok {
			return false
		}
	}
	return true
}
