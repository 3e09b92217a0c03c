package files

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// mostLine bounds what is held of a line of a file that somebody may have damaged. The
// largest whole lines are archived letters, which brokers bound.
const mostLine = 256 << 20

// Lines reads a file line by line, in memory for one line.
type Lines struct {
	reader *bufio.Reader
	End    int64 // behind the last line that was whole
	buffer bytes.Buffer
}

// NewLines reads the lines of a file that begin at an offset or behind it.
func NewLines(file io.ReaderAt, from int64) *Lines {
	return &Lines{reader: bufio.NewReaderSize(io.NewSectionReader(file, from, 1<<62-from), 64<<10), End: from}
}

// Next is the next line without its end, and where it begins. Of one that is too long there
// is nothing but its length. What has no line end is torn, or just being written: it comes
// with io.EOF, as does nothing. A line is valid until the next one.
func (l *Lines) Next() (line []byte, at int64, err error) {
	at = l.End
	l.buffer.Reset()
	read := int64(0)
	for {
		part, err := l.reader.ReadSlice('\n')
		read += int64(len(part))
		if l.buffer.Len()+len(part) <= mostLine {
			l.buffer.Write(part)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return l.buffer.Bytes(), at, err
		}
		l.End = at + read
		if int64(l.buffer.Len()) < read {
			return nil, at, nil
		}
		return l.buffer.Bytes()[:read-1], at, nil
	}
}
