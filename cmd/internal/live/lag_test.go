package live

import (
	"errors"
	"log/slog"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest/toy"
	"eventscope/adapters/consumer"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/source"
)

// TestLagOfASourceThatCannotTell is about a source that is not open yet, and about one
// that has no groups.
func TestLagOfASourceThatCannotTell(t *testing.T) {
	l := New(source.Source{Driver: &toy.Driver, Config: driver.Config{Name: "shop"}}, slog.New(slog.DiscardHandler))
	expect := func(want error) {
		t.Helper()
		told := 0
		for lag, err := range (Lag{l}).Lag(t.Context(), consumer.LagQuery{}) {
			if told++; lag.Group != "" || !errors.Is(err, want) {
				t.Errorf("told %+v (%v), want %v", lag, err, want)
			}
		}
		for _, err := range (Lag{l}).NextTimes(t.Context(), make([]adapters.Position, 1)) {
			if told++; !errors.Is(err, want) {
				t.Errorf("times: %v, want %v", err, want)
			}
		}
		if told != 2 {
			t.Errorf("%d answers", told)
		}
	}
	expect(adapters.ErrNotConnected)
	l.adapter.Store(&driver.Source{})
	expect(errors.ErrUnsupported)
}
