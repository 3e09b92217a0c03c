package text

import (
	"strconv"
	"time"

	"eventscope/adapters/figure"
)

// Count is n with thousands apart: 1,204.
func Count(n int64) Safe { return plain(figure.Count(n)) }

// Share is a part of a whole in per cent: at least 1 % where there is any of it, and 100 %
// only where there is nothing else.
func Share(part, whole int64) Safe {
	percent := 0
	if whole > 0 {
		percent = int(100 * float64(part) / float64(whole))
	}
	if part > 0 {
		percent = max(percent, 1)
	}
	return plain(strconv.Itoa(percent) + " %")
}

// Short is a count in few cells: 999, 1.2k, 35k, 4.1M.
func Short(n float64) Safe {
	switch {
	case n < 0:
		return plain("-" + Short(-n).s)
	case n < 999.5:
		return plain(strconv.FormatFloat(n, 'f', 0, 64))
	case n < 999_500:
		return scaled(n/1e3, "k")
	case n < 999_500_000:
		return scaled(n/1e6, "M")
	}
	return scaled(n/1e9, "G")
}

// Size is a number of bytes: 812 B, 1.2 KB, 2.0 MB (powers of 1000).
func Size(n int64) Safe {
	if n < 1000 {
		return plain(strconv.FormatInt(n, 10) + " B")
	}
	short := Short(float64(n)).s
	unit := short[len(short)-1:]
	if unit == "k" {
		unit = "K"
	}
	return plain(short[:len(short)-1] + " " + unit + "B")
}

// Tenths is a small number with one decimal: 3.2, or <0.1 where that would be 0.0.
func Tenths(n float64) Safe {
	if n > 0 && n < 0.05 {
		return plain("<0.1")
	}
	return plain(strconv.FormatFloat(n, 'f', 1, 64))
}

func scaled(n float64, unit string) Safe {
	decimals := 1
	if n >= 9.95 {
		decimals = 0
	}
	return plain(strconv.FormatFloat(n, 'f', decimals, 64) + unit)
}

// Span is a duration to a precision that a reader can use: 0.8 ms, 12 ms, 2.31 s,
// 4m 10s, 3h 02m, 12d 4h.
func Span(d time.Duration) Safe { return plain(figure.Span(d)) }

// Age is how long ago something was, in one short word: now, 12s, 4m, 3h, 12d.
func Age(d time.Duration) Safe {
	switch {
	case d < time.Second:
		return plain("now")
	case d < time.Minute:
		return plain(strconv.Itoa(int(d/time.Second)) + "s")
	case d < time.Hour:
		return plain(strconv.Itoa(int(d/time.Minute)) + "m")
	case d < 48*time.Hour:
		return plain(strconv.Itoa(int(d/time.Hour)) + "h")
	}
	return plain(strconv.Itoa(int(d/(24*time.Hour))) + "d")
}

// Ago is how long ago something was, as a phrase: just now, 5m ago.
func Ago(d time.Duration) Safe {
	if d < time.Second {
		return plain("just now")
	}
	return Age(d).Add(plain(" ago"))
}

// Later is by how much later something was than another, with its sign: "+40 ms".
func Later(d time.Duration) Safe {
	switch {
	case d.Abs() < time.Millisecond:
		return Own("0")
	case d < 0:
		return Own("-").Add(Span(-d))
	}
	return Own("+").Add(Span(d))
}

// Offset is a time since a flow's start, in seconds: +0.173.
func Offset(d time.Duration) Safe {
	sign := "+"
	if d < 0 {
		sign, d = "-", d.Abs()
	}
	return plain(sign + strconv.FormatFloat(d.Seconds(), 'f', 3, 64))
}

// Clock is the time of day in milliseconds: 12:04:31.204.
func Clock(t time.Time) Safe { return plain(t.Format("15:04:05.000")) }

// ShortMoment is when something was, as wide as [Clock]: the time of day, or the date and the
// minute when that was not the day of now, or the date alone in another year.
func ShortMoment(t, now time.Time) Safe {
	switch {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return Clock(t)
	case t.Year() == now.Year():
		return plain(t.Format("Jan 02 15:04"))
	}
	return plain(t.Format("2006-01-02  "))
}

// DayMoment is the time of day, behind the date when that was not the day of now.
func DayMoment(t, now time.Time) Safe {
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return Clock(t)
	}
	return plain(t.Format("2006-01-02 15:04:05.000"))
}

// Moment is a date and time in milliseconds, with zone.
func Moment(t time.Time) Safe { return plain(t.Format("2006-01-02 15:04:05.000 -07:00")) }

// plain is a Safe of ASCII that this package wrote.
func plain(s string) Safe { return Safe{s, len(s)} }

// Plural is a number and what it counts, such as " row" or " rows".
func Plural(n int, one, many Safe) Safe {
	if n == 1 {
		return Count(1).Add(one)
	}
	return Count(int64(n)).Add(many)
}
