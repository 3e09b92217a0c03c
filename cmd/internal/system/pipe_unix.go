//go:build unix

package system

import (
	"os"

	// poll tells that the reader of a pipe has gone without writing to it.
	"golang.org/x/sys/unix"
)

// ReaderGone reports whether f is a pipe that nobody reads any more.
func ReaderGone(f *os.File) bool {
	// No events are asked for: POLLERR, which is what the writing end of a pipe
	// without a reader has, is always reported.
	poll := []unix.PollFd{{Fd: int32(f.Fd())}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&(unix.POLLERR|unix.POLLNVAL) != 0
}
