package page

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"eventscope/tui/text"
	"eventscope/tui/theme"

	"github.com/charmbracelet/colorprofile"
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

// silent is a screen that does not show what it is told.
type silent struct{ Screen }

func (silent) Theme() *theme.Theme       { return theme.New(colorprofile.TrueColor, true, false) }
func (silent) Say(theme.Role, text.Safe) {}

// What is copied is pasted into shells: nothing in it acts on a terminal, and lines stay
// lines.
func TestNothingThatIsCopiedActsOnATerminal(t *testing.T) {
	d := silent{}
	command := Copy(d, "a\x1b]0;x\a\r\n\u202eb\x00\n[200~rm -rf", text.Own("it"))
	if got, want := fmt.Sprint(command()), "a\\x1b]0;x\\x07\n\\u202eb\\x00\n[200~rm -rf"; got != want {
		t.Errorf("copied %q, want %q", got, want)
	}
	if Copy(d, string(make([]byte, mostCopied+1)), text.Own("it")) != nil {
		t.Error("more was copied than a terminal takes")
	}
}
