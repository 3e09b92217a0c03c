package spelling

import "strings"

// Nearest returns the candidate that is the fewest single-letter edits away from word,
// of equals one as long as word and then the first, or "" when none is near enough to be what was meant: no more
// than a third of its letters may differ, and at least one must not.
func Nearest(word string, candidates []string) string {
	const longest = 64 // no name we know comes near it, and the cost is quadratic
	if len(word) > longest {
		return ""
	}
	word = strings.ToLower(word)
	best, fewest := "", len(word)
	for _, candidate := range candidates {
		edits := distance(word, strings.ToLower(candidate))
		nearer := edits < fewest || edits == fewest && best != "" && len(candidate) == len(word) && len(best) != len(word)
		if nearer && edits <= max(1, max(len(candidate), len(word))/3) {
			best, fewest = candidate, edits
		}
	}
	return best
}

// distance is the number of letters to insert, delete, replace or swap with their
// neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
