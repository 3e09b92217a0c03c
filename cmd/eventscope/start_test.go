package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/recent"
	"eventscope/cmd/internal/source"
)

// TestWhatIsRememberedHoldsNoPassword, of the broker or of an API beside it.
func TestWhatIsRememberedHoldsNoPassword(t *testing.T) {
	state := t.TempDir()
	p := &program{getenv: func(name string) string { return map[string]string{"XDG_STATE_HOME": state}[name] }, brokers: brokers}
	var sources []source.Source
	for _, url := range []string{"kafka://ann:s3cret@h:9092/orders?sasl=plain", "amqp://ann:s3cret@h/shop?management=http://ann:s3cret@other:15672"} {
		parsed, err := brokers.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, parsed)
	}
	p.remember(sources)
	lists := recent.Read(p.stateFolder())
	if len(lists) != 1 || len(lists[0]) != 2 {
		t.Fatalf("remembered are %q", lists)
	}
	for _, url := range lists[0] {
		if _, err := brokers.Parse(url); err != nil || !strings.Contains(url, "ann") {
			t.Errorf("%s: %v", url, err)
		}
	}
	_ = filepath.WalkDir(state, func(path string, d os.DirEntry, err error) error {
		if data, _ := os.ReadFile(path); strings.Contains(string(data), "s3cret") {
			t.Errorf("%s holds the password: %s", path, data)
		}
		return err
	})
}

// TestWhatCanBeChosen: contexts by name, then what was looked at last, and the demonstration.
func TestWhatCanBeChosen(t *testing.T) {
	file := &config.File{Contexts: map[string]config.Context{"prod": {ReadOnly: true}, "dev": {}}}
	var names []string
	for _, c := range choices(file, [][]string{{"kafka://a", "amqp://b"}, {"kafka://c"}}) {
		names = append(names, c.Group+": "+c.Name)
	}
	want := "contexts of the config: dev, contexts of the config: prod, looked at last: kafka://a amqp://b, looked at last: kafka://c, demonstration: eventscope demo"
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("choices are %s", got)
	}
}
