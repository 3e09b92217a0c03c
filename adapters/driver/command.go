package driver

import (
	"fmt"
	"strings"
	"unicode"
)

// Command is a command line of another tool that looks at the same thing, ready for a shell. It
// holds no password: the tool asks for it, or it stands in a variable.
type Command struct {
	Tool string // "curl"
	Line string
}

// ShellWords joins words so that a shell reads them as they are, each as one word, whoever
// wrote them. What cannot be seen is written as an escape, so that it is always one line.
func ShellWords(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = shellWord(word)
	}
	return strings.Join(quoted, " ")
}

func shellWord(word string) string {
	plain, visible := word != "" && word[0] != '=', true
	for _, r := range word {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		plain = plain && (letter || strings.ContainsRune("_./:=@%+,-", r))
		visible = visible && unicode.IsPrint(r) && r != unicode.ReplacementChar
	}
	switch {
	case plain:
		return word
	case visible:
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(word) { // byte by byte, as it is
		switch c := word[i]; {
		case c < ' ' || c >= 0x7f || c == '\'' || c == '\\':
			// No quote stands in it as itself, so that a shell without this form ends it nowhere else.
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}
