package keymap

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Own is a key of the user's own, on every page, and the command that it gives.
type Own struct{ Key, Command string }

// named are keys that can be chosen and are no characters. Terminals send ctrl with i, m and h for
// tab, enter and backspace.
var named = regexp.MustCompile(`^(ctrl\+[a-gj-ln-z]|(shift\+|ctrl\+)?f([1-9]|1[0-2]))$`)

// CheckOwn says what is wrong with a key that somebody chooses: a clause; empty for nothing.
func CheckOwn(key string) string {
	r, size := utf8.DecodeRuneInString(key)
	single := size == len(key) && r != utf8.RuneError && unicode.IsPrint(r) && r != ' '
	if !single && !named.MatchString(key) {
		return "it is no key that can be chosen; one is a character, ctrl and a letter, or f1 to f12"
	}
	for _, b := range all {
		if slices.Contains(b.Keys, key) {
			return fmt.Sprintf("it is taken, on %s: %s", strings.Replace(b.on(), "everywhere", "every page", 1), b.Long)
		}
	}
	return ""
}

// Bindings are such keys as help lists them.
func Bindings(own []Own) (list []Binding) {
	for _, o := range own {
		list = append(list, Binding{Keys: []string{o.Key}, Long: ":" + o.Command})
	}
	return list
}
