package tui_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/tracing"
	"eventscope/tui/tuitest"
)

func TestAnEventIsShownAsTreeRawAndHex(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		value := `{"type":"OrderPlaced","payload":{"order_id":"ord-1","items":[{"sku":"abc","qty":4},{"sku":"xyz","qty":1}],"total":129.90}}`
		put(t, s, tuitest.Event{Source: s.Kafka, To: "orders", Key: "ord-1", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "ord-1", ID: "e-1", Value: value})
		options := s.Options()
		options.SaveFolder = t.TempDir()
		screen := tuitest.Open(t, options, 120, 30).Press("v").Sees("tree line 1 of", "order_id", "129.90", "position", "Kafka orders/0@0")
		screen.Press("enter").Sees("tree line 1 of 1").Press("enter").Press("/").Type("xyz").Press("enter").Sees(`"xyz"`, "/xyz")
		if line := screen.Selected(); !strings.Contains(line, "xyz") {
			t.Fatalf("found %s", line)
		}
		screen.Press("v").Sees("raw line", `{"type":"OrderPlaced"`).Press("v").Sees("hex line", "7b 22 74 79")
		screen.Press("y").Sees("copied the value").Wait(time.Second)
		if !screen.Copied(value) {
			t.Fatal("the value is not in the clipboard")
		}
		screen.Press("w").Wait(time.Second).Sees("saved")
		saved, err := os.ReadFile(filepath.Join(options.SaveFolder, "event-orders-0-0.json"))
		if err != nil || string(saved) != value {
			t.Fatalf("saved %q, %v", saved, err)
		}
		screen.Press("w").Wait(time.Second).Sees("event-orders-0-0-1.json")
	})
}

func TestATimeThatCannotBeIsTold(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, tuitest.Event{Source: s.Kafka, To: "orders", AtRaw: 1795876283950123, Type: "OrderPlaced", Service: "order", Flow: "ord-1", ID: "e-1"})
		screen := tuitest.Open(t, s.Options(), 120, 40).Sees("-             ", "OrderPlaced").Misses("1970", "1754", "0001")
		screen.Press("v").Sees("nobody says when", "time 1795876283950123 is out of range").Misses("1970", "1754", "0001")
	})
}

func TestAWaitIsNamed(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		lean, stopped := tuitest.NewSystem(ctx, tracing.Config{}) // keeps no copies
		put(t, lean, lean.Order(1, time.Now(), 1)...)
		release := lean.Kafka.Hold()
		screen := tuitest.Open(t, lean.Options(), 100, 24).Press("v").Wait(time.Second).Sees("reading orders/0@0 again from Kafka")
		release()
		screen.Wait(time.Second).Misses("reading orders").Sees("order_id")
		screen.Quit()
		cancel()
		<-stopped
	})
}
