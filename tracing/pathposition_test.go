package tracing

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// usualOrders is a store that knows what is usual of orders, of which some fail.
func usualOrders(t *testing.T) *bench {
	b := newBench(t, Config{})
	for n := range 20 {
		b.tell(order(n, fmt.Sprint("usual-", n), happy...)...)
	}
	for n := range 5 {
		b.tell(order(n, fmt.Sprint("refused-", n), "OrderPlaced", "PaymentFailed", "CustomerTold")...)
	}
	if err := b.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

func expectedOf(flow *Flow) map[string]Expectation {
	expected := map[string]Expectation{}
	for _, e := range flow.Expected {
		expected[e.Type] = e
	}
	return expected
}

func TestARetryThatWentWellIsNoFailure(t *testing.T) {
	b := usualOrders(t)
	b.tell(order(30, "retried", "OrderPlaced", "PaymentFailed", "PaymentProcessed")...)
	flow := b.flow("retried")
	if shipment := expectedOf(flow)["ShipmentPrepared"]; flow.Status != Stuck || flow.FailedAt != "PaymentFailed" || shipment.State != Missing {
		t.Errorf("%s, failed at %q, shipment %+v", flow.Status, flow.FailedAt, shipment)
	}
	b.tell(order(31, "told", "OrderPlaced", "PaymentFailed", "CustomerTold")...)
	if flow := b.flow("told"); flow.Status != Failed {
		t.Errorf("what usually follows a failure made it %s", flow.Status)
	}
}

func TestEachDeadLetterMustBeReplayed(t *testing.T) {
	b := usualOrders(t)
	story := order(30, "ord-1", happy...)
	dead := func(one told, offset int64) told {
		one.destination, one.offset, one.at = one.destination+".dlq", offset, one.at+time.Second
		one.headers = append(append([]string{}, one.headers...), "kafka_dlt-original-topic", "orders")
		return one
	}
	again := func(one told, offset int64) told {
		one.offset, one.at = offset, one.at+time.Minute
		one.headers = append(append([]string{}, one.headers...), "x-replay-id", "r-1")
		return one
	}
	b.tell(append(story, dead(story[1], 1), dead(story[2], 2), again(story[2], 9000))...)
	if flow := b.flow("ord-1"); flow.Status != Failed || flow.DeadLetters != 2 || flow.Duplicates != 0 {
		t.Errorf("one of two letters was replayed, and the flow is %s with %d dead letters, %d duplicates", flow.Status, flow.DeadLetters, flow.Duplicates)
	}
	b.tell(again(story[1], 9001))
	flow := b.flow("ord-1")
	if flow.Status != Complete {
		t.Errorf("both letters were replayed, and the flow is %s", flow.Status)
	}
	for _, step := range flow.Steps {
		if step.Parent >= 0 && strings.HasSuffix(step.Position.Destination, ".dlq") && flow.Steps[step.Parent].Type != step.Type {
			t.Errorf("the dead letter of %s hangs below %s", step.Type, flow.Steps[step.Parent].Type)
		}
	}
}

func TestALetterThatIsTriedAgainIsNotDead(t *testing.T) {
	b := usualOrders(t)
	story := order(30, "ord-1", happy...)
	dead, again := story[1], story[1]
	dead.destination, dead.headers = "wait", append(append([]string{}, dead.headers...), "x-first-death-queue", "payments")
	again.offset, again.at = 9000, again.at+time.Second
	b.tell(append(story, dead)...)
	if flow := b.flow("ord-1"); flow.Status != Failed || flow.DeadLetters != 1 {
		t.Errorf("%s with %d dead letters", flow.Status, flow.DeadLetters)
	}
	b.tell(again)
	if flow := b.flow("ord-1"); flow.Status != Complete || flow.Duplicates != 0 {
		t.Errorf("tried again, it is %s with %d duplicates", flow.Status, flow.Duplicates)
	}
}

func TestAFlowBeginsWhereItsCausesLead(t *testing.T) {
	b := usualOrders(t)
	story := order(30, "ord-1", happy...)
	story[0].at += time.Second // a tap saw it late
	b.tell(story...)
	flow := b.flow("ord-1")
	if flow.Status != Complete || flow.Path == "" || types(flow) != strings.Join(happy, " ") || flow.Steps[0].Parent != -1 {
		t.Errorf("%s by %q: %s", flow.Status, flow.Path, types(flow))
	}
}

func TestNobodyExpectsWhatCameBeforeTheWindow(t *testing.T) {
	b := usualOrders(t)
	b.tell(order(30, "ord-1", happy...)[1:3]...)
	flow := b.flow("ord-1")
	expected := expectedOf(flow)
	if _, there := expected["OrderPlaced"]; !flow.BeganBefore || there || expected["ShipmentPrepared"].State != Missing || flow.Status != Stuck {
		t.Errorf("%s, began before %v, %+v", flow.Status, flow.BeganBefore, flow.Expected)
	}
	b.tell(order(31, "ord-2", "ParcelSent", "ParcelArrived")[1]) // of which nothing is known
	if flow := b.flow("ord-2"); flow.BeganBefore {
		t.Error("that a cause is elsewhere is no sign of an earlier beginning")
	}
}
