package page

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// An editor may have arguments, in VISUAL before EDITOR, and the operator's own before both.
func TestTheEditorHasItsArguments(t *testing.T) {
	d := &Files{}
	for _, c := range []struct {
		visual, editor string
		own, want      []string
	}{
		{"", "", nil, []string{"vi"}}, {"", "code --wait -n", nil, []string{"code", "--wait", "-n"}}, {"  emacs -nw ", "nano", nil, []string{"emacs", "-nw"}},
		{"", "nano", []string{"my editor", "-x"}, []string{"my editor", "-x"}}, {" ", "nano", nil, []string{"nano"}},
	} {
		t.Setenv("VISUAL", c.visual)
		t.Setenv("EDITOR", c.editor)
		d.Editor = c.own
		if got := d.editor(); !slices.Equal(got, c.want) {
			t.Errorf("VISUAL=%q EDITOR=%q: %q, want %q", c.visual, c.editor, got, c.want)
		}
	}
}

// A value that is saved is for the user alone, and takes the place of no file.
func TestASavedValueIsForTheUserAlone(t *testing.T) {
	folder := t.TempDir()
	for i, want := range []string{"event-x.json", "event-x-1.json"} {
		path, err := writeNew(folder, "event-x.json", []byte{byte('0' + i)})
		if err != nil || filepath.Base(path) != want {
			t.Fatalf("%s, %v, want %s", path, err, want)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, %v", path, info.Mode(), err)
		}
	}
	if first, err := os.ReadFile(filepath.Join(folder, "event-x.json")); err != nil || string(first) != "0" {
		t.Errorf("the first file holds %q, %v", first, err)
	}
}
