package registry

import (
	"slices"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/payload"
)

const cardSchema = `{"type":"record","name":"Paid","fields":[{"name":"order_id","type":"string","confluent:tags":["PII"]},{"name":"correlation_id","type":"string"}]}`

// TestWhatIsEncryptedIsNamed by the rules of its schema, is shown as what it is, and is no id.
func TestWhatIsEncryptedIsNamed(t *testing.T) {
	rule := func(kind, name string, more map[string]any) map[string]any {
		made := map[string]any{"name": name, "kind": "TRANSFORM", "mode": "WRITEREAD", "type": kind}
		for key, value := range more {
			made[key] = value
		}
		return made
	}
	there := newRegistry(t, map[string]any{
		"/schemas/ids/1": map[string]any{"schema": cardSchema, "ruleSet": map[string]any{"domainRules": []any{
			rule("ENCRYPT", "hide", map[string]any{"tags": []string{"PII"}, "params": map[string]string{"encrypt.kek.name": "orders-kek"}}),
			rule("ENCRYPT", "off", map[string]any{"tags": []string{"PII"}, "disabled": true}), rule("CEL", "check", nil),
		}}},
		"/schemas/ids/2": map[string]any{"schema": cardSchema, "ruleSet": map[string]any{"encodingRules": []any{rule("ENCRYPT_PAYLOAD", "all", nil)}}},
	})
	s := attached(t, Config{URLs: []string{there.URL}}, notes(1, 1))
	finder := s.Schemas.(*Registry)
	for n := range 2 {
		if _, err := finder.Schema(t.Context(), id(n+1)); err != nil {
			t.Fatal(err)
		}
	}
	m := &adapters.Message{Value: []byte("\x00\x00\x00\x00\x01\x10AAAAcafe\x0cflow-7"), Schemas: finder}
	d := payload.Decode(m, 0)
	if want := `{"order_id":"encrypted (tag PII, key orders-kek)","correlation_id":"flow-7"}`; string(d.Data) != want || !slices.Equal(d.Written.Rules, []string{"hide", "check"}) {
		t.Errorf("%s, %q", d.Data, d.Written.Rules)
	}
	if line := string(payload.AppendSummary(nil, m, 200)); strings.Contains(line, "cafe") {
		t.Errorf("the line says %s", line)
	}
	var who envelope.Identity
	if envelope.NewReader(nil).Read(m, &who); who.Entity.Known() || string(who.Flow.Value) != "flow-7" {
		t.Errorf("the entity is %s, the flow %s", who.Entity.Value, who.Flow.Value)
	}
	m.Value[4] = 2
	if d := payload.Decode(m, 0); d.Reader != "" || len(d.Declined) == 0 || !strings.Contains(d.Declined[0].Why.Error(), "encrypted as a whole") {
		t.Errorf("%+v", d)
	}
}

// TestTagsBesideASchemaAreKnown, and those beside one that it refers to: of whichever members they
// are, what is masked by them is not shown.
func TestTagsBesideASchemaAreKnown(t *testing.T) {
	beside := func(tag string) map[string]any {
		return map[string]any{"tags": map[string]any{"**.card": []string{tag}}}
	}
	there := newRegistry(t, map[string]any{
		"/schemas/ids/1": map[string]any{
			"schema": `{"type":"record","name":"A","fields":[{"name":"b","type":"B"}]}`, "metadata": beside("PII"),
			"references": []any{map[string]any{"name": "B", "subject": "b", "version": 1}},
		},
		"/subjects/b/versions/1": map[string]any{"subject": "b", "version": 1, "id": 3, "schema": `{"type":"record","name":"B","fields":[]}`, "metadata": beside("SECRET")},
	})
	finder := attached(t, Config{URLs: []string{there.URL}}, notes(1, 1)).Schemas.(*Registry)
	s, err := finder.Schema(t.Context(), id(1))
	if err != nil || !slices.Equal(s.Tags, []string{"PII", "SECRET"}) {
		t.Fatalf("%+v, %v", s, err)
	}
}
