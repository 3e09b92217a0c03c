package jsonschema

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const order = `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["order_id","total"],"additionalProperties":false,
 "properties":{"order_id":{"type":"string","pattern":"^ord-"},"total":{"type":"number","minimum":0},"card":{"type":"string","maxLength":4},"mail":{"type":"string","format":"email"},
 "lines":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"},"n":{"type":"integer","enum":[1,2]}}}},"key":{"type":"string","format":"guid"},
 "either":{"anyOf":[{"type":"string"},{"type":"null"}]}}}`

// TestWhatDoesNotFitSaysWhere, why, and nothing of the value.
func TestWhatDoesNotFitSaysWhere(t *testing.T) {
	s := Parse(order, nil)
	for value, want := range map[string]string{
		`{"order_id":"ord-1","total":9.5}`: "",
		`{"order_id":"ord-1","total":9007199254740993,"lines":[{"sku":"a","n":1}],"either":null}`: "",
		`{"order_id":"ord-1","total":1,"key":"no guid at all"}`:                                   "", // of which nobody knows what it is
		`{"order_id":"ord-1","total":"s3cr3t"}`:                                                   "got string, want number at total",
		`{"order_id":"ord-1"}`:                                                                    "missing property 'total'",
		`{"order_id":"s3cr3t","total":1}`:                                                         "it is not what pattern asks for at order_id",
		`{"order_id":"ord-1","total":-1}`:                                                         "it is not what minimum asks for at total",
		`{"order_id":"ord-1","total":1,"card":"s3cr3t"}`:                                          "maxLength: got 6, want 4 at card",
		`{"order_id":"ord-1","total":1,"mail":"s3cr3t"}`:                                          "it is no email at mail",
		`{"order_id":"ord-1","total":1,"more":1}`:                                                 "additional properties 'more' not allowed",
		`{"order_id":"ord-1","total":1,"lines":[{"n":1},{"sku":"s3cr3t","n":3}]}`:                 "value must be one of 1, 2 at lines.1.n",
		`{"order_id":"ord-1","total":1,"either":5}`:                                               "it is not one of the alternatives at either",
		`[]`:                    "got array, want object",
		`{"order_id":"ord-1"`:   "it is no JSON at byte 19",
		`{"order_id":"ord-1",]`: "it is no JSON at byte 19",
		`{} {}`:                 "it has something behind its end",
		`{"order_id":"a","order_id":"ord-1","total":1}`: "",
	} {
		got := ""
		if err := s.Check([]byte(value)); err != nil {
			got = err.Error()
		}
		if got != want || strings.Contains(got, "s3cr3t") {
			t.Errorf("%s: %q, not %q", value, got, want)
		}
	}
	if misfit, ok := errors.AsType[*Misfit](s.Check([]byte(`{"order_id":"ord-1","total":1,"` + strings.Repeat("x", 1000) + `":1}`))); !ok || len(misfit.Why) > longestWhy+4 {
		t.Errorf("%v", misfit)
	}
}

// TestReferencesThatTheRegistryGives are followed, whichever way they are named, and no others.
func TestReferencesThatTheRegistryGives(t *testing.T) {
	money := `{"type":"object","properties":{"cents":{"type":"integer"}}}`
	for name, text := range map[string]string{
		"by its name":        `{"properties":{"total":{"$ref":"money.json"}}}`,
		"beside its own":     `{"$id":"https://shop.example/schemas/order.json","properties":{"total":{"$ref":"money.json"}}}`,
		"by a whole address": `{"properties":{"total":{"$ref":"https://shop.example/money.json"}}}`,
	} {
		s := Parse(text, map[string]string{"money.json": money, "https://shop.example/money.json": money})
		if err := s.Check([]byte(`{"total":{"cents":"x"}}`)); err == nil || errors.Is(err, ErrUnchecked) || err.Error() != "got string, want integer at total.cents" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, elsewhere := range []string{"https://127.0.0.1:1/x.json", "file:///etc/passwd", "other.json", "http://json-schema.org/draft-03/schema#"} {
		s := Parse(`{"$ref":"`+elsewhere+`"}`, nil)
		if err := s.Check([]byte(`{}`)); !errors.Is(err, ErrUnchecked) || strings.Contains(fmt.Sprint(err), "root:") {
			t.Errorf("%s: %v", elsewhere, err)
		}
	}
}

// TestSchemasAndValuesThatWouldTakeForEver are given up soon.
func TestSchemasAndValuesThatWouldTakeForEver(t *testing.T) {
	doubling := func(keyword, leaf string) string {
		text := `{"$defs":{"a40":` + leaf
		for i := range 40 {
			text += fmt.Sprintf(`,"a%d":{"%s":[{"$ref":"#/$defs/a%d"},{"$ref":"#/$defs/a%d"}]}`, i, keyword, i+1, i+1)
		}
		return text + `},"$ref":"#/$defs/a0"}`
	}
	deep := strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60)
	wide := `{"x":"` + strings.Repeat("a", 60<<10) + `","y":[` + strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("a", 1000)+`",`, 1000), ",") + `]}`
	for name, c := range map[string][2]string{
		"all of":           {doubling("allOf", `{"type":"object"}`), `{}`},
		"any of, none":     {doubling("anyOf", `{"type":"string"}`), `{}`},
		"one of":           {doubling("oneOf", `{"minProperties":1}`), `{}`},
		"not any of":       {`{"not":` + doubling("anyOf", `{"minProperties":1}`) + `}`, `{}`},
		"by depth":         {`{"allOf":[{"properties":{"a":{"$ref":"#"}}},{"properties":{"a":{"$ref":"#"}}}]}`, deep},
		"itself":           {`{"$ref":"#"}`, `{}`},
		"dynamic":          {`{"$dynamicAnchor":"x","properties":{"a":{"$dynamicRef":"#x"}}}`, `{}`},
		"a large pattern":  {`{"pattern":"` + strings.Repeat(".{900}", 60) + `"}`, `"x"`},
		"a long pattern":   {`{"pattern":"` + strings.Repeat("x", 1000) + `"}`, `"x"`},
		"a foreign one":    {`{"pattern":"(?=x)"}`, `"x"`},
		"slow matches":     {`{"additionalProperties":{"pattern":"(x+x+)+y{500}","items":{"pattern":"(a*)*[ab]{0,500}c"}}}`, wide},
		"nesting":          {`{}`, strings.Repeat("[", 1000) + strings.Repeat("]", 1000)},
		"a large number":   {`{"multipleOf":0.1}`, `1e1000000`},
		"a long number":    {`{"multipleOf":0.1}`, strings.Repeat("9", 100_000)},
		"a large minimum":  {`{"minimum":1e1000000}`, `1`},
		"a deep schema":    {strings.Repeat(`{"not":`, 200) + `{}` + strings.Repeat("}", 200), `1`},
		"a long schema":    {`{"title":"` + strings.Repeat("x", MaxSchema) + `"}`, `1`},
		"no schema":        {`[]`, `1`},
		"no JSON":          {`{"type":`, `1`},
		"a type of nobody": {`{"type":"nothing"}`, `1`},
	} {
		s := Parse(c[0], nil)
		err := s.Check([]byte(c[1]))
		if _, misfit := errors.AsType[*Misfit](err); !errors.Is(err, ErrUnchecked) && !(name == "itself" && misfit) && !(name == "any of, none" && misfit) && !(name == "one of" && misfit) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Sample([]byte(c[1])); errors.Is(err, ErrUnchecked) {
			t.Errorf("%s, as a sample: %v", name, err)
		}
	}
}

// TestSomeValuesAreSampled: the first, and some of the others.
func TestSomeValuesAreSampled(t *testing.T) {
	s, found := Parse(order, nil), 0
	for range 6400 + firstSamples {
		if s.Sample([]byte(`{}`)) != nil {
			found++
		}
	}
	if found < firstSamples+95 || found > firstSamples+105 {
		t.Errorf("%d were looked at", found)
	}
	if s.Sample([]byte(`{"a":"`+strings.Repeat("x", largestSample)+`"}`)) != nil {
		t.Error("a large value was")
	}
}

// FuzzCheck: no schema and no value ends the process, and reasons hold nothing of the value.
func FuzzCheck(f *testing.F) {
	f.Add(order, `{"order_id":"ord-1","total":"x"}`)
	f.Add(`{"allOf":[{"$ref":"#/$defs/a"},{"not":{"$ref":"#"}}],"$defs":{"a":{"uniqueItems":true,"contains":{"const":1},"unevaluatedItems":false}}}`, `[1,1.0,{"a":1e5}]`)
	f.Add(`{"if":{"propertyNames":{"pattern":"^a"}},"then":{"dependentSchemas":{"a":{"maxProperties":1}}},"else":false}`, `{"a":"\ud800","b":[]}`)
	f.Fuzz(func(t *testing.T, schema, value string) {
		s := Parse(schema, nil)
		err := s.Check([]byte(value))
		if misfit, ok := errors.AsType[*Misfit](err); ok && (misfit.Why == "" || strings.Contains(misfit.Why, "\n")) {
			t.Errorf("%q", misfit.Why)
		}
	})
}

// BenchmarkCheck is what a check of a small value costs.
func BenchmarkCheck(b *testing.B) {
	s, value := Parse(order, nil), []byte(`{"order_id":"ord-1","total":9.5,"lines":[{"sku":"a","n":1},{"sku":"b","n":2}],"either":null}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Check(value); err != nil {
			b.Fatal(err)
		}
	}
}
