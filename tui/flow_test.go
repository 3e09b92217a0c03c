package tui_test

import (
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// parcel is the story of an order that takes a minute, as far as steps of its events.
func parcel(s *tuitest.System, order string, at time.Time, steps int) []tuitest.Event {
	all := []tuitest.Event{
		{To: "orders", At: at, Type: "OrderPlaced", Service: "order", ID: order + "-1"},
		{To: "payments", At: at.Add(200 * time.Millisecond), Type: "PaymentProcessed", Service: "payment", ID: order + "-2", Cause: order + "-1"},
		{To: "shipping", At: at.Add(20 * time.Second), Type: "ShipmentPrepared", Service: "shipping", ID: order + "-3"}, // names no cause
		{To: "parcels", At: at.Add(time.Minute), Type: "ParcelDelivered", Service: "carrier", ID: order + "-4", Cause: order + "-3"},
	}
	for i := range all {
		all[i].Source, all[i].Key, all[i].Flow = s.Kafka, order, order
	}
	return all[:steps]
}

// usual makes the store learn what is usual of parcels.
func usual(t *testing.T, s *tuitest.System) {
	for i := range 12 {
		put(t, s, parcel(s, "old-"+string(rune('a'+i)), time.Now(), 4)...)
	}
	<-time.After(2 * time.Second) // what came later shows how long the others have been silent
	put(t, s, tuitest.Event{Source: s.Kafka, To: "audit", At: time.Now(), Type: "Audited", Value: "{}"})
	<-time.After(3 * time.Minute)
}

func TestWhatIsExpectedAndNotSeenHasARow(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		usual(t, s)
		put(t, s, parcel(s, "ord-7", time.Now(), 1)...)
		screen := tuitest.Open(t, s.Options(), 120, 40).Press("enter").Wait(400*time.Millisecond).Sees("running", "still to come")
		screen.Wait(2*time.Second).Sees("late", "PaymentProcessed", "overdue, usually within 215 ms")
		screen.Wait(35*time.Second).Sees("stuck", "not seen, usually within", "overdue, usually within 23.2 s", "still to come, usually within 1m 05s")
		for _, size := range [][2]int{{120, 40}, {80, 24}, {40, 8}} {
			golden(t, screen.Resize(size[0], size[1]).Press("g"), name("expected", size))
		}
		put(t, s, parcel(s, "ord-7", time.Now(), 2)[1:]...)
		screen.Resize(80, 24).Wait(time.Second).Misses("not seen").Sees("overdue, usually within 23.2 s")
	})
}

// trouble is a flow with everything that can be said beside its steps.
func trouble(t *testing.T, s *tuitest.System) {
	usual(t, s)
	begun := time.Now().Add(-5 * time.Second)
	events := parcel(s, "ord-8", begun, 2)
	events[1].Type = "PaymentFailed"
	events[1].Value = `{"type":"PaymentFailed","payload":{"order_id":"ord-8","reason":"ProviderTimeout: no answer within 400 ms"}}`
	refund := events[0]
	refund.To, refund.Type, refund.ID, refund.At = "orders", "OrderCancelled", "ord-8-9", begun.Add(3*time.Second)
	other := tuitest.Event{Source: s.Kafka, To: "mail", At: begun.Add(3500 * time.Millisecond), Type: "MailSent", Service: "mail", Flow: "mail-77", ID: "m-1", Cause: "ord-8-9",
		Value: `{"type":"MailSent","payload":{"order_id":"ord-8"}}`}
	put(t, s, append(events, refund, other)...)
	s.Kafka.Set(func(status *adapters.Status) {
		status.Gaps = []adapters.Gap{{From: begun.Add(time.Second), To: begun.Add(2 * time.Second), Missed: -1}}
	})
	<-time.After(2 * time.Minute) // until the header does not speak of the gap any more
}

func TestAFailureSaysWhyAndAFlowSaysWhatIsMissing(t *testing.T) {
	for _, size := range [][2]int{{120, 40}, {80, 24}} {
		story(t, func(t *testing.T, s *tuitest.System) {
			trouble(t, s)
			screen := tuitest.Open(t, s.Options(), size[0], size[1]).Press("enter").Wait(time.Second)
			screen.Sees("ProviderTimeout: no answer within 400 ms", "kafka was away 1 s; messages in between are not shown", "not expected after PaymentFailed", "joined with")
			golden(t, screen, name("trouble", size))
			screen.Press("v").Sees("ProviderTimeout: no answer within 400 ms", "kafka was away", "not expected after PaymentFailed", "joined with")
			screen.Press("j", "enter").Sees("PaymentFailed", "line 1 of")
		})
	}
}
