package replay

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// mostLine bounds what is held of a line of a file that somebody may have damaged. The
// largest whole lines are archived letters, which brokers bound.
const mostLine = 256 << 20

// lines reads a file line by line, in memory for one line.
type lines struct {
	reader *bufio.Reader
	end    int64 // behind the last line that was whole
	buffer bytes.Buffer
}

func newLines(file io.ReaderAt, from int64) *lines {
	return &lines{reader: bufio.NewReaderSize(io.NewSectionReader(file, from, 1<<62-from), 64<<10), end: from}
}

// next is the next line without its end, and where it begins. Of one that is too long there
// is nothing but its length. What has no line end is torn, or just being written: it comes
// with io.EOF, as does nothing. A line is valid until the next one.
func (l *lines) next() (line []byte, at int64, err error) {
	at = l.end
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
		l.end = at + read
		if int64(l.buffer.Len()) < read {
			return nil, at, nil
		}
		return l.buffer.Bytes()[:read-1], at, nil
	}
}
