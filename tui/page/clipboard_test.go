package page

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"eventscope/tui/text"
	"eventscope/tui/theme"

	"github.com/charmbracelet/colorprofile"
)

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

// TestWhatIsTooLongForAClipboardIsSaved to a new file, whole and as it is.
func TestWhatIsTooLongForAClipboardIsSaved(t *testing.T) {
	folder := t.TempDir()
	files := &Files{SaveFolder: folder}
	for _, size := range []int{mostCopied, mostCopied + 1} {
		content := strings.Repeat("x", size)
		command := CopyOrSave(silent{}, files, content, text.Own("it"), "flow-a/b", ".json")
		answer, saves := command().(Answer)
		if saves != (size > mostCopied) {
			t.Fatalf("%d bytes are saved: %v", size, saves)
		}
		if !saves {
			continue
		}
		answer()
		if saved, err := os.ReadFile(filepath.Join(folder, "flow-a-b.json")); err != nil || string(saved) != content {
			t.Errorf("%d bytes were saved, %v", len(saved), err)
		}
	}
}
