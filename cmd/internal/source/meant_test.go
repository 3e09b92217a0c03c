package source

import (
	"context"
	"errors"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// What was probably meant is said of the first destination that there is not, among those of its
// kind.
func TestWhatWasMeantIsAmongThoseOfItsKind(t *testing.T) {
	unknown := &adapters.Problem{Doing: "read", Cause: "there is no such", Remedy: "check the spelling", Kind: adapters.ErrUnknownDestination}
	for _, c := range []struct {
		existing []driver.Existing
		failed   error
		want     string
	}{
		{[]driver.Existing{{Named: []string{"work", "wrok2"}, All: []string{"work", "work2"}}}, nil, "did you mean work2?"},
		{[]driver.Existing{{Named: []string{"work"}, All: []string{"work"}}, {Named: []string{"ordres"}, All: []string{"orders"}}}, nil, "did you mean orders?"},
		{[]driver.Existing{{Named: []string{"orders"}, All: []string{"work"}}, {All: []string{"orders"}}}, nil, "check the spelling"},
		{nil, nil, "check the spelling"}, {nil, errors.New("refused"), "check the spelling"},
	} {
		s := &Source{Driver: &driver.Driver{Existing: func(context.Context, driver.Config) ([]driver.Existing, error) { return c.existing, c.failed }}}
		if err := s.meant(t.Context(), unknown); !strings.Contains(err.Error(), c.want) || !errors.Is(err, adapters.ErrUnknownDestination) {
			t.Errorf("%v: %v, want %s", c.existing, err, c.want)
		}
	}
	s := &Source{Driver: &driver.Driver{}}
	if err := s.meant(t.Context(), unknown); err != unknown {
		t.Errorf("where nobody tells: %v", err)
	}
}
