package adapters_test

import (
	"math"
	"testing"
	"time"

	"eventscope/adapters"
)

func TestATimeThatCannotBeIsNoTime(t *testing.T) {
	const greatest = math.MaxInt64 / 1_000_000
	for _, row := range []struct {
		ms, raw int64
		none    bool
	}{
		{-1, 0, true},
		{0, 0, false},
		{1795876283950, 0, false},
		{1795876283950123, 1795876283950123, true}, // microseconds
		{253402300800000, 253402300800000, true},   // the year 10,000
		{math.MaxInt64, math.MaxInt64, true},
		{math.MinInt64, math.MinInt64, true},
		{greatest, 0, false},
		{greatest + 1, greatest + 1, true},
		{-greatest, 0, false},
		{-greatest - 1, -greatest - 1, true},
	} {
		at, raw := adapters.MessageTime(row.ms)
		if at.IsZero() != row.none || raw != row.raw {
			t.Errorf("%d gives %v and %d", row.ms, at, raw)
		}
		if !row.none && (at.UnixMilli() != row.ms || !time.Unix(0, at.UnixNano()).Equal(at)) {
			t.Errorf("%d gives %v, which does not survive in nanoseconds", row.ms, at)
		}
	}
}
