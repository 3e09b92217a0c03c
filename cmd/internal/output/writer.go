package output

import (
	"bufio"
	"errors"
	"io"
	"syscall"
)

// ErrClosed: the reader of the output has gone, as head does when it has enough.
var ErrClosed = errors.New("nobody reads the output any more")

// Writer is a buffered output. A pipe whose reader has gone is [ErrClosed], once it is
// noticed; the program must ignore SIGPIPE for that.
type Writer struct{ buffer *bufio.Writer }

// NewWriter returns a writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{bufio.NewWriterSize(w, 256<<10)} }

// Available is an empty slice over free memory of the buffer: what is appended to it
// and then given to Write is not copied when it fitted.
func (w *Writer) Available() []byte { return w.buffer.AvailableBuffer() }

// Write takes whole lines.
func (w *Writer) Write(lines []byte) error {
	_, err := w.buffer.Write(lines)
	return closed(err)
}

// Flush hands over what is buffered.
func (w *Writer) Flush() error { return closed(w.buffer.Flush()) }

func closed(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return ErrClosed
	}
	return err
}
