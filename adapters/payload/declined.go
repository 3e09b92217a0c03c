package payload

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/schemas"
)

// Declined is one decoder's reason, which is put into words only when somebody reads it.
type Declined struct {
	Decoder string
	Why     error
}

var errCut = errors.New("it was cut")

// notBegun is a byte with which no JSON begins.
type notBegun byte

// Error says so as the tokeniser does.
func (b notBegun) Error() string {
	return fmt.Sprintf("invalid character %q at start of value at byte 0", rune(b))
}

// notJSON is what a tokeniser has against a value.
type notJSON struct{ err error }

// Error is that in one clause.
func (n *notJSON) Error() string {
	if syntax := (*jsontext.SyntacticError)(nil); errors.As(n.err, &syntax) {
		return fmt.Sprintf("%v at byte %d", syntax.Err, syntax.ByteOffset)
	}
	return n.err.Error()
}

// unfitting is a value that is not what its schema says.
type unfitting struct {
	schema *schemas.Schema
	misfit error
}

// Error names the schema and the place.
func (u *unfitting) Error() string {
	return "written with " + u.schema.Title() + ", but " + u.misfit.Error()
}

// Unwrap is the misfit.
func (u *unfitting) Unwrap() error { return u.misfit }

// notText is where bytes are no text.
type notText struct {
	what string // with a place for the number
	at   int
	of   int
}

// Error says so.
func (n *notText) Error() string {
	if n.of > 0 {
		return fmt.Sprintf(n.what, n.at, n.of)
	}
	return fmt.Sprintf(n.what, n.at)
}
