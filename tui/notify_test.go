package tui_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui"
	"eventscope/tui/alert"
	"eventscope/tui/tuitest"
)

// notifying is a screen that rings the bell, or shows a notification.
func notifying(t *testing.T, options tui.Options, way string) *tuitest.Screen {
	t.Helper()
	sender, err := alert.NewSender(way, "shop")
	if err != nil {
		t.Fatal(err)
	}
	options.Notify = sender
	return tuitest.Open(t, options, 80, 24)
}

func checkTold(t *testing.T, screen *tuitest.Screen, words string, times int) {
	t.Helper()
	if n := strings.Count(screen.Written(), words); n != times {
		t.Errorf("%q was told %d times, want %d", words, n, times)
	}
}

// What failed before one looks is no news; what fails while one does is told once, and soon again
// only after a while.
func TestAFailureIsTold(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		failed := func(number int) {
			order := s.Order(number, time.Now(), 2)
			order[1].Type = "PaymentFailed"
			put(t, s, order...)
		}
		failed(1)
		screen := notifying(t, s.Options(), "osc9").Wait(20 * time.Second)
		checkTold(t, screen, "\x1b]9;", 0)
		failed(2)
		screen.Wait(5 * time.Second)
		checkTold(t, screen, "\x1b]9;shop: 1 flow is failed: ord-1002\a", 1)
		failed(3)
		failed(4)
		screen.Wait(5 * time.Second)
		checkTold(t, screen, "\x1b]9;", 1)
		screen.Wait(40 * time.Second)
		checkTold(t, screen, "\x1b]9;shop: 2 flows are failed: ord-100", 1)
		screen.Wait(time.Minute)
		checkTold(t, screen, "\x1b]9;", 2)
	})
}

// New dead letters are told, and those that one finds are not.
func TestNewDeadLettersAreTold(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		letters := tuitest.NewLetters(t, adapters.Topic)
		screen := notifying(t, letters.Over(s.Options()), "osc777").Wait(40 * time.Second)
		checkTold(t, screen, "\x1b]777;", 0)
		letters.Change(func() { letters.BuryFor(`{}`, "timeout") })
		screen.Wait(2 * time.Minute)
		checkTold(t, screen, "\x1b]777;notify;eventscope;shop: 1 new dead letter\a", 1)
		checkTold(t, screen, "\x1b]777;", 1)
	})
}
