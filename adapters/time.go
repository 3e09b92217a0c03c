package adapters

import "time"

// MessageTime is the time that a broker tells in milliseconds since 1970. It is zero for
// -1, by which a record says that it has none, and for what nanoseconds in 64 bits cannot
// hold (before 1678 and after 2261), which is nearly always another unit that was taken for
// milliseconds. Raw is then the number, so that a reader can be told of it.
func MessageTime(ms int64) (at time.Time, raw int64) {
	if ms == -1 {
		return time.Time{}, 0
	}
	if at = time.UnixMilli(ms); OutOfRange(at) {
		return time.Time{}, ms
	}
	return at, 0
}

// OutOfRange reports whether nanoseconds in 64 bits cannot hold a time, so that whoever counts in
// them would get another one. The zero time is out of range.
func OutOfRange(at time.Time) bool { return !time.Unix(0, at.UnixNano()).Equal(at) }
