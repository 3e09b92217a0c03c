package report

import (
	"fmt"
	"strings"
	"unicode"
)

// mostRunes is the most that is written of one name.
const mostRunes = 120

// printable is a name without what cannot be seen, as one line.
func printable(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if n++; n > mostRunes {
			b.WriteRune('…')
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// code is a name as a code span of Markdown, whatever it holds.
func code(s string) string {
	s = printable(s)
	if strings.TrimSpace(s) == "" {
		return "-"
	}
	longest, run := 0, 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 || s[0] == ' ' || s[len(s)-1] == ' ' { // of which a reader takes one on each side away
		s = " " + s + " "
	}
	return fence + s + fence
}

// label is a text of a diagram. All that could be more than text there is written as its number,
// which Mermaid shows as the character; so is a letter of every word, for some words are
// commands wherever they stand.
func label(s string) string {
	s = printable(s)
	if strings.TrimSpace(s) == "" {
		return "-"
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,_/()-", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return commands.Replace(b.String())
}

// commands are words that Mermaid may take for the end of what they stand in, in any case.
var commands = strings.NewReplacer("end", "#101;nd", "End", "#69;nd", "END", "#69;ND", "eND", "#101;ND", "enD", "#101;nD", "eNd", "#101;Nd", "EnD", "#69;nD", "ENd", "#69;Nd")
