package replay

import (
	"testing"

	"eventscope/adapters/deadletter"
)

// TestAGroupSendsToOneTargetOrNamesNone, also when what is listed no longer is put together with
// what is, and groups that are alike are known for each other.
func TestAGroupSendsToOneTargetOrNamesNone(t *testing.T) {
	letter := func(target string) *Letter {
		return &Letter{Source: "s", DLQ: "dlq", Type: "OrderPlaced", To: deadletter.Target(target)}
	}
	var listed, older Grouping
	listed.Add(letter("orders"))
	older.Add(letter("orders"))
	alike, before := listed.clone(), listed.Groups()[0]
	if alike.merge(&older); alike.Groups()[0].Target != "orders" || alike.Groups()[0].Count != 2 || !alike.Groups()[0].Like(&before) {
		t.Errorf("%+v", alike.Groups())
	}
	var elsewhere Grouping
	elsewhere.Add(letter("payments"))
	if alike.merge(&elsewhere); len(alike.Groups()) != 1 || alike.Groups()[0].Target != "" || alike.Groups()[0].Count != 3 {
		t.Errorf("%+v", alike.Groups())
	}
	other := before
	other.Type = "OrderPaid"
	if other.Like(&before) || before.Target != "orders" || before.Count != 1 {
		t.Errorf("%+v", before)
	}
}
