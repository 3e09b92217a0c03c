package payload

import "testing"

func TestLookup(t *testing.T) {
	value := []byte(` {"type":"T","payload":{"items":[{"sku":"a"},{"s\u006bu":"b"}],"n":1.50,"":0,"z":null}}`)
	for path, want := range map[string]string{
		"type": `"T"`, "payload.items.1.sku": `"b"`, "payload.n": "1.50", "payload.z": "null", "payload.": "0", "payload.items.0": `{"sku":"a"}`,
		"payload.items.2": "", "payload.items.x": "", "payload.items.-1": "", "nothing": "", "type.x": "", "payload.n.x": "",
	} {
		if got := string(Lookup(value, path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for _, broken := range []string{"", "x", `{"a":{"b"`, `{"a" 1}`, `"a"`, `{"b":x,"a":1}`} {
		if got := Lookup([]byte(broken), "a"); got != nil {
			t.Errorf("%s: %s", broken, got)
		}
	}
	if got := string(Lookup([]byte("\x00\x00\x00\x00\x07{\"a\":1}"), "a")); got != "1" {
		t.Errorf("with a schema id: %q", got)
	}
}

func TestPlain(t *testing.T) {
	value := []byte(`{"a":"out of stock"}`)
	for _, encoding := range []string{"", "gzip", "zstd"} {
		wire := value
		if encoding != "" {
			wire = compressed(t, encoding, value)
		}
		if got := string(Plain(message(wire, ""), 1000)); got != string(value) {
			t.Errorf("%s: %q", encoding, got)
		}
	}
}
