package figure

import (
	"strconv"
	"time"
)

// Count is n with thousands apart: 1,204.
func Count[N int | uint32 | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := 0
	if n < 0 {
		sign = 1
	}
	out := []byte(digits[:sign])
	for i := sign; i < len(digits); i++ {
		if i > sign && (len(digits)-i)%3 == 0 {
			out = append(out, ',')
		}
		out = append(out, digits[i])
	}
	return string(out)
}

// Plural is a number of things, such as "1 letter" or "1,204 letters".
func Plural[N int | uint32 | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Span is a duration to a precision that a reader can use: 0.8 ms, 12 ms, 2.31 s,
// 4m 10s, 3h 02m, 12d 4h.
func Span(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Span(d.Abs()) // the least one has no opposite
	case d == 0:
		return "0 ms"
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute && d%time.Second == 0:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour:
		return pair(d, time.Minute, "m", time.Second, "s")
	case d < 24*time.Hour:
		return pair(d, time.Hour, "h", time.Minute, "m")
	}
	return pair(d, 24*time.Hour, "d", time.Hour, "h")
}

func pair(d, big time.Duration, bigName string, small time.Duration, smallName string) string {
	rest := strconv.Itoa(int(d % big / small))
	if len(rest) == 1 && small < time.Hour {
		rest = "0" + rest
	}
	return strconv.Itoa(int(d/big)) + bigName + " " + rest + smallName
}
