package adaptertest

import (
	"testing"
	"time"
)

// Await asks again and again until it is so; a test fails where that takes too long.
func Await(t testing.TB, what string, is func() bool) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	limit := time.After(patience)
	for !is() {
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// Received is what comes from somebody at work beside a test, which fails where nothing does.
func Received[T any](t testing.TB, what string, from <-chan T) (came T) {
	t.Helper()
	select {
	case came = <-from:
	case <-time.After(patience):
		t.Fatalf("waited %v for %s", patience, what)
	}
	return came
}
