package tui_test

import (
	"testing"

	"eventscope/tui"
)

func TestLocaleDecidesAboutUTF8(t *testing.T) {
	for _, c := range []struct {
		all, kind, lang string
		want            bool
	}{
		{"", "", "", true}, {"", "", "en_US.UTF-8", true}, {"C", "", "en_US.UTF-8", false},
		{"", "de_DE.utf8", "C", true}, {"POSIX", "", "", false}, {"", "", "de_DE.ISO-8859-1", false},
	} {
		env := map[string]string{"LC_ALL": c.all, "LC_CTYPE": c.kind, "LANG": c.lang}
		if got := tui.UTF8Locale(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
}
