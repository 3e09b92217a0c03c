package kafka

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters/driver"
)

// TestABudgetIsShared: three rounds of answers of all sources fit into a twentieth of the
// budget, and a record batch may unpack to a quarter.
func TestABudgetIsShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := driver.Config{Memory: rapid.Int64Range(64<<20, 1<<40).Draw(t, "budget"), Sources: rapid.IntRange(1, 9).Draw(t, "sources")}
		config := configOf(&c)
		if rounds := 3 * int64(c.Sources) * int64(config.FetchBytes); rounds > c.Memory/20 {
			t.Errorf("of a budget of %d, %d sources fetch %d", c.Memory, c.Sources, rounds)
		}
		if batch := int64(config.BatchBytes); batch != min(c.Memory/4, 128<<20) {
			t.Errorf("of a budget of %d a record batch may take %d", c.Memory, batch)
		}
	})
}

// TestTopicsReadBack: whatever topics and patterns a path names, they are read from what it is
// printed as.
func TestTopicsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		topics := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z._-]{1,8}|~[a-z,/?% .*]{0,8}`), 1, 4, rapid.ID).Draw(t, "topics")
		path, err := readPath(joinTopics(topics))
		if err != nil {
			t.Skip(err) // no regular expression
		}
		if got := topicsOf(path); strings.Join(got, "\x00") != strings.Join(topics, "\x00") {
			t.Fatalf("%q became %q", topics, got)
		}
	})
}

func TestOnlyOneTopicIsATarget(t *testing.T) {
	for path, want := range map[string]string{"orders": "orders", "": "", "a,b": "", "~orders": ""} {
		target, err := soleTopic(&driver.Config{Path: path})
		if (err != nil) != (want == "") || string(target) != want {
			t.Errorf("%q: %q, %v", path, target, err)
		}
	}
	if got := named(&driver.Config{Path: "a,~b,c"}); strings.Join(got, " ") != "a c" {
		t.Errorf("named %q", got)
	}
}
