package payload

import (
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
)

// maskedSchemas are a registry and what must not be shown.
type maskedSchemas struct {
	known
	rules *mask.Rules
}

func (m maskedSchemas) Mask(destination string) *mask.Mask { return m.rules.Of(destination) }

// TestNoWayShowsWhatIsMasked: whatever is asked of a message that is shown, in whatever form the
// value is, its secret is not in the answer, and the message stays as it is.
func TestNoWayShowsWhatIsMasked(t *testing.T) {
	const secret = "s3cret"
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/text"}, Headers: []string{"auth", "user-id"}, Key: true}})
	if err != nil {
		t.Fatal(err)
	}
	k := maskedSchemas{registryOf(t), rules}
	for name, c := range map[string]struct{ value, shown string }{
		"JSON":                  {`{"n":1,"text":"` + secret + `"}`, `{"n":1,"text":"***"}`},
		"JSON behind a frame":   {"\x00\x00\x00\x00\x0b{\"text\":\"" + secret + "\"}", `{"text":"***"}`},
		"Avro":                  {"\x00\x00\x00\x00\x07\x0c" + secret + "\x02", `{"text":"***","n":1}`},
		"Avro without a schema": {"\x00\x00\x00\x00\x63\x0c" + secret + "\x02", hiddenWhole},
		"Avro that is cut":      {"\x00\x00\x00\x00\x07\x0c" + secret, hiddenWhole},
		"text":                  {secret, hiddenWhole},
		"half of JSON":          {`{"text":"` + secret, hiddenWhole},
		"bytes":                 {"\xff" + secret, hiddenWhole},
	} {
		m := &adapters.Message{Value: []byte(c.value), Key: []byte(secret), Headers: []adapters.Header{{Name: "Auth", Value: []byte(secret)}}, Properties: &adapters.Properties{UserID: secret}, Schemas: k}
		d := Decode(m, 0)
		if string(d.Data) != c.shown || d.Raw != nil || !d.Masked {
			t.Errorf("%s: %q, %q", name, d.Data, d.Raw)
		}
		for _, limit := range []int{4, 20, 1 << 20} {
			d := Decode(m, limit)
			for _, text := range []string{string(d.Data), string(Readable(m, limit)), string(ReadableKey(m, limit)), string(AppendSummary(nil, m, limit))} {
				if strings.Contains(text, secret[:2]) {
					t.Errorf("%s, %d bytes: %q", name, limit, text)
				}
			}
		}
		if h := ShownHeaders(m); string(h.Headers[0].Value) != mask.Shown || h.Properties.UserID != mask.Shown || string(h.Value) != c.value {
			t.Errorf("%s: %+v", name, h)
		}
		shown := Shown(m)
		if string(shown.Value) != c.shown || string(shown.Key) != mask.Shown || string(shown.Headers[0].Value) != mask.Shown || shown.Properties.UserID != mask.Shown || string(Headers(m)[0].Value) != mask.Shown {
			t.Errorf("%s: %+v", name, shown)
		}
		if string(m.Value) != c.value || string(m.Key) != secret || string(m.Headers[0].Value) != secret || m.Properties.UserID != secret {
			t.Errorf("%s: the message was changed", name)
		}
	}
	plain := &adapters.Message{Value: []byte(`{"n":1}`), Schemas: k}
	if d := Decode(plain, 0); d.Masked || string(d.Data) != `{"n":1}` {
		t.Errorf("nothing of it is masked: %+v", d)
	}
	tombstone := &adapters.Message{Schemas: k}
	if d := Decode(tombstone, 0); d.Format != Tombstone || Shown(tombstone).Value != nil {
		t.Errorf("%+v", d)
	}
}

// TestWhatIsEncryptedIsNoText: in what ids are read from, words about the encryption would be one,
// and the same for all; people are told them.
func TestWhatIsEncryptedIsNoText(t *testing.T) {
	rules, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/n"}}})
	if err != nil {
		t.Fatal(err)
	}
	k := known{}
	k.add(t, 7, `{"type":"record","name":"Note","fields":[{"name":"text","type":"string","confluent:tags":["PII"]},{"name":"n","type":"long"}]}`)
	k[7].Encrypts = []schemas.Encryption{{Tags: []string{"PII"}, Key: "k"}}
	m := &adapters.Message{Value: []byte("\x00\x00\x00\x00\x07\x06abc\x02"), Schemas: maskedSchemas{k, rules}}
	if shown := Shown(m); string(shown.Value) != `{"text":"***","n":"***"}` {
		t.Errorf("%s", shown.Value)
	}
	if d := Decode(m, 0); string(d.Data) != `{"text":"`+k[7].Encrypts[0].String()+`","n":"***"}` {
		t.Errorf("%s", d.Data)
	}
}

// TestAMisfitTellsNothingOfWhatIsMasked: neither names in it nor what is wrong there, however it is
// asked for and whether paths or tags mask it.
func TestAMisfitTellsNothingOfWhatIsMasked(t *testing.T) {
	const text = `{"type":"object","properties":{"n":{"type":"number"},"plan":{"type":"string","maxLength":3},
	 "card":{"confluent:tags":["PII"],"type":"object","additionalProperties":{"type":"object","additionalProperties":false}}}}`
	for rule, rules := range map[string]mask.Rule{"by its path": {Destination: "*", Paths: []string{"/card"}}, "by its tag": {Destination: "*", Tags: []string{"PII"}}, "in part": {Destination: "*", Paths: []string{"/card/*"}}} {
		masks, err := mask.Compile([]mask.Rule{rules})
		if err != nil {
			t.Fatal(err)
		}
		within := "what is masked does not fit at card"
		if rule == "in part" {
			within += ".holder"
		}
		for value, want := range map[string]string{
			`{"card":{"holder":{"s3cret":1}}}`:     within,
			`{"card":{"holder":"s3cret"}}`:         within,
			`{"card":{"holder":{}},"plan":"free"}`: "maxLength: got 4, want 3 at plan",
			`{"n":"x"}`:                            "got string, want number at n",
			`{"n":1}`:                              "",
			`{"n":`:                                "it is no JSON at byte 4",
		} {
			s := &schemas.Schema{Format: "JSON", Text: text, Ref: schemas.Ref{By: schemas.ByID, ID: 9}}
			if err := Compile(s, nil); err != nil {
				t.Fatal(err)
			}
			m := &adapters.Message{Value: []byte("\x00\x00\x00\x00\x09" + value), Schemas: maskedSchemas{known{9: s}, masks}}
			_, fit := Fit(m)
			for way, err := range map[string]error{"looked at": fit, "sampled": SampleFit(m, s, m.Value)} {
				if got := wordsOf(err); got != want {
					t.Errorf("%s, %s, %s: %q, not %q", rule, value, way, got, want)
				}
			}
		}
	}
}

// TestAMisfitOfBytesTellsNothing but its place where something is masked, for what does not fit may be that:
// neither the index of a branch or of a symbol, nor a name of Protobuf, nor a letter of what is no JSON.
func TestAMisfitOfBytesTellsNothing(t *testing.T) {
	masks, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/card"}}})
	if err != nil {
		t.Fatal(err)
	}
	avro := &schemas.Schema{Format: "AVRO", Ref: schemas.Ref{By: schemas.ByID, ID: 9}, Text: `{"type":"record","name":"N","fields":[{"name":"card","type":["null","string"]}]}`}
	proto := &schemas.Schema{Format: "PROTOBUF", Ref: schemas.Ref{By: schemas.ByID, ID: 10}, Text: `syntax = "proto3"; message N { string card = 1; }`}
	for _, s := range []*schemas.Schema{avro, proto} {
		if err := Compile(s, nil); err != nil {
			t.Fatal(err)
		}
	}
	for value, words := range map[string]string{
		"\x00\x00\x00\x00\x09\x54":             "42 is none of",
		"\x00\x00\x00\x00\x0a\x00\x08\xaa\x01": "(card)",
		`{"card":s3`:                           "'s'",
		"s3cret":                               "'s'",
	} {
		for masked, finder := range map[bool]schemas.Finder{false: known{9: avro, 10: proto}, true: maskedSchemas{known{9: avro, 10: proto}, masks}} {
			m := &adapters.Message{Value: []byte(value), Schemas: finder}
			said := ""
			for _, declined := range decodeMasked(m, 0, schemas.Encryption.String).Declined {
				said += declined.Why.Error() + "\n"
			}
			if reading, err := ReadingOf(m, Value, m.Value, FindSchema); err == nil && reading.Values != nil {
				said += wordsOf(CheckFit(m, &reading))
			}
			if strings.Contains(said, words) == masked || !strings.Contains(said, "at byte ") {
				t.Errorf("%q, masked %v: %s", value, masked, said)
			}
		}
	}
}

// TestNothingIsDecompressedForEachMessage: who reads all of them would else make 32 MiB of a few kilobytes.
func TestNothingIsDecompressedForEachMessage(t *testing.T) {
	masks, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/card"}}})
	if err != nil {
		t.Fatal(err)
	}
	bomb := compressed(t, "gzip", []byte(`{"card":"`+strings.Repeat("1", 8<<20)+`"}`))
	m := &adapters.Message{Value: bomb, Schemas: maskedSchemas{known{}, masks}}
	shown := Shown(m)
	if n := testing.AllocsPerRun(10, func() { shown = Shown(m) }); len(shown.Value) > 0 || n > 4 {
		t.Errorf("%d bytes, %v allocations", len(shown.Value), n)
	}
	m.Value, m.Headers = []byte(`{"card":"s3cret"}`), []adapters.Header{{Name: "content-encoding", Value: []byte("gzip")}}
	if shown := Shown(m); strings.Contains(string(shown.Value), "s3cret") {
		t.Errorf("what only says that it is compressed: %s", shown.Value)
	}
}

func wordsOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
