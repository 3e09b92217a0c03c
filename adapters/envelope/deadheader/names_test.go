package deadheader

import "testing"

func TestNamesOfDeadLetterDestinations(t *testing.T) {
	for name, want := range map[string]string{
		"orders.dlq": "orders", "orders-dlt": "orders", "orders.DLT": "orders", "orders_error": "orders", "orders_skipped": "orders", "orders-dead-letter-3": "orders",
		"error.orders.billing": "orders", "dead-letter-topic-orders-in": "orders-in", "dlq.orders": "orders", "orders.parking-lot": "orders", "error": "", "wolverine-dead-letter-queue": "",
	} {
		if got, ok := OriginByName(name); !ok || got != want {
			t.Errorf("%s: %q %v, want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"orders", "dlqueue", "errors", "orders-retry-1", "terror"} {
		if got, ok := OriginByName(name); ok {
			t.Errorf("%s: taken for the dead letters of %q", name, got)
		}
	}
}
