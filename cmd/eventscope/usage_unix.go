//go:build unix

package main

import (
	"runtime"
	"syscall"
	"time"
)

// usedSoFar is the processor time of this process and the most memory it had resident,
// in bytes.
func usedSoFar() (processor time.Duration, resident int64) {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0, 0
	}
	resident = int64(usage.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		resident <<= 10 // kilobytes everywhere else
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), resident
}
