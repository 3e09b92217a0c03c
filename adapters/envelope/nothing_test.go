package envelope

import (
	"strings"
	"testing"

	"eventscope/adapters/envelope/spelling"
)

// spellings are the ways in which programs write that they have no id.
var spellings = []string{
	"", "0", "00", "000000", "-0", "0.0", "-1", "-", "--", "_", ".", "?", "*", "#", "{}", "[]", "()", "<>", `""`, "''", " ",
	"null", "NULL", "Null", "<null>", "(null)", "[null]", "nil", "<nil>", "None", "NONE", "undefined", "[undefined]", "NaN", "nan", "-NaN",
	"N/A", "n/a", "NA", "n.a.", "#N/A", "not set", "not-set", "NOT_SET", "notSet", "unknown", "UNKNOWN", "<unknown>", "Unspecified", "default", "empty",
	"false", "False", "true", "[object Object]", "Infinity", "-Infinity", "DBNull", "string", "uuid",
	"test", "TEST", "todo", "TBD", "xxx", "correlationId", "correlation_id", "orderId", "ORDER-ID",
	"${correlationId}", "order-${orderId}", "{{orderId}}", "{{ order.id }}", "#{order_id}", "%{id}", "{0}", "{orderId}", "$(uuidgen)", "<orderId>", "%s", "%d", "%v", "%ld",
	"order-undefined", "customer:null", "ord_None", "urn:order/nil", "ORD-NaN",
	"00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "urn:uuid:00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000",
	"ffffffff-ffff-ffff-ffff-ffffffffffff", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "{FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF}",
}

func TestAPlaceholderIsNoID(t *testing.T) {
	for _, text := range spellings {
		quoted := strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"`, `\"`)
		for _, m := range []struct{ where, header, body, key string }{
			{where: "header", header: text}, {where: "body", body: `{"correlation_id":"` + quoted + `","event_id":"` + quoted + `","causation_id":"` + quoted + `","order_id":"` + quoted + `"}`}, {where: "key", key: text},
		} {
			message := kafka(m.key, m.body)
			if m.header != "" {
				message = kafka("", "", "correlation_id", text, "event_id", text, "causation_id", text, "order_id", text)
			}
			if got := read(t, &message, nil); got.Flow != "" || got.ID != "" || got.Cause != "" || got.Entity != "" {
				t.Errorf("%s %q is taken for an id: %+v", m.where, text, got)
			}
		}
	}
	for _, bare := range []string{"false", "true", "null", "0", "-1", "NaN", "{}", "[]", "0.0"} {
		message := kafka("", `{"type":"T","correlation_id":`+bare+`,"order_id":`+bare+`}`)
		if got := read(t, &message, nil); got.Flow != "" || got.Entity != "" {
			t.Errorf("%s is taken for an id: %+v", bare, got)
		}
	}
}

func TestWhatLooksLikeAPlaceholderIsAnIDAllTheSame(t *testing.T) {
	for _, text := range []string{
		"ord-1", "1", "test-1", "null1", "none-7", "unknown-soldier", "nullable", "a", "k", "Nina", "nannette", "xxl", "falseflag", "testimony", "order-none-a", "100%", "{1}a",
		`{"order":"a","line":"b"}`, "order{a", "a}b", "ffffffff-ffff-ffff-ffff-fffffffffffe", "00000000-0000-0000-0000-00000000000a", "漢字", "-2", "0a",
	} {
		message := kafka("", "", "correlation_id", text, "order_id", text)
		if got := read(t, &message, nil); got.Flow != text || got.Entity != text {
			t.Errorf("%q is no id: %+v", text, got)
		}
	}
}

func TestAUUIDIsTheSameHoweverItIsSpelled(t *testing.T) {
	const want = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	upper := strings.ToUpper(want)
	for _, text := range []string{want, upper, "7C9E6679-7425-40de-944b-e07fc1f90ae7", "{" + want + "}", "{" + upper + "}", "(" + upper + ")", "urn:uuid:" + want, "URN:UUID:" + upper} {
		for _, message := range []struct{ header, key string }{{header: text}, {key: text}} {
			m := kafka(message.key, "", "correlation_id", text, "event_id", text, "order_id", text)
			if message.key != "" {
				m = kafka(message.key, "", "correlation_id", text, "event_id", text)
			}
			if got := read(t, &m, nil); got.Flow != want || got.ID != want || got.Entity != want {
				t.Errorf("%s: %+v", text, got)
			}
		}
		if got := string(spelling.AppendID(nil, []byte(text))); got != want {
			t.Errorf("%s typed is %s", text, got)
		}
	}
	bare := strings.ReplaceAll(upper, "-", "")
	m := kafka("", "", "correlation_id", bare)
	if got := read(t, &m, nil); got.Flow != strings.ToLower(bare) {
		t.Errorf("without hyphens: %+v", got)
	}
}
