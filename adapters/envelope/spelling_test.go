package envelope

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/envelope/spelling"
)

func TestATenantIsFoundWhereverItIsSaid(t *testing.T) {
	for _, m := range []adapters.Message{
		kafka("", "", "x-tenant-id", "t1"), kafka("", "", "tenant-id", "t1"), kafka("", "", "TenantId", "t1"), kafka("", "", "X-Scope-OrgID", "t1"), kafka("", "", "org_id", "t1"),
		kafka("", `{"type":"T","tenant_id":"t1"}`), kafka("", `{"type":"T","metadata":{"tenant":"t1"}}`), kafka("", `{"type":"T","payload":{"tenantId":"t1","order_id":"1"}}`),
		kafka("", `{"type":"T","tenant":{"id":"t1","name":"Tenant One"}}`), kafka("", `{"type":"T","data":{"tenant":{"id":"t1"}}}`), kafka("", `{"type":"T","organization_id":"t1"}`),
		kafka("", "{}", "ce_id", "1", "ce_type", "T", "ce_source", "s", "ce_tenantid", "t1"), kafka("", "", "axon-message-id", "m", "axon-metadata-tenantId", "t1"),
		rabbit(adapters.Properties{}, "", "tenant-id", "t1", "message-type", "OrderPlaced", "conversation-id", "m-0", "attempts", "1"),
	} {
		r, id := NewReader(nil), Identity{}
		if r.Read(&m, &id); string(id.Tenant.Value) != "t1" {
			t.Errorf("%s with %v: tenant %q", m.Value, m.Headers, id.Tenant.Value)
		}
	}
	for _, m := range []adapters.Message{kafka("", "", "x-tenant-id", "undefined"), kafka("", `{"type":"T","tenant":{"name":"only a name"}}`), kafka("", `{"type":"T","tenant":["t1"]}`)} {
		r, id := NewReader(nil), Identity{}
		if r.Read(&m, &id); id.Tenant.Known() {
			t.Errorf("%s with %v: tenant %q", m.Value, m.Headers, id.Tenant.Value)
		}
	}
}

func TestAFlowIDIsFoundBelowThePayload(t *testing.T) {
	for _, parent := range []string{"payload", "data", "context", "event", "message", "metadata", "meta", "headers"} {
		m := kafka("k", `{"type":"A","`+parent+`":{"correlationId":"c1","causationId":"e0"}}`)
		if got := read(t, &m, nil); got.Flow != "c1" || got.Cause != "e0" || got.FlowFrom != "body "+parent+".correlationId" {
			t.Errorf("below %s: %+v", parent, got)
		}
	}
	m := kafka("k", `{"type":"A","correlation_id":"c0","payload":{"correlationId":"c1"}}`)
	if got := read(t, &m, nil); got.Flow != "c0" {
		t.Errorf("the payload is believed before the top: %+v", got)
	}
}

func TestQuotesRoundAHeaderAreNotPartOfIt(t *testing.T) {
	m := kafka("", "", "correlationId", `"h-6"`, "spring_json_header_types", `{"correlationId":"java.lang.String"}`, "event_id", `"e\"1"`, "order_id", `"`)
	if got := read(t, &m, nil); got.Flow != "h-6" || got.ID != `"e\"1"` || got.Entity != "" {
		t.Errorf("%+v", got)
	}
}

func TestABodyMayBeginWithAByteOrderMark(t *testing.T) {
	for _, before := range []string{"\xef\xbb\xbf", "\x00\x00\x00\x00\x07\xef\xbb\xbf", "\xef\xbb\xbf \n"} {
		m := kafka("k", before+`{"type":"OrderPlaced","order_id":"ord-1"}`)
		if got := read(t, &m, nil); got.Type != "OrderPlaced" || got.Entity != "ord-1" || got.Flags != "" {
			t.Errorf("%q: %+v", before, got)
		}
		rules, err := Compile([]Mapping{{Destination: "*", ID: "/order_id"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, &m, rules); got.ID != "ord-1" {
			t.Errorf("%q with a mapping: %+v", before, got)
		}
	}
}

func TestNaNInABodyHidesNothing(t *testing.T) {
	for _, body := range []string{
		`{"type":"A","order_id":"o-1","v":NaN}`, `{"v":NaN,"type":"A","order_id":"o-1"}`, `{"v":[1,Infinity,-Infinity],"type":"A","order_id":"o-1"}`,
		`{"say":"NaN \" Infinity","v":-NaN,"type":"A","order_id":"o-1"}`,
	} {
		m := kafka("k", body)
		if got := read(t, &m, nil); got.Type != "A" || got.Entity != "o-1" || got.Flags != "" || string(m.Value) != body {
			t.Errorf("%s: %+v", body, got)
		}
	}
	for _, body := range []string{`{"type":"A","order_id":"o-1","v":Nan}`, `{"type":"A","order_id":"o-1","v":NaNs}`, `{"type":"NaN","order_id":"o-1",}`} {
		m := kafka("k", body)
		if got := read(t, &m, nil); got.Type != "orders" || got.Entity != "k" || got.Flags != "malformed " {
			t.Errorf("%s: %+v", body, got)
		}
	}
	rules, err := Compile([]Mapping{{Destination: "*", ID: "/order_id"}})
	if err != nil {
		t.Fatal(err)
	}
	m := kafka("k", `{"v":NaN,"order_id":"o-1"}`)
	if got := read(t, &m, rules); got.ID != "o-1" || got.Flags != "" {
		t.Errorf("with a mapping: %+v", got)
	}
}

// TestATraceIDHasHexadecimalDigitsOnly puts every byte into a trace id.
func TestATraceIDHasHexadecimalDigitsOnly(t *testing.T) {
	for c := range 256 {
		for _, place := range []int{0, 7, 8, 31} {
			id := []byte(traceID)
			id[place] = byte(c)
			m := kafka("", "", "traceparent", "00-"+string(id)+"-00f067aa0ba902b7-01")
			want := ""
			if strings.IndexByte("0123456789abcdefABCDEF", byte(c)) >= 0 {
				want = strings.ToLower(string(id))
			}
			if got := read(t, &m, nil); got.Trace != want || got.Flow != want {
				t.Errorf("%q is read as %q", id, got.Trace)
			}
		}
	}
}

// TestWhatIsPlainlyAnIDIsOne: what one look says, the long way says as well.
func TestWhatIsPlainlyAnIDIsOne(t *testing.T) {
	holds := func(t interface{ Errorf(string, ...any) }, id []byte) {
		if spelling.PlainlyID(id) && (!spelling.Textual(id) || spelling.BareUUID(id) != nil || spelling.IsNone(id)) {
			t.Errorf("%q is not plainly an id", id)
		}
	}
	const uuid = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	for _, text := range append(spellings, "1", "e-1", "ord-1009", "flow-000001009", traceID, uuid, "urn:uuid:"+uuid, "URN:UUID:"+uuid, "{"+uuid+"}", "ord-1009/2", "1e-1", "0000000000000001", "order-0") {
		holds(t, []byte(text))
		for place := range len(text) {
			for c := range 256 {
				id := []byte(text)
				id[place] = byte(c)
				holds(t, id)
			}
		}
	}
	for _, id := range []string{"1", "e-1", "ord-1009", "flow-000001009", "ORD-7", traceID, uuid} {
		if !spelling.PlainlyID([]byte(id)) {
			t.Errorf("%q needs a longer look", id)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		holds(t, rapid.SliceOfN(rapid.OneOf(rapid.ByteRange('-', '9'), rapid.ByteRange('A', '}'), rapid.Byte()), 0, 50).Draw(t, "id"))
	})
}
