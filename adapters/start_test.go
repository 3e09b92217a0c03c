package adapters_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

func TestStartRoundTrip(t *testing.T) {
	now := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(0, rapid.Int64Range(0, 1<<61).Draw(t, "nanoseconds")).UTC()
		ago := time.Duration(rapid.Int64Range(0, 1<<60).Draw(t, "ago"))
		for _, want := range []adapters.Start{adapters.End, adapters.Beginning, adapters.At(at), adapters.Ago(ago)} {
			got, err := adapters.ParseStart(want.String())
			if err != nil {
				t.Fatalf("%q: %v", want, err)
			}
			wantTime, wantOK := want.Time(now)
			gotTime, gotOK := got.Time(now)
			if got.IsEnd() != want.IsEnd() || got.IsBeginning() != want.IsBeginning() || gotOK != wantOK || !gotTime.Equal(wantTime) {
				t.Fatalf("%q reads as %q", want, got)
			}
		}
	})
}

func TestStartTexts(t *testing.T) {
	if at, ok := mustStart(t, "-10m").Time(time.Unix(1000, 0)); !ok || !at.Equal(time.Unix(400, 0)) {
		t.Errorf("-10m is %v", at)
	}
	if at, ok := mustStart(t, "2026-01-31T09:30:00+01:00").Time(time.Time{}); !ok || !at.Equal(time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)) {
		t.Errorf("a time with a zone is %v", at)
	}
	for _, bad := range []string{"", "10m", "+10m", "yesterday", "Beginning", "-", "2026-01-31", "-10"} {
		if s, err := adapters.ParseStart(bad); err == nil || !strings.Contains(err.Error(), "-10m") {
			t.Errorf("%q reads as %q, %v; want an error that shows an example", bad, s, err)
		}
	}
}

func mustStart(t *testing.T, text string) adapters.Start {
	t.Helper()
	s, err := adapters.ParseStart(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzParseStart: what can be read can be read back.
func FuzzParseStart(f *testing.F) {
	for _, seed := range []string{"end", "beginning", "-10m", "-0s", "2026-01-31T09:30:00Z", "2026-01-31T09:30:00.123456789+01:00", "-1h2m3.5s", "-9223372036854775808ns", "10m"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := adapters.ParseStart(text)
		if err != nil {
			return
		}
		if again, err := adapters.ParseStart(s.String()); err != nil || again.String() != s.String() {
			t.Errorf("%q reads as %q, which reads as %q, %v", text, s, again, err)
		}
	})
}

func TestConnectionNames(t *testing.T) {
	seen := make(map[string]bool)
	for c := adapters.Connecting; c <= adapters.Closed; c++ {
		if name := c.String(); name == "" || name == "unknown" || seen[name] {
			t.Errorf("state %d is called %q", c, name)
		} else {
			seen[name] = true
		}
	}
}
