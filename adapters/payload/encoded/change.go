package encoded

import (
	"fmt"
	"strings"
)

// Change is something that differs between two versions of what values look like.
type Change struct {
	// Path is where: names from the top of the value on, empty for the whole of it.
	Path string
	// Text says it in words, as "amount: int → string".
	Text string
	// Breaking says that one of the two cannot read what the other wrote.
	Breaking bool
}

// MostChanges is how many changes are told of two schemas, at most.
const MostChanges = 256

// longestChange bounds the path and the text of a change, in bytes: names in schemas are as long as
// their writers like.
const longestChange = 512

// Shortened is a text with its end left out where it is long.
func Shortened(text string) string { return Cut(text, longestChange) }

// Cut is so many bytes of a text, at most, with an ellipsis behind them where there are more.
func Cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// Changes are what a comparison of two schemas has found so far.
type Changes []Change

// Add adds a change, its text in the form of [fmt.Sprintf], unless there are very many already.
func (c *Changes) Add(path string, breaking bool, text string, values ...any) {
	if len(*c) < MostChanges {
		*c = append(*c, Change{Shortened(path), Shortened(fmt.Sprintf(text, values...)), breaking})
	}
}

// SetOf are texts to be looked up.
func SetOf(texts []string) map[string]bool {
	set := make(map[string]bool, len(texts))
	for _, text := range texts {
		set[text] = true
	}
	return set
}
