package tracing

import (
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/payload"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
)

// onlyMasks are schemas that know nothing but what is masked.
type onlyMasks struct{ rules *mask.Rules }

func (onlyMasks) Find(string, schemas.Ref) (*schemas.Schema, error) { return nil, schemas.ErrPending }
func (onlyMasks) Registry() string                                  { return "" }
func (m onlyMasks) Mask(destination string) *mask.Mask              { return m.rules.Of(destination) }

// A page of the stream tells the fields that the store was asked for, as they may be shown, and no
// more of them than a row can show.
func TestAPageTellsFields(t *testing.T) {
	b := newBench(t, Config{KeepRecent: true, Fields: []payload.Field{{Header: "tenant"}, {Path: "payload.amount"}, {Path: "payload.name"}, {Path: "payload.card"}, {Header: "token"}}})
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/payload/card"}, Headers: []string{"token"}}})
	if err != nil {
		t.Fatal(err)
	}
	m := adapters.Message{Position: adapters.Position{Destination: "orders"}, Time: noon, Schemas: onlyMasks{rules},
		Headers: []adapters.Header{{Name: "Tenant", Value: []byte("north")}, {Name: "token", Value: []byte("SECRET")}},
		Value:   []byte(`{"payload":{"amount":12.50,"name":"a\u0041` + strings.Repeat("é", 200) + `","card":"SECRET"}}`)}
	fields := payload.Fields(&m, b.config.Fields)
	for i, want := range []string{"north", "12.50", "aA" + strings.Repeat("é", 63), "***", "***"} {
		if string(fields[i]) != want {
			t.Errorf("field %d is %q, want %q", i, fields[i], want)
		}
	}
	m.Value = []byte(`<payload><amount>12.50</amount><name>a&#65;</name><card>SECRET</card></payload>`)
	m.Schemas = nil
	for i, want := range []string{"north", "12.50", "aA", "SECRET", "SECRET"} {
		if got := string(payload.Fields(&m, b.config.Fields)[i]); got != want {
			t.Errorf("field %d of XML is %q, want %q", i, got, want)
		}
	}
	m.Value, m.Headers = []byte("text"), nil
	for i, field := range payload.Fields(&m, b.config.Fields) {
		if field != nil {
			t.Errorf("field %d of a message without any is %q", i, field)
		}
	}
	b.tell(order(1, "ord-1", happy...)...)
	until(t, func() bool {
		page, err := b.Page(t.Context(), PageQuery{Backward: true, Limit: 4})
		return err == nil && len(page.Events) == 4 && page.Events[0].Summary != nil && len(page.Events[0].Fields) == 5
	})
	if fields := payload.Fields(&m, nil); fields != nil {
		t.Errorf("fields that nobody wants are %q", fields)
	}
}
