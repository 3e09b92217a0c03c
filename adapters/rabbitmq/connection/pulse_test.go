package connection

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestSinceWhenABrokerWasNotHeard(t *testing.T) {
	type at = time.Duration // after the first beat
	const second = time.Second
	for name, c := range map[string]struct {
		beats []at
		lost  at
		want  at
	}{
		"cut":                             {[]at{0, second, 2 * second}, 2*second + 10*time.Millisecond, 2 * second},
		"silent until the limit":          {[]at{0, second}, 4 * second, second},
		"asleep, and nothing was left":    {[]at{0, second}, 91 * second, second},
		"asleep, and a buffer was left":   {[]at{0, second, 91 * second, 91*second + 5*time.Millisecond}, 91*second + 80*time.Millisecond, second},
		"asleep twice":                    {[]at{0, 60 * second, 120 * second}, 120*second + time.Millisecond, 60 * second},
		"slow, and it lived on":           {[]at{0, 10 * second, 11 * second, 12 * second, 13 * second, 14 * second}, 14 * second, 14 * second},
		"never heard":                     {nil, 5 * second, 5 * second},
		"heard at the moment it was lost": {[]at{0}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			var p pulse
			for _, beat := range c.beats {
				p.beat(begin.Add(beat))
			}
			if got := p.lost(begin.Add(c.lost)); got.Sub(begin.Round(0)) != c.want {
				t.Errorf("since %v, want %v", got.Sub(begin.Round(0)), c.want)
			}
		})
	}
}

// TestASleepCountsByTheClockThatWentOn: while a machine sleeps, one clock stands still.
func TestASleepCountsByTheClockThatWentOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slept := time.Duration(rapid.IntRange(0, 1e6).Draw(t, "slept")) * time.Millisecond
		setBack := time.Duration(rapid.IntRange(0, 1e6).Draw(t, "set back")) * time.Millisecond
		fell := time.Now()
		woke := fell.Round(0).Add(slept - setBack) // without a monotonic reading
		if got := elapsed(fell, woke); got != max(0, slept-setBack) {
			t.Fatalf("%v", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		before := time.Now()
		time.Sleep(time.Minute)
		now := time.Now()
		if got := elapsed(before, now); got != time.Minute {
			t.Errorf("awake: %v", got)
		}
		if got := elapsed(before.Add(time.Hour), now); got != 0 {
			t.Errorf("set back: %v", got)
		}
	})
}
