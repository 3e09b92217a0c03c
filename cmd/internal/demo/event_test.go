package demo

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestAmountsSurviveEverySchema(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wrote := amount{cents: rapid.Int64Range(0, 1e9).Draw(t, "cents"), currency: "EUR", schema: rapid.IntRange(schemaFirst, schemaBroken).Draw(t, "schema")}
		text, err := json.Marshal(wrote)
		if err != nil {
			t.Fatal(err)
		}
		var read amount
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if wrote.schema == schemaFirst {
			wrote.currency = "" // which stands beside the total then
		}
		if read != wrote {
			t.Errorf("%s: read %+v, wrote %+v", text, read, wrote)
		}
	})
}

func TestOrdersAreReadInTheSchemasThatConsumersKnow(t *testing.T) {
	for _, test := range []struct {
		schema         int
		mended, refuse bool
	}{
		{schemaFirst, false, false}, {schemaSecond, false, false}, {schemaBroken, false, true}, {schemaBroken, true, false},
	} {
		order := event{eventType: "OrderPlaced", id: "e", schema: test.schema, payload: payload{OrderID: "ord-1", Total: &amount{cents: 12990}, Currency: "EUR"}}
		encoded, err := order.encode(time.Unix(0, 0))
		if err != nil {
			t.Fatal(err)
		}
		read, err := decode(&message{eventType: "OrderPlaced", body: encoded}, test.mended)
		if (err != nil) != test.refuse {
			t.Errorf("schema %d, mended %t: %v", test.schema, test.mended, err)
		}
		if err == nil && (read.payload.Total.cents != 12990 || read.payload.Currency != "EUR") {
			t.Errorf("schema %d: %+v", test.schema, read.payload)
		}
	}
}

// What anybody writes to the demonstration's topics is either an event or a failure that says
// what is wrong.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"type":"OrderPlaced","payload":{"order_id":"ord-1","total":12.5}}`,
		`{"type":"OrderPlaced","payload":{"order_id":"ord-1","total":{"amount":1e300}}}`,
		`{"type":"OrderPlaced","payload":{"order_id":"ord-1","total":"NaN EUR"}}`,
		`{"type":"OrderPlaced","payload":{"order_id":"ord-1","total":"12.50 EUR","items":[{"price":-1}]}}`,
		`{"type":1,"payload":{"order_id":7}}`, "\xff\xfe", `{"payload":{"event_id":"e`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, mended bool) {
		m := message{body: body}
		identify(&m)
		read, err := decode(&m, mended)
		if err != nil {
			if _, known := err.(*failure); !known {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if read.payload.OrderID == "" && read.payload.UserID == "" {
			t.Error("an event about nothing was accepted")
		}
		if total := read.payload.Total; total != nil && total.cents < 0 {
			t.Errorf("total %v", total)
		}
		if again, err := read.encode(time.Unix(0, 0)); err != nil || !utf8.Valid(again) {
			t.Errorf("cannot be passed on: %v %q", err, again)
		}
	})
}

// A memory recalls the newest events it has noted, and only those.
func TestMemoryForgetsTheOldestOnly(t *testing.T) {
	var m memory
	for i := range 3 * remembered {
		m.note(number(i), nil).done = true
		if forgotten := i - remembered; forgotten >= 0 && m.recall(number(forgotten)) != nil {
			t.Fatalf("after %d, %d is still there", i, forgotten)
		}
		if oldest := max(0, i-remembered+1); m.recall(number(oldest)) == nil {
			t.Fatalf("after %d, %d is gone", i, oldest)
		}
	}
	if len(m.outcomes) != remembered || len(m.ids) != remembered {
		t.Errorf("%d outcomes, %d ids", len(m.outcomes), len(m.ids))
	}
	if m.note("", nil); m.recall("") != nil {
		t.Error("events without an id are taken for each other")
	}
}

func TestRoutingKeys(t *testing.T) {
	for eventType, want := range map[string]string{"": "", "InventoryReserved": "inventory.reserved", "InventoryRestockRecommended": "inventory.restock.recommended"} {
		if got := routingKey(eventType); got != want {
			t.Errorf("%s: %s, want %s", eventType, got, want)
		}
	}
}
