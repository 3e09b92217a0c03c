package spelling

import "time"

// Time reads the ways in which producers write a moment, without allocating:
// RFC 3339 and its relatives (a space for the T, no zone meaning UTC, a fraction after a
// full stop or comma), NServiceBus's "2006-01-02 15:04:05:000000 Z" (headers.md of its
// documentation), and numbers since 1970 in seconds, milliseconds, micro- or
// nanoseconds, told apart by size. Package time reads only the first of these, and
// allocates for each zone.
func Time(b []byte) (time.Time, bool) {
	if len(b) < 5 || b[4] != '-' {
		return parseEpoch(b)
	}
	if len(b) < 19 || b[7] != '-' || b[10] != 'T' && b[10] != 't' && b[10] != ' ' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	century, year, month, day := twoDigits(b), twoDigits(b[2:]), twoDigits(b[5:]), twoDigits(b[8:])
	hour, minute, second := twoDigits(b[11:]), twoDigits(b[14:]), twoDigits(b[17:])
	c := clock{rest: b[19:]}
	nanosecond := c.fraction()
	offset := c.zone()
	if c.bad || len(c.rest) > 0 || century > 99 || year > 99 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	year += century * 100
	if day > 28 && time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return time.Time{}, false // 30 February
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC).Add(-offset), true
}

// twoDigits is the number that b begins with, or more than 99 when it does not begin with two
// digits.
func twoDigits(b []byte) int {
	tens, ones := b[0]-'0', b[1]-'0'
	if tens > 9 || ones > 9 {
		return 100
	}
	return int(tens)*10 + int(ones)
}

// clock reads the rest of a written time from left to right; after something wrong it is bad.
type clock struct {
	rest []byte
	bad  bool
}

// number reads two digits.
func (c *clock) number() int {
	n := 100
	if len(c.rest) >= 2 {
		n = twoDigits(c.rest)
	}
	if n > 99 {
		c.bad = true
		return 0
	}
	c.rest = c.rest[2:]
	return n
}

// fraction reads a fraction of a second, if there is one, in nanoseconds.
func (c *clock) fraction() int {
	if len(c.rest) == 0 || (c.rest[0] != '.' && c.rest[0] != ',' && c.rest[0] != ':') {
		return 0
	}
	n, digits := 0, 0
	for _, d := range c.rest[1:] {
		if d < '0' || d > '9' {
			break
		}
		if digits < 9 { // the others are less than a nanosecond
			n = n*10 + int(d-'0')
		}
		digits++
	}
	c.bad = c.bad || digits == 0
	c.rest = c.rest[1+digits:]
	for ; digits < 9; digits++ {
		n *= 10
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
		hours := c.number()
		if len(c.rest) > 0 && c.rest[0] == ':' {
			c.rest = c.rest[1:]
		}
		minutes := c.number()
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
