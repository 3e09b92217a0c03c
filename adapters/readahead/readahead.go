package readahead

import (
	"cmp"
	"context"
	"iter"
	"math"
	"sync"

	"eventscope/adapters"
)

// Answer is what became of one position.
type Answer struct {
	Message adapters.Message
	Err     error
}

// Reader reads positions that have no answer yet and puts one for each, until the buffer is full
// or the context ends.
type Reader func(ctx context.Context, positions []adapters.Position, b *Buffer)

// Limits bound what is read before it is taken.
type Limits struct {
	Bytes     int // of messages that are held, before nothing more is read
	Positions int // that a Reader is given at a time
}

// Fetch yields the answers for the positions in their order, as [adapters.Fetcher] asks for.
func Fetch(ctx context.Context, positions []adapters.Position, limits Limits, read Reader) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		b := newBuffer(limits.Bytes)
		for i, position := range positions {
			if err := ctx.Err(); err != nil {
				yield(adapters.Message{Position: position}, err)
				return
			}
			answer := b.next(ctx, positions[i:], limits, read)
			if answer.Err != nil {
				answer.Message = adapters.Message{Position: position}
			}
			if !yield(answer.Message, answer.Err) {
				return
			}
		}
	}
}

// All is every answer at once, however much that is.
func All(ctx context.Context, positions []adapters.Position, read Reader) map[adapters.Position]Answer {
	b := newBuffer(math.MaxInt)
	read(ctx, positions, b)
	return b.answers
}

// Buffer holds answers that were read and not taken yet.
type Buffer struct {
	mu      sync.Mutex
	answers map[adapters.Position]Answer
	held    int // bytes of messages
	most    int
}

func newBuffer(most int) *Buffer {
	return &Buffer{answers: make(map[adapters.Position]Answer), most: most}
}

// Put puts the answer for a position.
func (b *Buffer) Put(position adapters.Position, answer Answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[position] = answer
	b.held += answer.Message.Size()
}

// Full reports whether nothing more should be read before something was taken.
func (b *Buffer) Full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held >= b.most
}

// Has says whether a position has an answer.
func (b *Buffer) Has(position adapters.Position) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, has := b.answers[position]
	return has
}

// next takes the answer for the first of the positions that are left, and reads it with as many
// of the others as may be held if it was not read before.
func (b *Buffer) next(ctx context.Context, left []adapters.Position, limits Limits, read Reader) Answer {
	if !b.Has(left[0]) && !b.Full() {
		read(ctx, left[:min(len(left), limits.Positions)], b)
	}
	if !b.Has(left[0]) { // others before it in its log were too many
		b.most = math.MaxInt
		read(ctx, left[:1], b)
		b.most = limits.Bytes
	}
	answer, known := b.answers[left[0]]
	if !known {
		return Answer{Err: cmp.Or(ctx.Err(), adapters.ErrNotConnected)}
	}
	delete(b.answers, left[0])
	b.held -= answer.Message.Size()
	return answer
}
