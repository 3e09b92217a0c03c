package output

import (
	"regexp"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/replay"
	"eventscope/tracing"
)

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestATerminalHasHeadingsOnce, over columns that begin where those of the lines do, and a pipe
// has none.
func TestATerminalHasHeadingsOnce(t *testing.T) {
	plain := messages["plain"]
	for _, colour := range []bool{false, true} {
		f := format(t, Options{Kind: "text", Terminal: true, Width: 160, Colour: colour})
		got := string(appendMessage(f, appendMessage(f, nil, &plain), &plain))
		if strings.Contains(got, "\x1b") != colour {
			t.Errorf("colour %v: %q", colour, got)
		}
		lines := strings.Split(strings.TrimSuffix(sgr.ReplaceAllString(got, ""), "\n"), "\n")
		if len(lines) != 3 || !strings.HasPrefix(lines[0], "Time ") || lines[1] != lines[2] {
			t.Fatalf("%q", lines)
		}
		for heading, content := range map[string]string{"Type": "OrderPlaced", "Position": "orders/2@881", "About": "ord-1009", "Value": "total="} {
			if at := strings.Index(lines[0], heading); at < 0 || at != strings.Index(lines[1], content) {
				t.Errorf("%s stands elsewhere than %s:\n%s\n%s", heading, content, lines[0], lines[1])
			}
		}
	}
	if got := string(appendMessage(format(t, Options{Kind: "text", Colour: true}), nil, &plain)); strings.Contains(got, "Time") {
		t.Errorf("a pipe has %q", got)
	}
}

// TestAColouredLineSaysWhatThePlainOneDoes, for every kind of line that has colours.
func TestAColouredLineSaysWhatThePlainOneDoes(t *testing.T) {
	letter := letterOf(t, messages["dead letter"])
	lines := func(colour bool) string {
		f := format(t, Options{Kind: "text", Terminal: true, Width: 120, Colour: colour})
		var out []byte
		for _, name := range order {
			m := messages[name]
			out = appendMessage(f, out, &m)
		}
		out = f.AppendFlow(out, &tracing.FlowSummary{ID: "flow-7", Entity: "SO-70001", Status: tracing.Stuck, Events: 3, Types: []string{"A", "B"}})
		return string(f.AppendLetterPage(f.AppendLetter(out, letter), letter))
	}
	plain, coloured := lines(false), lines(true)
	if sgr.ReplaceAllString(coloured, "") != plain {
		t.Errorf("coloured:\n%s\nplain:\n%s", coloured, plain)
	}
	if strings.Contains(plain, "\x1b") || coloured == plain {
		t.Errorf("coloured:\n%q", coloured)
	}
}

// TestAFlowIsKnownByItsOrder, and by its id where it is about several.
func TestAFlowIsKnownByItsOrder(t *testing.T) {
	for want, flow := range map[string]tracing.FlowSummary{
		"SO-70001":  {ID: "0b2f", Entity: "SO-70001"},
		"0b2f":      {ID: "0b2f", Entity: "SO-70001", Entities: 5},
		"0b2f-none": {ID: "0b2f-none"},
	} {
		if got := string(format(t, Options{Kind: "text"}).AppendFlow(nil, &flow)); !strings.HasPrefix(got, want+" ") {
			t.Errorf("want %s: %q", want, got)
		}
	}
}

func letterOf(t *testing.T, m adapters.Message) *Letter {
	t.Helper()
	info, ok := deadheader.Read(&m)
	if !ok {
		t.Fatal("no dead letter")
	}
	var id envelope.Identity
	envelope.NewReader(nil).Read(&m, &id)
	letter := &replay.Letter{Source: "kafka", Broker: "kafka", DLQ: m.Position.Destination, Position: m.Position, Time: m.Time, Size: m.Size(), Type: "OrderPlaced", Entity: "SO-70001", DeadLetter: info, To: "orders", ToFrom: "header kafka_dlt-original-topic"}
	return &Letter{Letter: letter, Message: &m, Identity: &id}
}

// TestThePageOfALetterHasAllOfIt: facts, headers and value, none of them cut by the terminal's
// width, and none of them raw.
func TestThePageOfALetterHasAllOfIt(t *testing.T) {
	m := messages["dead letter"]
	m.Value = []byte(`{"order":{"id":"SO-70001","lines":[{"sku":"a\u001b[31m","note":"` + strings.Repeat("long ", 60) + `end"}]}}`)
	m.Headers = append(m.Headers[:len(m.Headers):len(m.Headers)], adapters.Header{Name: "kafka_dlt-original-consumer-group", Value: []byte("ux-payments")}, adapters.Header{Name: "x", Value: []byte("\x1b[2J")})
	page := string(format(t, Options{Kind: "text", Terminal: true, Width: 80}).AppendLetterPage(nil, letterOf(t, m)))
	for _, want := range []string{
		"orders.DLT/0@9  open\n", "Failed in    ux-payments\n", "Why          IllegalStateException", "Message      no stock\n", "Target       orders (header kafka_dlt-original-topic)\n",
		"Entity       SO-70001\n", "\nHeaders\n", "kafka_dlt-exception-message  \"no stock\"\n", "\nValue, json\n", "order:\n", "  id: \"SO-70001\"\n", "end\"\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("it misses %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "\x1b") {
		t.Errorf("%q", page)
	}
	if line := format(t, Options{Kind: "json"}); string(line.AppendLetterPage(nil, letterOf(t, m))) != string(line.AppendLetter(nil, letterOf(t, m))) {
		t.Error("in JSON the page is another line than the letter's")
	}
}
