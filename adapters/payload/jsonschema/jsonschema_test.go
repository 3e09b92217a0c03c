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
	long := &Misfit{Path: []string{strings.Repeat("é", 1000), "b"}, Why: "got string"}
	if text := long.Error(); len(text) > 250 || !strings.HasPrefix(text, "got string at éé") || !strings.HasSuffix(text, "é…") {
		t.Errorf("%q", text)
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
	ones := "[" + strings.Repeat("[1,1.5],", 1500) + "1]"
	often := func(leaf string) string {
		return `{"$defs":{"c":` + leaf + `},"allOf":[` + strings.TrimSuffix(strings.Repeat(`{"$ref":"#/$defs/c"},`, 600), ",") + `]}`
	}
	for name, c := range map[string][2]string{
		"a nested constant":           {often(`{"const":[` + ones + `]}`), "[" + ones + "]"},
		"a nested constant, not it":   {often(`{"not":{"const":` + ones + `}}`), strings.TrimSuffix(ones, "1]") + "2]"},
		"nested values to choose":     {often(`{"enum":[` + strings.Repeat(ones+",", 4) + `[` + ones + `]]}`), "[" + ones + "]"},
		"nested values, none of it":   {often(`{"not":{"enum":[` + ones + `]}}`), strings.TrimSuffix(ones, "1]") + "2]"},
		"nested elements, all unlike": {often(`{"uniqueItems":true}`), `[` + ones + `,[` + ones + `]]`},
		"names that are required":     {often(`{"not":{"required":["` + strings.Repeat(`x","`, 1) + `y` + manyNames(4000) + `"]}}`), `{}`},
		"a type, and all unknown":     {often(`{"allOf":[` + strings.TrimSuffix(strings.Repeat(`{"not":{"type":"string","unevaluatedItems":false}},`, 600), ",") + `]}`), "[" + strings.Repeat("1,", 3000) + "1]"},
		"all of":                      {doubling("allOf", `{"type":"object"}`), `{}`},
		"any of, none":                {doubling("anyOf", `{"type":"string"}`), `{}`},
		"one of":                      {doubling("oneOf", `{"minProperties":1}`), `{}`},
		"not any of":                  {`{"not":` + doubling("anyOf", `{"minProperties":1}`) + `}`, `{}`},
		"by depth":                    {`{"allOf":[{"properties":{"a":{"$ref":"#"}}},{"properties":{"a":{"$ref":"#"}}}]}`, deep},
		"itself":                      {`{"$ref":"#"}`, `{}`},
		"dynamic":                     {`{"$dynamicAnchor":"x","properties":{"a":{"$dynamicRef":"#x"}}}`, `{}`},
		"a large pattern":             {`{"pattern":"` + strings.Repeat(".{900}", 60) + `"}`, `"x"`},
		"a long pattern":              {`{"pattern":"` + strings.Repeat("x", 1000) + `"}`, `"x"`},
		"a foreign one":               {`{"pattern":"(?=x)"}`, `"x"`},
		"slow matches":                {`{"additionalProperties":{"pattern":"(x+x+)+y{500}","items":{"pattern":"(a*)*[ab]{0,500}c"}}}`, wide},
		"nesting":                     {`{}`, strings.Repeat("[", 1000) + strings.Repeat("]", 1000)},
		"a large number":              {`{"multipleOf":0.1}`, `1e1000000`},
		"a long number":               {`{"multipleOf":0.1}`, strings.Repeat("9", 100_000)},
		"a large minimum":             {`{"minimum":1e1000000}`, `1`},
		"a deep schema":               {strings.Repeat(`{"not":`, 200) + `{}` + strings.Repeat("}", 200), `1`},
		"a long schema":               {`{"title":"` + strings.Repeat("x", MaxSchema) + `"}`, `1`},
		"no schema":                   {`[]`, `1`},
		"no JSON":                     {`{"type":`, `1`},
		"a type of nobody":            {`{"type":"nothing"}`, `1`},
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

// manyNames continues a list of names.
func manyNames(n int) (list string) {
	for i := range n {
		list += fmt.Sprintf(`","n%d`, i)
	}
	return list
}

// TestValuesAreEqual as JSON Schema has it, however numbers are written and members are ordered.
func TestValuesAreEqual(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		equal bool
	}{
		{"1", "1.0", true}, {"100", "1e2", true}, {"-0", "0.0", true}, {"12.50", "125e-1", true}, {"0.001", "1E-3", true},
		{"1", "-1", false}, {"1", "10", false}, {"1", `"1"`, false}, {"1e400", "1e399", false}, {"9007199254740993", "9007199254740992", false},
		{`{"a":1,"b":[true]}`, `{"b":[true],"a":1e0}`, true}, {`{"a":1}`, `{"a":1,"b":null}`, false}, {`{"a":1}`, `{"b":1}`, false},
		{`["ab","c"]`, `["a","bc"]`, false}, {`[1,23]`, `[12,3]`, false}, {`[[1],2]`, `[[1,2]]`, false}, {`[[],[1]]`, `[[1],[]]`, false},
		{"null", "false", false}, {"null", "0", false}, {"true", "false", false}, {`"true"`, "true", false}, {`[null]`, `[0]`, false},
	} {
		constant, enum, unique := Parse(`{"const":`+c.a+`}`, nil), Parse(`{"enum":["x",`+c.a+`]}`, nil), Parse(`{"uniqueItems":true}`, nil)
		for what, got := range map[string]bool{"a constant": constant.Check([]byte(c.b)) == nil, "one of several": enum.Check([]byte(c.b)) == nil, "an element": unique.Check([]byte(`[`+c.a+`,`+c.b+`]`)) != nil} {
			if got != c.equal {
				t.Errorf("%s and %s as %s: %v", c.a, c.b, what, got)
			}
		}
	}
	whole := Parse(`{"type":"integer"}`, nil)
	for text, fits := range map[string]bool{"1.0": true, "10e-1": true, "1e3": true, "0.0": true, "1.5": false, "1e-1": false, "-0.5": false, `"1"`: false} {
		if (whole.Check([]byte(text)) == nil) != fits {
			t.Errorf("whether %s is whole", text)
		}
	}
	expressions := Parse(`{"$schema":"http://json-schema.org/draft-07/schema#","format":"regex"}`, nil)
	for range 100 {
		if err := expressions.Check([]byte(`"(?=[a-z]{900})[a-z]{900}"`)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestASampleDoesNotWait for whoever checks a value of the same schema.
func TestASampleDoesNotWait(t *testing.T) {
	s := Parse(order, nil)
	s.mu.Lock()
	if err := s.Sample([]byte(`{}`)); err != nil {
		t.Error(err)
	}
	if s.mu.Unlock(); s.Sample([]byte(`{}`)) == nil {
		t.Error("it was not looked at")
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
