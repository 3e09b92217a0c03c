package stage

import (
	"bytes"
	"io"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	// Reads that can be told to end, on every system; the screen's own reading is built on it.
	"github.com/muesli/cancelreader"
)

const (
	// asking is how long after its start a terminal may still answer what it was asked then:
	// its colours, its modes.
	asking = 3 * time.Second
	// lastReply is how long its last answer is waited for.
	lastReply = 1500 * time.Millisecond
)

// awaitReplies takes what a terminal still answers after the screen was left early, so that
// a shell does not take it for a command. A terminal answers in order: once the answer to a
// last question is there, so are all before it.
func awaitReplies(input io.Reader, output io.Writer) {
	file, ok := input.(term.File)
	if !ok || !term.IsTerminal(file.Fd()) {
		return
	}
	state, err := term.MakeRaw(file.Fd()) // else they would be shown
	if err != nil {
		return
	}
	defer func() { _ = term.Restore(file.Fd(), state) }()
	reader, err := cancelreader.NewReader(input)
	if err != nil {
		return
	}
	defer reader.Close()
	timer := time.AfterFunc(lastReply, func() { reader.Cancel() })
	defer timer.Stop()
	if _, err := io.WriteString(output, ansi.RequestPrimaryDeviceAttributes); err != nil {
		return
	}
	var all []byte
	chunk := make([]byte, 256)
	for len(all) < 64<<10 && !isLastReply(all) {
		n, err := reader.Read(chunk)
		all = append(all, chunk[:n]...)
		if err != nil {
			return
		}
	}
}

// isLastReply reports whether a terminal's primary device attributes are among its answers:
// ESC [ ? numbers c.
func isLastReply(answers []byte) bool {
	for {
		_, rest, found := bytes.Cut(answers, []byte("\x1b[?"))
		if !found {
			return false
		}
		end := bytes.IndexFunc(rest, func(r rune) bool { return r != ';' && (r < '0' || r > '9') })
		if end >= 0 && rest[end] == 'c' {
			return true
		}
		answers = rest
	}
}
