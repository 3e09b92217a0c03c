package envelope

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever package time writes as RFC 3339 is read as the same moment.
func TestParseTimeAgreesWithPackageTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60, 23*60).Draw(t, "zone"))
		want := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).In(zone)
		got, ok := parseTime([]byte(want.Format(time.RFC3339Nano)))
		if !ok || !got.Equal(want) {
			t.Fatalf("%v: %v %v", want.Format(time.RFC3339Nano), got, ok)
		}
	})
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-31 09:30:00:123456 Z":     "2026-01-31T09:30:00.123456Z",
		"2026-01-31 09:30:00":              "2026-01-31T09:30:00Z",
		"2026-01-31T09:30:00,5+0130":       "2026-01-31T08:00:00.5Z",
		"2026-01-31T09:30:00.1234567891Z":  "2026-01-31T09:30:00.123456789Z",
		"1769851800":                       "2026-01-31T09:30:00Z",
		"1769851800.25":                    "2026-01-31T09:30:00.25Z",
		"1769851800123":                    "2026-01-31T09:30:00.123Z",
		"1769851800123456":                 "2026-01-31T09:30:00.123456Z",
		"1769851800123456789":              "2026-01-31T09:30:00.123456789Z",
		"2016-12-31T23:59:60Z":             "2017-01-01T00:00:00Z",
		"2026-01-31T09:30:00.123+00:00":    "2026-01-31T09:30:00.123Z",
		"2026-02-30T09:30:00Z":             "",
		"2026-01-31T24:30:00Z":             "",
		"2026-01-31T09:30:00.Z":            "",
		"2026-01-31T09:30:00+1":            "",
		"2026-01-31T09:30:00ZZ":            "",
		"2026-01-31":                       "",
		"yesterday":                        "",
		"":                                 "",
		"17698518001":                      "",
		"99999999999999999999999999999999": "",
	} {
		got, ok := parseTime([]byte(text))
		if ok != (want != "") || ok && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: %v %v, want %q", text, got, ok, want)
		}
	}
}
