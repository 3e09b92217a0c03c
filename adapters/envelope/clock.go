package envelope

import "time"

// parseTime reads the ways in which producers write a moment, without allocating:
// RFC 3339 and its relatives (a space for the T, no zone meaning UTC, a fraction after a
// full stop or comma), NServiceBus's "2006-01-02 15:04:05:000000 Z" (headers.md of its
// documentation), and numbers since 1970 in seconds, milliseconds, micro- or
// nanoseconds, told apart by size. Package time reads only the first of these, and
// allocates for each zone.
func parseTime(b []byte) (time.Time, bool) {
	if len(b) < 5 || b[4] != '-' {
		return parseEpoch(b)
	}
	c := clock{rest: b}
	year, month, day := c.number(4, '-'), c.number(2, '-'), c.number(2, 0)
	if len(c.rest) == 0 || (c.rest[0] != 'T' && c.rest[0] != 't' && c.rest[0] != ' ') {
		return time.Time{}, false
	}
	c.rest = c.rest[1:]
	hour, minute, second := c.number(2, ':'), c.number(2, ':'), c.number(2, 0)
	nanosecond := c.fraction()
	offset := c.zone()
	if c.bad || len(c.rest) > 0 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	if t.Day() != day && second < 60 {
		return time.Time{}, false // 30 February
	}
	return t.Add(-offset), true
}

// clock reads a written time from left to right; after something wrong it is bad.
type clock struct {
	rest []byte
	bad  bool
}

// number reads digits digits, and the separator behind them if there is to be one.
func (c *clock) number(digits int, separator byte) int {
	if c.bad || len(c.rest) < digits {
		c.bad = true
		return 0
	}
	n := 0
	for _, d := range c.rest[:digits] {
		if d < '0' || d > '9' {
			c.bad = true
			return 0
		}
		n = n*10 + int(d-'0')
	}
	c.rest = c.rest[digits:]
	if separator != 0 {
		if len(c.rest) == 0 || c.rest[0] != separator {
			c.bad = true
			return 0
		}
		c.rest = c.rest[1:]
	}
	return n
}

// fraction reads a fraction of a second, if there is one, in nanoseconds.
func (c *clock) fraction() int {
	if len(c.rest) == 0 || (c.rest[0] != '.' && c.rest[0] != ',' && c.rest[0] != ':') {
		return 0
	}
	c.rest = c.rest[1:]
	n, unit := 0, int(time.Second)
	for len(c.rest) > 0 && '0' <= c.rest[0] && c.rest[0] <= '9' {
		unit /= 10
		n += int(c.rest[0]-'0') * unit
		c.rest = c.rest[1:]
	}
	if unit == int(time.Second) {
		c.bad = true
	}
	return n
}

// zone reads Z, an offset or nothing, which is UTC.
func (c *clock) zone() time.Duration {
	if len(c.rest) > 0 && c.rest[0] == ' ' {
		c.rest = c.rest[1:]
	}
	if len(c.rest) == 0 {
		return 0
	}
	sign := c.rest[0]
	c.rest = c.rest[1:]
	switch sign {
	case 'Z', 'z':
		return 0
	case '+', '-':
		hours := c.number(2, 0)
		if len(c.rest) > 0 && c.rest[0] == ':' {
			c.rest = c.rest[1:]
		}
		minutes := c.number(2, 0)
		if hours > 23 || minutes > 59 {
			c.bad = true
		}
		offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if sign == '-' {
			return -offset
		}
		return offset
	}
	c.bad = true
	return 0
}

// parseEpoch reads a number since 1970. Ten digits are seconds, thirteen milliseconds,
// and so on, which holds from 2001 to 2286. Seconds may have a fraction.
func parseEpoch(b []byte) (time.Time, bool) {
	digits := 0
	var n int64
	for digits < len(b) && '0' <= b[digits] && b[digits] <= '9' {
		if digits == 19 {
			return time.Time{}, false
		}
		n = n*10 + int64(b[digits]-'0')
		digits++
	}
	if n < 0 { // more than nineteen digits can say
		return time.Time{}, false
	}
	c := clock{rest: b[digits:]}
	switch {
	case digits == 10:
		nanosecond := c.fraction()
		return time.Unix(n, int64(nanosecond)).UTC(), !c.bad && len(c.rest) == 0
	case len(c.rest) > 0:
		return time.Time{}, false
	case digits == 13:
		return time.UnixMilli(n).UTC(), true
	case digits == 16:
		return time.UnixMicro(n).UTC(), true
	case digits == 19:
		return time.Unix(0, n).UTC(), true
	}
	return time.Time{}, false
}
