package main

import (
	"errors"
	"log/slog"
	"testing"

	"eventscope/adapters"
	"eventscope/cmd/internal/source"
)

// TestLineLagOfASourceThatCannotTell is about a source that is not open yet, and about one
// that has no groups.
func TestLineLagOfASourceThatCannotTell(t *testing.T) {
	l := newLine(source.Source{Name: "shop", Broker: adapters.Kafka}, slog.New(slog.DiscardHandler))
	expect := func(want error) {
		t.Helper()
		told := 0
		for lag, err := range (lineLag{l}).Lag(t.Context(), adapters.LagQuery{}) {
			if told++; lag.Group != "" || !errors.Is(err, want) {
				t.Errorf("told %+v (%v), want %v", lag, err, want)
			}
		}
		for _, err := range (lineLag{l}).NextTimes(t.Context(), make([]adapters.Position, 1)) {
			if told++; !errors.Is(err, want) {
				t.Errorf("times: %v, want %v", err, want)
			}
		}
		if told != 2 {
			t.Errorf("%d answers", told)
		}
	}
	expect(adapters.ErrNotConnected)
	var adapter adapters.Adapter = struct{ adapters.Adapter }{}
	l.adapter.Store(&adapter)
	expect(errors.ErrUnsupported)
}
