package config

import (
	"fmt"
	"slices"

	"eventscope/cmd/internal/spelling"
	"eventscope/tui"
)

// Columns are the columns of lists on the screen, in their order; a list without any shows those that
// it has by itself.
type Columns struct {
	Stream  []Text `yaml:"stream"`
	Flows   []Text `yaml:"flows"`
	Letters []Text `yaml:"letters"`
	Lag     []Text `yaml:"lag"`
}

// lists are the columns by the name of the list.
func (c *Columns) lists() map[string][]Text {
	return map[string][]Text{"stream": c.Stream, "flows": c.Flows, "letters": c.Letters, "lag": c.Lag}
}

// checkColumns finds columns that there are not, or that are there twice.
func (f *File) checkColumns() (problems []string) {
	lists := f.Columns.lists()
	for _, list := range []string{"stream", "flows", "letters", "lag"} {
		var seen []string
		for _, column := range lists[list] {
			wrong := tui.CheckColumn(list, column.Value, spelling.Nearest)
			if wrong == "" && slices.Contains(seen, column.Value) {
				wrong = "it is there twice"
			}
			if wrong != "" {
				problems = append(problems, column.wrong(fmt.Sprintf("columns: %s: %q: %s", list, column.Value, wrong)))
			}
			seen = append(seen, column.Value)
		}
	}
	return problems
}

// ChosenColumns are the columns by the name of the list, for the screen.
func (f *File) ChosenColumns() map[string][]string {
	columns := map[string][]string{}
	for list, chosen := range f.Columns.lists() {
		for _, column := range chosen {
			columns[list] = append(columns[list], column.Value)
		}
	}
	return columns
}
