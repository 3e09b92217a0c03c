package payload

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

func TestSummary(t *testing.T) {
	for value, want := range map[string]string{
		`{"type":"OrderPlaced","payload":{"order_id":"ord-1009","items":[{"sku":"a"},{"sku":"b"},[1,2],4],"total":129.90,"currency":"EUR","timestamp":"2026-01-31T09:30:00Z","event_id":"e"}}`: "4 items, 129.90 EUR",
		`{"type":"OrderPlaced","payload":{"total":{"amount":129.90,"currency":"EUR"},"transaction_id":"7f3a"}}`:                                                                                "129.90 EUR, tx 7f3a",
		`{"transaction_id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","paid":true}`:                                                                                                                "tx 7c9e6679…, paid=true",
		`{"payload":{"reason":"Out of stock","sku":"sku-1","left":0,"note":null,"extra":{"a":1}}}`:                                                                                             "Out of stock, sku=sku-1, left=0, extra={…}",
		`{"action":"login","user":{"name":"ann"},"meta":{"a":1},"none":{}}`:                                                                                                                    "action=login, user={…}",
		`[1,2,3]`:                       "3 elements",
		`[{"a":1}]`:                     "1 element",
		`{"type":"T"}`:                  `{"type":"T"}`,
		`{"a":1,"b":`:                   `a=1`,
		"  two\n\n lines\t ":            "two lines",
		"\x00\x01":                      "binary, 2 bytes",
		"\xff":                          "binary, 1 bytes",
		"":                              "empty",
		"\x00\x00\x00\x00\x07{\"a\":1}": "a=1",
	} {
		if got := string(AppendSummary(nil, &adapters.Message{Value: []byte(value)}, 200)); got != want {
			t.Errorf("%s\n got %q\nwant %q", value, got, want)
		}
	}
	if got := string(AppendSummary([]byte("> "), &adapters.Message{Value: nil}, 200)); got != "> tombstone" {
		t.Errorf("no value: %q", got)
	}
	if got := string(AppendSummary(nil, &adapters.Message{Value: compressed(t, "zstd", []byte(`{"a":1}`))}, 200)); got != "a=1" {
		t.Errorf("zstd: %q", got)
	}
}

func TestSummaryIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Map(rapid.String(), func(s string) []byte { return []byte(`{"é":"` + s + `","b":[`) })).Draw(t, "value")
		width := rapid.IntRange(-1, 40).Draw(t, "width")
		got := AppendSummary([]byte("x"), &adapters.Message{Value: value}, width)
		if got[0] != 'x' || len(got)-1 > max(width, 0) {
			t.Fatalf("%q is longer than %d", got, width)
		}
		if utf8.Valid(value) && width >= utf8.UTFMax && !utf8.Valid(got) {
			t.Fatalf("%q ends within a rune", got)
		}
		if bytes.IndexByte(got, '\n') >= 0 && !bytes.HasPrefix(bytes.TrimSpace(value), []byte("{")) {
			t.Fatalf("%q has a line end", got)
		}
	})
}

func TestSummaryOfLargeValues(t *testing.T) {
	for _, value := range []string{strings.Repeat("x", 1<<20), `{"a":"` + strings.Repeat("x", 1<<20) + `"}`, strings.Repeat("[", 1<<20), strings.Repeat(`{"payload":`, 1<<18)} {
		if got := AppendSummary(nil, &adapters.Message{Value: []byte(value)}, 100); len(got) > 100 || len(got) == 0 {
			t.Errorf("%d bytes", len(got))
		}
	}
}

func BenchmarkSummary(b *testing.B) {
	value := []byte(`{"type":"OrderPlaced","payload":{"order_id":"ord-1009","customer_id":"c-1","items":[` +
		strings.Repeat(`{"sku":"sku-0001","name":"A very useful thing","quantity":2,"price":12.50},`, 9) + `{"sku":"z"}],"total":129.90,"currency":"EUR",` +
		`"timestamp":"2026-01-31T09:30:00.123Z","event_id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","note":"` + strings.Repeat("x", 80) + `"}}`)
	dst := make([]byte, 0, 512)
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	m := &adapters.Message{Value: value}
	for b.Loop() {
		dst = AppendSummary(dst[:0], m, 256)
	}
}
