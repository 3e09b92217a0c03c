package page

import (
	"fmt"
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
