package deadletter

import (
	"fmt"
	"sync"
	"sync/atomic"

	"eventscope/adapters"
)

// Held are the letters that peeks and redrives of an adapter hold, each with what it is on the wire: a
// message leaves out of which types its headers are. The zero value holds none. It may be used from any
// goroutine.
type Held[T any] struct {
	mu      sync.Mutex
	letters map[uint64]heldLetter[T]
}

type heldLetter[T any] struct {
	wire     T
	position adapters.Position
}

// handles are unique within the process, so that the letter of another adapter is never mistaken for one
// of this one's.
var handles atomic.Uint64

// NewHandle is one that nothing else has.
func NewHandle() uint64 { return handles.Add(1) }

// Hold holds a letter.
func (h *Held[T]) Hold(m adapters.Message, wire T) Delivery {
	d := Delivery{Message: m, Handle: NewHandle()}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.letters == nil {
		h.letters = map[uint64]heldLetter[T]{}
	}
	h.letters[d.Handle] = heldLetter[T]{wire, m.Position}
	return d
}

// Find is what a letter is on the wire. Its error is [NotHeld], with what was to be done with the letter.
func (h *Held[T]) Find(d *Delivery, act string) (wire T, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, ok := h.letters[d.Handle]
	if !ok || l.position != d.Position {
		return wire, NotHeld(act, d)
	}
	return l.wire, nil
}

// Drop forgets letters, by their handles.
func (h *Held[T]) Drop(handles []uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, handle := range handles {
		delete(h.letters, handle)
	}
}

// Len is how many letters are held.
func (h *Held[T]) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.letters)
}

// HandlesOf are the handles of letters.
func HandlesOf(letters []Delivery) []uint64 {
	handles := make([]uint64, len(letters))
	for i := range letters {
		handles[i] = letters[i].Handle
	}
	return handles
}

// NotHeld says that a letter was dropped before what was to be done with it: [adapters.ErrGone].
func NotHeld(act string, d *Delivery) error {
	return &adapters.Problem{Doing: fmt.Sprintf("%s %s", act, d.Position), Cause: "the letter is not held any more", Remedy: "look at it anew", Kind: adapters.ErrGone}
}
