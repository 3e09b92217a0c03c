package wanted

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/spelling"
)

// TestNoMessageIsPassedOverThatBelongs: however an id is spelled, in whatever place, a message
// that names it is read.
func TestNoMessageIsPassedOverThatBelongs(t *testing.T) {
	reader, belonged := envelope.NewReader(nil), 0
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(
			rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
			rapid.StringMatching(`[0-9a-f]{32}`), rapid.StringMatching(`0{16}[0-9a-f]{16}`), rapid.StringMatching(`[0-9]{4,9}`),
			rapid.StringMatching(`[a-z]{2,4}[-/+_][0-9]{3,6}[é"]?`),
			rapid.StringMatching(`[0-9a-f]{1,4}-[0-9a-f]{1,5}`), rapid.StringMatching(`0{0,3}[0-9a-fA-F]{1,20}`), rapid.StringMatching(`0{20}0{0,8}[0-9a-f]{4}`), rapid.StringMatching(`[aA1]{1,6}`), rapid.StringMatching(`[xy]{250,270}`)).Draw(t, "id")
		bare := strings.ReplaceAll(id, "-", "")
		spelled := rapid.SampledFrom([]string{
			id, strings.ToUpper(id), hyphened(bare), strings.ToUpper(hyphened(bare)), mixed(id), bare, strings.ToUpper(bare), "{" + id + "}", "(" + strings.ToUpper(id) + ")", "urn:uuid:" + id, strings.TrimLeft(id, "0"),
			"00-" + bare + "-00f067aa0ba902b7-01", `"` + id + `"`,
		}).Draw(t, "spelled")
		m := adapters.Message{Value: []byte(`{"type":"Tick"}`)}
		switch rapid.SampledFrom([]string{"key", "header", "binary", "trace", "value", "escaped", "number", "text", "nested"}).Draw(t, "place") {
		case "key":
			m.Key = []byte(spelled)
		case "header":
			m.Headers = []adapters.Header{{Name: "correlation_id", Value: []byte(spelled)}}
		case "binary":
			raw, _ := hex.DecodeString(bare) // of what is no number of that kind, half of it
			m.Headers = []adapters.Header{{Name: "correlation_id", Value: raw}}
		case "trace":
			name := rapid.SampledFrom([]string{"traceparent", "X-B3-TraceId", "b3"}).Draw(t, "name")
			m.Headers = []adapters.Header{{Name: name, Value: []byte(spelled)}}
		case "value":
			m.Value = fmt.Appendf(nil, `{"type":"Tick","order_id":%q}`, spelled)
		case "escaped":
			var text strings.Builder
			for _, c := range spelled {
				fmt.Fprintf(&text, `\u%04x`, c)
			}
			m.Value = fmt.Appendf(nil, `{"type":"Tick","event_id":"%s"}`, text.String())
		case "number":
			m.Value = fmt.Appendf(nil, `{"type":"Tick","order_id":%s}`, spelled)
		case "nested":
			m.Value = fmt.Appendf(nil, "%q", fmt.Sprintf(`{"type":"Tick","order_id":%q}`, spelled))
		}
		var filtered, all IDs
		filtered.Want(spelling.AppendID(nil, []byte(id)))
		all.Want(spelling.AppendID(nil, []byte(id)))
		all.sought = append(all.sought, make([]sought, mostSought)...) // so many that everything is read
		belongs := all.Take(reader, &m)
		if belongs {
			belonged++
		}
		if got := filtered.Take(reader, &m); got != belongs {
			t.Fatalf("%s in %q %q %q: belongs %v, and is taken %v", id, m.Key, m.Headers, m.Value, belongs, got)
		}
	})
	if belonged == 0 {
		t.Error("no message belongs")
	}
}

// TestANeedleIsFoundWhereItIs: as the standard library finds it, whatever comes before.
func TestANeedleIsFoundWhereItIs(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]string{`[ab]`, `[abAB1]`, `[a-fA-F0-9]`}).Draw(t, "letters")
		fold := rapid.Bool().Draw(t, "fold")
		text, in := rapid.StringMatching(letters+`{1,9}`).Draw(t, "needle"), rapid.StringMatching(letters+`{0,80}`).Draw(t, "text")
		if rapid.Bool().Draw(t, "there") {
			in += text + in
		}
		from := rapid.IntRange(0, len(in)).Draw(t, "from")
		needle, where := text, in
		if fold {
			needle, where = strings.ToLower(text), strings.ToLower(in)
		}
		want := strings.Index(where[from:], needle)
		if want >= 0 {
			found, want = found+1, from+want
		}
		if got := newNeedle([]byte(needle), fold).index([]byte(in), from); got != want {
			t.Fatalf("%q is in %q at %d from %d on, want %d", needle, in, got, from, want)
		}
	})
	if found == 0 {
		t.Error("nothing was found")
	}
}

// hyphened is a UUID in its usual spelling, of one without hyphens.
func hyphened(digits string) string {
	if len(digits) != 32 {
		return digits
	}
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}

// mixed has every other letter in capitals.
func mixed(id string) string {
	b := []byte(id)
	for i := 0; i < len(b); i += 2 {
		b[i] = strings.ToUpper(string(b[i]))[0]
	}
	return string(b)
}
