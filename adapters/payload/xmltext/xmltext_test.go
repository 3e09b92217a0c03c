package xmltext

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// TestXMLAsJSON: elements by their names, several of one name as an array, attributes and text.
func TestXMLAsJSON(t *testing.T) {
	for text, want := range map[string]string{
		`<order id="ord-1"><total currency="EUR">12.50</total><line>a</line><note/><line>b</line></order>`: `{"order":{"@id":"ord-1","total":{"@currency":"EUR","#text":"12.50"},"line":["a","b"],"note":""}}`,
		"\xef\xbb\xbf <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x --><a>1 &lt; 2 &#x41;</a>\n":      `{"a":"1 < 2 A"}`,
		`<s:Envelope xmlns:s="http://x"><s:Body><m:id xmlns:m="y" m:k="v">7</m:id></s:Body></s:Envelope>`:  `{"Envelope":{"Body":{"id":{"@k":"v","#text":"7"}}}}`,
		`<a><![CDATA[<b>]]></a>`: `{"a":"<b>"}`,
		`<a>x<b/>y</a>`:          `{"a":{"b":"","#text":"xy"}}`,
	} {
		got, err := AppendJSON(nil, []byte(text), 0)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

// TestXMLThatIsNotRead: what is broken, what defines entities, what is too large.
func TestXMLThatIsNotRead(t *testing.T) {
	bomb := `<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>`
	for name, text := range map[string]string{
		"entities of its own": bomb, "a file": `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`,
		"broken": `<a><b></a>`, "cut": `<a><b>`, "two roots": `<a/><b/>`, "text": "hello", "nothing": "", "a comparison": "<3 you", "only a head": `<?xml version="1.0"?>`,
		"another charset": `<?xml version="1.0" encoding="ISO-8859-1"?><a>x</a>`,
		"deep":            strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000),
		"many":            "<a>" + strings.Repeat("<b/>", maxNodes) + "</a>",
		"long":            "<a>" + strings.Repeat("x", longest) + "</a>",
	} {
		if got, err := AppendJSON(nil, []byte(text), 0); err == nil || len(got) > 0 {
			t.Errorf("%s: %.100s", name, got)
		}
	}
	if got, err := AppendJSON([]byte("x"), []byte("<a>12345</a>"), 5); err == nil || string(got) != "x" {
		t.Errorf("%s, %v", got, err)
	}
}

// FuzzXML: whatever is read is JSON.
func FuzzXML(f *testing.F) {
	f.Add([]byte(`<order id="ord-1"><total currency="EUR">12.50</total><line>a</line><line>b</line></order>`))
	f.Add([]byte("<!DOCTYPE l [<!ENTITY a \"b\">]><l>&a;\xff</l>"))
	f.Add([]byte("<a\xc3\x28 b='\x00'/>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := AppendJSON(nil, text, 0)
		if err == nil && !jsontext.Value(got).IsValid(jsontext.AllowDuplicateNames(true)) {
			t.Errorf("%q", got)
		}
	})
}
