package console

import (
	"fmt"
	"testing"
)

// A sentence holds nothing that acts on a terminal, whoever wrote it.
func TestSentencesAreSafe(t *testing.T) {
	got := New(nil, nil, nil).Sentences(fmt.Errorf("the topic %s\nis wrong", "\x1b]0;x\a\u202e"))
	if want := "eventscope: the topic \\x1b]0;x\\x07\\u202e\neventscope: is wrong\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
