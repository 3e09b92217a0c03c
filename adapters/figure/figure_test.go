package figure

import (
	"math"
	"testing"
	"time"
)

func TestCountsHaveTheirThousandsApart(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 12_345_678: "12,345,678", -999: "-999", -1204: "-1,204"} {
		if got := Count(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

func TestOneIsSingular(t *testing.T) {
	for n, want := range map[int]string{0: "0 letters", 1: "1 letter", 2: "2 letters", -1: "-1 letters", 1204: "1,204 letters"} {
		if got := Plural(n, "letter", "letters"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestSpansAreAsFineAsAReaderCanUse(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 800 * time.Microsecond: "0.8 ms", 12 * time.Millisecond: "12 ms", 2310 * time.Millisecond: "2.31 s", 12_340 * time.Millisecond: "12.3 s", 45 * time.Second: "45 s",
		4 * time.Minute: "4m 00s", time.Hour + 2*time.Minute: "1h 02m", 100 * time.Hour: "4d 4h", -time.Minute: "-1m 00s", math.MaxInt64: "106751d 23h", math.MinInt64: "-106751d 23h",
	} {
		if got := Span(d); got != want {
			t.Errorf("%d is %s, want %s", d, got, want)
		}
	}
}
