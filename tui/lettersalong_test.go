package tui_test

import (
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// TestALetterLeadsToTheNext along the list that it was opened from, to whose cursor one comes back; what is
// planned is planned for the letter that is shown.
func TestALetterLeadsToTheNext(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 3, "no stock")
		screen.Wait(20*time.Second).Press("g", "enter").Wait(time.Second).Sees("☠ 3 letters").Press("g", "enter").Wait(time.Second).Resize(180, 30).Sees("ord-00002", "J next").Resize(120, 30)
		screen.Press("v", "J").Wait(time.Second).Sees("ord-00001", "raw line 1").Misses("ord-00002").Press("J", "J").Sees("this is the last letter of the list", "ord-00000").Wait(time.Second)
		screen.Press("K").Wait(time.Second).Sees("ord-00001").Press("r").Wait(time.Second).Sees("1 letter, ", "› dlq/0@4 › Plan").Press("q", "q").Wait(time.Second).Selects("ord-00001")
	})
}

// TestTheNextLetterIsByIdentity: one that was dealt with from its page still is between its neighbours, and says
// how it stands.
func TestTheNextLetterIsByIdentity(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 4, "no stock")
		screen.Wait(20*time.Second).Press("g", "enter").Wait(time.Second).Press("g", "j", "enter").Wait(time.Second).Sees("ord-00002")
		screen.Press("x").Type("test data").Press("enter").Wait(time.Second).Press("enter").Type("1").Press("enter").Wait(5 * time.Second).Press("q").Wait(20 * time.Second)
		screen.Sees("ord-00002", "discarded").Press("J").Wait(time.Second).Sees("ord-00001").Misses("ord-00002").Press("K").Wait(time.Second).Sees("ord-00002", "discarded").Press("K").Wait(time.Second).Sees("ord-00003").Misses("discarded").Press("K").Sees("this is the first letter of the list", "ord-00003")
	})
}

// TestAnEventOfNoListHasNoNext, which is said.
func TestAnEventOfNoListHasNoNext(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 3)...)
		screen := tuitest.Open(t, s.Options(), 120, 24).Command("goto payments/0@1").Sees("PaymentApproved").Misses("J next")
		screen.Press("J").Sees("this event was not opened from a list").Sees("PaymentApproved")
	})
}

// TestAFlowLeadsFromEventToEvent, in the order of its steps, though others come meanwhile.
func TestAFlowLeadsFromEventToEvent(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		order := s.Order(1, time.Now(), 5)
		put(t, s, order[:2]...)
		screen := tuitest.Open(t, s.Options(), 140, 24).Press("enter").Wait(time.Second).Press("j", "enter").Wait(time.Second).Sees("PaymentProcessed", "J next")
		screen.Press("J").Sees("this is the last event of the list")
		put(t, s, order[2:]...)
		screen.Press("J").Sees("PaymentApprovedByFraudAgent  fraud").Press("J", "J").Sees("ShipmentPrepared  shipping").Press("K", "K", "K").Sees("PaymentProcessed  payment")
		screen.Press("J").Wait(time.Second).Press("q").Wait(time.Second).Selects("PaymentApprovedByFraudAgent")
	})
}
