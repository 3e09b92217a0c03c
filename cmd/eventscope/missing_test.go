package main

import (
	"errors"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/reading"
)

// TestALetterThatIsNotThereIsNoCrash: a source that cannot read by position is not asked.
func TestALetterThatIsNotThereIsNoCrash(t *testing.T) {
	d := &dlq{program: newProgram(nil, nil, nil, func(string) string { return "" }), sources: &reading.Sources{Open: []*driver.Source{{Name: "without positions"}}}}
	wanted := map[adapters.Position]bool{{Destination: "work.dlq", Offset: 1}: true}
	if err := d.missing(t.Context(), wanted, nil); !errors.As(err, new(*exit.NothingFound)) {
		t.Errorf("%v", err)
	}
}
