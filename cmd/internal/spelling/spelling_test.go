package spelling

import "testing"

func TestNearest(t *testing.T) {
	commands := []string{"tail", "trace", "flows", "config", "demo", "for", "from"}
	for word, want := range map[string]string{
		"tial": "tail", "Trace": "trace", "flow": "flows", "cofnig": "config",
		"zzzz": "", "": "", "x": "", "form": "from", "demonstration": "",
	} {
		if got := Nearest(word, commands); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
