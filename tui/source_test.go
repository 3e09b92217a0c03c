package tui_test

import (
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

func TestSourcesInTrouble(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 100, 24)
		s.Kafka.Set(func(status *adapters.Status) {
			status.Connection, status.Since = adapters.Lost, time.Now()
			status.Err = &adapters.Problem{Doing: "connect to kafka 127.0.0.1:9092", Cause: "connection \x1b[31mrefused", Remedy: "check the address", Kind: adapters.ErrNotConnected}
		})
		s.RabbitMQ.Set(func(status *adapters.Status) {
			status.Dropped = 12
			status.Gaps = []adapters.Gap{{From: time.Now().Add(-8 * time.Second), To: time.Now(), Missed: -1}}
		})
		screen.Wait(8500*time.Millisecond).Sees("kafka ✗ lost 8s", `connection \x1b[31mrefused; check the address`, "was away 8 s", "messages in between are not shown", "12 dropped")
		s.Kafka.Set(func(status *adapters.Status) {
			status.Connection, status.Err, status.BehindBy = adapters.CatchingUp, nil, 1_200_000
		})
		screen.Wait(time.Second).Sees("behind 1.2M").Misses("refused")
	})
}
