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
		all.sought = append(all.sought, make([]*sought, mostSought)...) // so many that everything is read
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

// TestAKeyThatIsNoTextIsRead, though there is nothing else: Avro's spelling of a number is another.
func TestAKeyThatIsNoTextIsRead(t *testing.T) {
	var ids IDs
	ids.Want([]byte("1004"))
	if !ids.mayBelong(&adapters.Message{Key: []byte("\x00\x00\x00\x00\x15\xd8\x0f")}) {
		t.Error("the key of a row that is gone was not read")
	}
	if ids.mayBelong(&adapters.Message{Key: []byte("1005")}) {
		t.Error("everything is read")
	}
}

// TestNeedlesAreFoundWhereOneIs: as the standard library finds each, whatever comes before, however
// many there are and however long.
func TestNeedlesAreFoundWhereOneIs(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]string{`[gh]`, `[ghGH1]`, `[a-f0-9]`, `[a-z0-9A-Z]`}).Draw(t, "letters")
		texts := rapid.SliceOfN(rapid.StringMatching(letters+`{2,9}`), 1, 9).Draw(t, "needles")
		in := rapid.StringMatching(letters+`{0,80}`).Draw(t, "text")
		if rapid.Bool().Draw(t, "there") {
			in += rapid.SampledFrom(texts).Draw(t, "which") + in
		}
		var ids []*sought
		want := false
		for _, text := range texts {
			fold := rapid.Bool().Draw(t, "fold")
			if fold {
				text = strings.ToLower(text)
				want = want || strings.Contains(strings.ToLower(in), text)
			}
			want = want || strings.Contains(in, text)
			ids = append(ids, &sought{text: []byte(text), fold: fold})
		}
		if want {
			found++
		}
		if got := newNeedles(ids).in([]byte(in)); got != want {
			t.Fatalf("one of %q is in %q: %v, want %v", texts, in, got, want)
		}
	})
	if found == 0 {
		t.Error("nothing was found")
	}
}

// TestManyIDsOfOneHost: their tail alone is enough, whatever is before it, so that a message with others
// of that host is read rather than held against each of them.
func TestManyIDsOfOneHost(t *testing.T) {
	id := func(n int) []byte { return fmt.Appendf(nil, "%08x-2b3c-11ee-9d5a-0242ac120002", 0x5f3a1000+n) }
	var ids []*sought
	for n := range 2 * mostOfOneTail {
		ids = append(ids, soughtOf(id(n)))
		needles := newNeedles(append(ids, soughtOf([]byte("ord-1009"))))
		if got, want := needles.in(id(1000)), n >= mostOfOneTail; got != want {
			t.Errorf("another one of that host may be one of %d: %v", n+1, got)
		}
		if !needles.in(id(n)) || !needles.in(id(0)) || !needles.in([]byte(`"ord-1009"`)) {
			t.Errorf("of %d one is passed over", n+1)
		}
		if all := len(needles.ending['2']); all > mostOfOneTail {
			t.Errorf("a text is held against %d", all)
		}
	}
}

// BenchmarkNeedles is what it takes to look for the ids of a flow in a message of 1 KB that has none
// of them.
func BenchmarkNeedles(b *testing.B) {
	text := []byte(`{"type":"ShipmentPrepared","payload":{"order_id":"ord-0000-0839598","customer_id":"cust-19598","amount":129.90,"items":[{"sku":"A-1","quantity":2}],"timestamp":"2026-01-31T10:39:59.598Z","note":"` +
		strings.Repeat("fore gift within asked leave two fragile at before ", 15) + `","event_id":"6e346a92-dd3d-401d-a71c-e55d78f6ea7c"}}`)
	for _, n := range []int{1, 3, 12, 50, 200, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var ids []*sought
			for i := range n {
				ids = append(ids, soughtOf(fmt.Appendf(nil, "%08x-1111-4222-8333-%012x", i, uint64(i)*0x9e3779b97f4a7c15>>16)))
			}
			needles := newNeedles(ids)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if needles.in(text) {
					b.Fatal("it is there")
				}
			}
		})
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
