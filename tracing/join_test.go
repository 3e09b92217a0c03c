package tracing

import (
	"fmt"
	"testing"
	"time"

	"eventscope/adapters"
)

// traced is an event with a trace, and with a flow id and an order id if they are given.
func traced(offset int64, trace int, flow, order string) told {
	one := told{destination: "d", offset: offset, at: time.Duration(offset) * time.Second, value: "{}"}
	one.headers = []string{"event_type", "T", "event_id", fmt.Sprint("e", offset)}
	if trace != 0 {
		one.headers = append(one.headers, "traceparent", fmt.Sprintf("00-%032x-00000000000000aa-01", trace))
	}
	if flow != "" {
		one.headers = append(one.headers, "correlation_id", flow)
	}
	if order != "" {
		one.value = fmt.Sprintf(`{"order_id":%q}`, order)
	}
	return one
}

func (b *bench) flows() (all []FlowSummary) {
	b.t.Helper()
	page, err := b.Flows(b.t.Context(), FlowQuery{Limit: 1000})
	if err != nil {
		b.t.Fatal(err)
	}
	return page.Flows
}

func TestATraceJoinsWhatHasNoOtherName(t *testing.T) {
	for _, story := range [][]told{
		{traced(1, 7, "corr-1", ""), traced(2, 7, "", "")},
		{traced(1, 7, "", ""), traced(2, 7, "corr-1", "")},
		{traced(1, 7, "", "ord-1"), traced(2, 8, "", "ord-1"), traced(3, 8, "corr-1", "")},
		{traced(1, 7, "corr-1", "ord-1"), traced(2, 8, "", "ord-1")},
	} {
		b := newBench(t, Config{})
		b.tell(story...)
		if flows := b.flows(); len(flows) != 1 || flows[0].Events != len(story) || flows[0].ID != "corr-1" || flows[0].From != "header correlation_id" {
			t.Errorf("%d flows: %+v", len(flows), flows)
		}
	}
}

func TestTheTraceOfABatchJoinsNothing(t *testing.T) {
	b := newBench(t, Config{})
	for n := range int64(5) {
		b.tell(traced(n+1, 7, fmt.Sprint("corr-", n), ""))
	}
	if flows := b.flows(); len(flows) != 5 {
		t.Errorf("flows that name themselves were joined by the trace of a batch: %d of 5 are left", len(flows))
	}
	b.tell(traced(9, 7, "", ""))
	if flow := b.flows()[0]; flow.Events != 1 {
		t.Errorf("an event of the batch itself is of flow %s, with %d events", flow.ID, flow.Events)
	}
}

func TestACauseThatIsNotThereJoinsOnlySome(t *testing.T) {
	b := newBench(t, Config{})
	const flows = 200
	batch := &adapters.Batch{}
	for n := range flows {
		one := told{destination: "d", offset: int64(n), headers: []string{"correlation_id", fmt.Sprint("corr-", n), "event_type", "T", "event_id", fmt.Sprint("e", n), "causation_id", "gateway"}}
		batch.Messages = append(batch.Messages, one.message())
	}
	if err := b.intake.Put(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := b.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := len(b.flows()); left < flows-2*mostJoins {
		t.Errorf("of %d flows that name a constant as their cause, %d are left", flows, left)
	}
}

func TestAnEntityOfManyFlowsJoinsNoneInAnotherDialect(t *testing.T) {
	b := newBench(t, Config{})
	for n := range int64(4) {
		one := traced(n+1, 0, fmt.Sprint("corr-", n), "ord-1")
		b.tell(one)
		other := told{destination: "n", offset: n + 1, at: one.at, value: `{"order_id":"ord-1"}`}
		other.headers = []string{"NServiceBus.ConversationId", fmt.Sprint("conversation-", n), "NServiceBus.MessageId", fmt.Sprint("m", n), "NServiceBus.EnclosedMessageTypes", "T"}
		b.tell(other)
	}
	for _, flow := range b.flows() {
		if flow.Events > 2 {
			t.Errorf("flow %s has %d events", flow.ID, flow.Events)
		}
	}
}

func TestJoinsNameBothAndTheReason(t *testing.T) {
	b := newBench(t, Config{})
	b.tell(traced(1, 0, "", "ord-1"), traced(2, 0, "corr-1", "ord-1"))
	effect := traced(4, 0, "corr-2", "")
	effect.headers = append(effect.headers, "causation_id", "e2")
	b.tell(effect)
	want := []Join{
		{Into: "corr-1", Other: "ord-1", Reason: "same entity ord-1"},
		{Into: "corr-1", Other: "corr-2", Reason: "an event of one names its cause in the other"},
	}
	if joins := b.flow("ord-1").Joins; len(joins) != 2 || joins[0] != want[0] || joins[1] != want[1] {
		t.Errorf("%+v", joins)
	}
}

func TestAMillionFlowsInOneStayBounded(t *testing.T) {
	b := newBench(t, Config{})
	const many = 40_000
	for from := 0; from < many; from += 2000 {
		batch := &adapters.Batch{}
		for n := from; n < from+2000; n++ { // each names the one before as its cause, and an order of its own
			one := told{destination: "d", offset: int64(n), key: fmt.Sprint("ord-", n)}
			one.headers = []string{"correlation_id", fmt.Sprint("corr-", n), "event_type", "T", "event_id", fmt.Sprint("e", n), "causation_id", fmt.Sprint("e", n-1)}
			batch.Messages = append(batch.Messages, one.message())
		}
		if err := b.intake.Put(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	events := 0
	for _, flow := range b.flows() {
		if events += flow.Events; flow.Events-flow.Capped > EventsPerFlow {
			t.Errorf("flow %s has %d events", flow.ID, flow.Events)
		}
	}
	if flow := b.flow("ord-5"); events != many || len(flow.Joins) != JoinsPerFlow {
		t.Errorf("%d events, %d joins", events, len(flow.Joins))
	}
}
