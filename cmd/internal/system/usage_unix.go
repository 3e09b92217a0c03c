//go:build unix

package system

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// Used is the processor time of this process and the most memory it had resident,
// in bytes.
func Used() (processor time.Duration, resident int64) {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0, 0
	}
	resident = int64(usage.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		resident <<= 10 // kilobytes everywhere else
	}
	// On Linux that is no less than what the process had that started this one.
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		resident = peak(status, resident)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), resident
}

// peak reads the most resident memory, in bytes, from Linux's status of a process.
func peak(status []byte, otherwise int64) int64 {
	_, rest, _ := bytes.Cut(status, []byte("\nVmHWM:"))
	amount, _, found := bytes.Cut(rest, []byte(" kB"))
	kilobytes, err := strconv.ParseInt(string(bytes.TrimSpace(amount)), 10, 64)
	if !found || err != nil {
		return otherwise
	}
	return kilobytes << 10
}
