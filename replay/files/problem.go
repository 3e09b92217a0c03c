package files

import (
	"errors"
	"io/fs"

	"eventscope/adapters"
)

// ErrUnsafe is the kind of what is refused for safety, of which nothing was touched.
var ErrUnsafe = errors.New("refused for safety")

// ErrNotKept is the kind of what cannot be kept on this disk, or read from it.
var ErrNotKept = errors.New("journal")

// ProblemOf is what an operator is told when the disk failed.
func ProblemOf(doing string, err error) error {
	if told := (*adapters.Problem)(nil); errors.As(err, &told) {
		return err
	}
	cause := err
	if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
		cause = wrapped.Err
	}
	return &adapters.Problem{
		Doing: doing, Cause: cause.Error(),
		Remedy: "make room and let this user write there, or name another folder in XDG_STATE_HOME", Kind: ErrNotKept,
	}
}
