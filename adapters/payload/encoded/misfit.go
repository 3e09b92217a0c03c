package encoded

import (
	"errors"
	"fmt"
)

// ErrTooLong is told for a value that is longer as JSON than the caller wants.
var ErrTooLong = errors.New("as JSON it is longer than the limit")

// Misfit says where a value is not what its schema says.
type Misfit struct {
	// At is the offset in bytes within the value.
	At int
	// Why says what is wrong, in one clause.
	Why string
}

// Error tells reason and place.
func (m *Misfit) Error() string { return fmt.Sprintf("%s at byte %d", m.Why, m.At) }

// MisfitAt is a [*Misfit], its reason in the form of [fmt.Sprintf].
func MisfitAt(at int, why string, values ...any) error {
	return &Misfit{at, fmt.Sprintf(why, values...)}
}

// IsMisfit reports whether an error is a [*Misfit].
func IsMisfit(err error) bool {
	_, is := errors.AsType[*Misfit](err)
	return is
}
