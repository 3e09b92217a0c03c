package routing

import (
	"strings"
	"testing"
)

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		kind, key, other string
		want             bool
	}{
		{"topic", "a.*", "a.b", true}, {"topic", "a.*", "a.*", true}, {"topic", "a.*", "a.#", false}, {"topic", "#", "a.#", true}, {"topic", "a.#", "a.*", true},
		{"topic", "a.b", "a.*", false}, {"topic", "*.*", "a.*", true}, {"topic", "*", "#", false}, {"direct", "a", "a", true}, {"direct", "#", "a", false},
	} {
		if got := covers(c.kind, c.key, c.other); got != c.want {
			t.Errorf("%s %q covers %q: %v", c.kind, c.key, c.other, got)
		}
	}
}

func TestTopicMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, key string
		want         bool
	}{
		{"#", "", true}, {"#", "a.b", true}, {"a", "a", true}, {"a", "b", false}, {"a.*", "a", false}, {"a.*", "a.b", true}, {"a.*", "a.b.c", false},
		{"a.#", "a", true}, {"a.#", "a.b.c", true}, {"#.c", "a.b.c", true}, {"#.c", "c", true}, {"a.#.c", "a.c", true}, {"a.#.c", "a.b.b.c", true},
		{"a.#.c", "a.b", false}, {"*", "", true}, {"*.*", "a", false}, {"#.#", "", true}, {"*.#", "a", true},
	} {
		if got := topicMatches(strings.Split(c.pattern, "."), strings.Split(c.key, ".")); got != c.want {
			t.Errorf("%q takes %q: %v", c.pattern, c.key, got)
		}
	}
}
