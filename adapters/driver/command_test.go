package driver_test

import (
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"eventscope/adapters/driver"
)

// A shell reads back the words that were given, whatever is in them, and runs nothing of them;
// what it is given is one line that can be seen.
func TestAShellReadsTheWordsBack(t *testing.T) {
	hostile := []string{"", "$(reboot)", "`reboot`", "a'b", `a\`, "; reboot", "a\nb", "\x1b]0;x\a", "\u202e", "-x", "~", "=ls", "*", "\xff\xfe", "!!", "é"}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(hostile), rapid.String(), rapid.StringMatching(`[ -~]{0,12}`)), 1, 8).Draw(t, "words")
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "\x00", "") // which no argument can hold
		}
		line := driver.ShellWords(words...)
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("%q cannot be seen", line)
		}
		out, err := exec.Command("bash", "-c", `printf '%s\0' `+line).Output()
		if got := string(out); err != nil || got != strings.Join(words, "\x00")+"\x00" {
			t.Fatalf("%s is read as %q, want %q: %v", line, got, words, err)
		}
	})
}

// A shell that knows no $'…' may read other words, and still runs nothing of them.
func TestNoShellRunsAWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := "\u200b" + rapid.StringOf(rapid.SampledFrom([]rune(`'\";#$x`+"`\n "))).Draw(t, "word")
		line := driver.ShellWords(word)
		if !strings.HasPrefix(line, "$'") || strings.Count(line, "'") != 2 || !strings.HasSuffix(line, "'") {
			t.Fatalf("%q is written as %s", word, line)
		}
	})
}
