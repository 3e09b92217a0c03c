package protobuf

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// foreign are the values and the schemas of confluent-kafka for Python, by name. How they
// were made stands in testdata/foreign/goldens.py.
func foreign(t *testing.T) map[string]string {
	text, err := os.ReadFile("testdata/foreign/foreign.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		all[name] = value
	}
	return all
}

// TestValuesOfForeignClients are read by the schemas that they registered, and by the files
// that those were made of.
func TestValuesOfForeignClients(t *testing.T) {
	all := foreign(t)
	registered, err := Parse(all["schema orders-value"], map[string]string{"shop/common.proto": all["schema shop/common.proto"]})
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile("testdata/foreign/shop/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	source, err := Parse(read("orders.proto"), map[string]string{"shop/common.proto": read("common.proto")})
	if err != nil {
		t.Fatal(err)
	}
	if changes := Changes(registered, source); len(changes) > 0 {
		t.Errorf("%+v", changes)
	}
	for name, want := range map[string]string{
		"order": `shop.OrderPlaced {"event_id":"8c3ff6e2","occurred_at":"2026-11-20T10:00:00.12Z","customer":{"customer_id":"c-7","credit":"12.50 EUR"},` +
			`"lines":[{"sku":"a","quantity":2},{"sku":"b","quantity":1}],"labels":{"channel":"web"},"card":"visa","state":"OPEN","total_in_cents":9007199254740993,"note":"wrapped","corrections":[-1,2]}`,
		"cancelled": `shop.Envelope.OrderCancelled {"order_id":"ord-1009","at_nanos":1790000000000000000,"refund":-500,"share":0.25}`,
		"list":      `shop.Node {"id":"1","next":{"id":"2","next":{"id":"3"}}}`,
	} {
		framed, err := hex.DecodeString(all[name])
		if err != nil || len(framed) < 6 || framed[0] != 0 {
			t.Fatal(name, err)
		}
		for _, schema := range []*Schema{registered, source} {
			m, size, err := schema.Framed(framed[5:])
			if err != nil {
				t.Fatal(name, err)
			}
			value := framed[5+size:]
			text, err := m.AppendJSON([]byte(m.Name()+" "), value, 0)
			if err != nil || string(text) != want {
				t.Errorf("%s: %s, %v\nwant %s", name, text, err, want)
			}
			if unknown, err := m.Check(value); unknown != 0 || err != nil {
				t.Errorf("%s: %d, %v", name, unknown, err)
			}
		}
	}
}
