package eventpage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/tracing"
	"eventscope/tui/eventpage"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// event is the page of an event whose message is that.
type event struct {
	*tuitest.Alone
	config *eventpage.Config
	page   *eventpage.Page
	loads  int
}

// of shows the page of an event alone, before its message was read where that is held.
func of(t *testing.T, width, height int, marks tracing.Marks, load func() (adapters.Message, error)) *event {
	t.Helper()
	e := &event{Alone: tuitest.NewAlone(t, width, height)}
	e.config = &eventpage.Config{Screen: e.Alone, Letters: e.Alone, Words: page.Words{"kafka": driver.Words{Product: "Kafka"}}, Files: page.Files{SaveFolder: t.TempDir()}}
	e.page = e.config.NewLoading(tracing.Event{Source: "s", Broker: "kafka", Position: position, Type: "OrderPlaced", Marks: marks}, text.Own("reading it again"), func(context.Context) (adapters.Message, *tracing.Event, error) {
		e.loads++
		message, err := load()
		return message, nil, err
	})
	return e
}

// load gives a message.
func load(m adapters.Message) eventpage.Load {
	return func(context.Context) (adapters.Message, *tracing.Event, error) { return m, nil, nil }
}

// headers makes headers out of names and values in turn.
func headers(pairs ...string) (list []adapters.Header) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, adapters.Header{Name: pairs[i], Value: []byte(pairs[i+1])})
	}
	return list
}

var position = adapters.Position{Destination: "orders", Partition: 0, Offset: 7}

// valued is the page of an event with a value and as many headers as are said.
func valued(t *testing.T, width, height int, value string, headers int) *event {
	t.Helper()
	e := of(t, width, height, 0, func() (adapters.Message, error) {
		m := adapters.Message{Position: position, Value: []byte(value)}
		for i := range headers {
			m.Headers = append(m.Headers, adapters.Header{Name: fmt.Sprintf("h-%02d", i), Value: fmt.Appendf(nil, "v-%02d", i)})
		}
		return m, nil
	})
	e.Show(e.page)
	return e
}

// rowOf is the row of the page that has a text first, or -1.
func (e *event) rowOf(words string) int {
	return slices.IndexFunc(strings.Split(e.Text(), "\n"), func(line string) bool { return strings.Contains(line, words) })
}

// TestAMessageIsReadOnce, also when that fails: nobody asks a broker again and again for what it has
// not got. Until then the keys for the value say that it is not there.
func TestAMessageIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := of(t, 140, 20, 0, func() (adapters.Message, error) { return adapters.Message{}, errors.New("the broker is away") })
		e.Hold().Show(e.page)
		e.Pass(time.Second).Sees("reading it again 1 s", "position   Kafka orders/0@7").Press("enter").Sees("the value is not there").Press("tab").Selects("position").Press("j").Selects("source")
		e.Answer().Sees("The value cannot be shown: the broker is away")
		for range 5 {
			e.Pass(time.Minute).Press("y").Sees("the value is not there")
		}
		if e.loads != 1 || e.Copied != "" {
			t.Errorf("it was read %d times, and %q was copied", e.loads, e.Copied)
		}
	})
}

// TestAClickActsOnTheHalfThatItHits: on a fact it goes there, and opens nothing; the value's cursor
// stays, and enter folds nothing that nobody sees selected.
func TestAClickActsOnTheHalfThatItHits(t *testing.T) {
	for _, width := range []int{140, 80} {
		e := valued(t, width, 30, `{"a":1,"b":{"c":2},"d":3}`, 3)
		value, fact := e.rowOf("b  {1}"), e.rowOf("source")
		column := 0
		if width == 140 {
			column = 100
		}
		if again := e.Click(column, value); again {
			t.Fatal("the first click on a line opens it")
		}
		e.Sees("line 3 of 5")
		if again := e.Click(column, value); !again {
			t.Error("the second click on a line does not open it")
		}
		for range 2 {
			if e.Click(3, fact) {
				t.Error("a click on a fact opens something")
			}
		}
		e.Selects("source").Sees("line 3 of 5").Misses("enter fold").Press("enter").Sees("line 3 of 5", "c  2").Press("tab").Selects("b  {1}").Press("enter").Sees("line 3 of 4").Misses("c  2")
		if below := e.rowOf("d  3") + 1; e.Click(column, below) || e.Click(3, 0) {
			t.Error("a click on no line opens one")
		}
		e.Sees("line 3 of 4").Selects("b  {1}")
	}
}

// TestTabGivesTheRoom of a narrow page to the half that has the focus, and the other keeps some.
func TestTabGivesTheRoom(t *testing.T) {
	e := valued(t, 80, 24, "{\"a\":1}", 40)
	facts := func() int { return e.rowOf("more facts, tab") - 1 } // below the first line
	if got := facts(); got != 23/3 {
		t.Errorf("%d facts are shown beside the value, of 23 rows", got)
	}
	e.Press("tab")
	if got := facts(); got != 23-5 {
		t.Errorf("%d facts are shown when they have the focus", got)
	}
	e.Sees("{1}", "a  1").Press("G").Selects("is", "json, 7 B").Press("tab")
	if got := facts(); got != 23/3 {
		t.Errorf("%d facts are shown when the value has it again", got)
	}
	e = valued(t, 80, 60, "{\"a\":1}", 2)
	if e.Press("tab").Misses("more fact"); e.rowOf("──") != e.rowOf("json, 7 B")+1 {
		t.Errorf("few facts take more than they need:\n%s", e.Text())
	}
}

// TestALowPageHasRoomForOneHalf, which is that with the focus.
func TestALowPageHasRoomForOneHalf(t *testing.T) {
	e := valued(t, 80, 10, `{"a":1}`, 5).Sees("position", "a  1")
	e.Resize(80, 9).Sees("a  1", "tree line 1 of 2").Misses("position").Press("tab").Sees("position", "line 1 of 2").Misses("a  1").Press("j", "j").Selects("written").Press("tab").Selects("{1}").Misses("position")
}

// TestALongFactIsScrolled to its end and no further, and the next one begins at its first cell.
func TestALongFactIsScrolled(t *testing.T) {
	long := strings.Repeat("0123456789", 12) + "the end"
	e := of(t, 120, 30, 0, func() (adapters.Message, error) {
		return adapters.Message{Value: []byte("x"), Headers: []adapters.Header{{Name: "long", Value: []byte(long)}, {Name: "next", Value: []byte(long)}}}, nil
	})
	e.Show(e.page)
	e.Press("tab", "G", "k", "k", "k", "k").Selects("long", "0123").Press("h").Selects("long", "0123")
	for range 20 {
		e.Press("l")
	}
	e.Selects("the end").Press("j").Selects("next", "0123").Press("k").Selects("long", "0123").Press("l", "l").Selects("2345678901").Press("h", "h", "h").Selects("0123456789")
}

// TestWordsInBytesAreFoundRowByRow: what is in a row once more is not gone to again, and what a row
// breaks is found where it begins.
func TestWordsInBytesAreFoundRowByRow(t *testing.T) {
	value := "ab..ab.........." + "..............ab" + "...............a" + "b..............."
	e := valued(t, 200, 20, value, 0) // a row has 16 bytes
	e.Press("v").Sees("hex line 1 of 4").Press("/").Write("ab").Sees("hex line 2 of 4").Press("n").Sees("hex line 3 of 4").Press("n").Sees("hex line 1 of 4")
	e.Press("N").Sees("hex line 3 of 4").Press("N").Sees("hex line 2 of 4").Press("N").Sees("hex line 1 of 4")
	e.Press("/").Write("AB").Sees("AB is not in the value", "hex line 1 of 4").Press("esc").Misses("/AB").Press("n").Sees("nothing to find yet")
}

// TestKeysThatHaveNothingToActOnAreNotOffered: folding what does not fold, or what is not in focus; the
// view there is not; what to do with no value; and a dead letter of an event that is none.
func TestKeysThatHaveNothingToActOnAreNotOffered(t *testing.T) {
	offers := []string{"enter fold", "y copy", "w save", "e edit", "/ find"}
	e := valued(t, 140, 20, `{"a":1}`, 0)
	e.Sees(offers...).Sees("v raw").Misses("D dead letter").Press("tab").Misses("enter fold").Sees(offers[1:]...)
	e.Press("tab", "v").Sees("v hex").Misses("enter fold").Press("v").Sees("v tree")
	e = of(t, 140, 20, tracing.DeadLetter, func() (adapters.Message, error) { return adapters.Message{Value: []byte{}}, nil })
	e.Show(e.page)
	e.Sees("no value", "D dead letter", "empty: the value has no bytes").Misses(offers...).Misses("v raw", "v hex").Press("D")
	if !slices.Equal(e.Went, []string{"letter orders/0@7"}) {
		t.Errorf("it leads to %q", e.Went)
	}
}

// TestWhatIsPutBeforeTheFactsKeepsTheCursorOnItsOwn, when that becomes more and when it becomes less:
// another page is made of this one, and knows more with time.
func TestWhatIsPutBeforeTheFactsKeepsTheCursorOnItsOwn(t *testing.T) {
	fact := func(label string) eventpage.Fact {
		return eventpage.Fact{Label: text.Cleaner{}.String(label), Value: text.Own("it is so")}
	}
	e := valued(t, 140, 20, "{}", 1)
	e.page.Lead([]eventpage.Fact{fact("first")})
	e.Press("tab").Selects("first").Press("j", "j").Selects("source")
	e.page.Lead([]eventpage.Fact{fact("first"), fact("second"), fact("third")})
	e.Selects("source").Sees("second", "third").Press("k", "k", "k").Selects("second")
	e.page.Lead([]eventpage.Fact{fact("first")})
	e.Misses("second").Press("g").Selects("first").Press("G", "j").Selects("is", "json")
	e.page.Lead(nil)
	e.Selects("is", "json").Misses("first").Looks(theme.Title, "Value")
}

// TestLabelsOfASectionHaveOneWidth, of those of their own section, and a long one is cut in its middle.
func TestLabelsOfASectionHaveOneWidth(t *testing.T) {
	long := strings.Repeat("x", 40)
	e := of(t, 200, 40, 0, func() (adapters.Message, error) {
		return adapters.Message{Value: []byte("{}"), Headers: []adapters.Header{{Name: "tenant", Value: []byte("north")}, {Name: "a-name-of-twenty-cells", Value: []byte("south")}, {Name: long, Value: []byte("east")}}}, nil
	})
	e.Show(e.page)
	at := func(label, value string) int {
		row := e.Row(e.rowOf(label))
		return len([]rune(row[:strings.Index(row, value)]))
	}
	if position, source := at("position", "Kafka"), at("source", "s "); position != source || position != 1+10+1 {
		t.Errorf("the first section's values begin at %d and %d", position, source)
	}
	if short, wide, cut := at("tenant", "north"), at("a-name-of", "south"), at("xxx…xxx", "east"); short != wide || wide != cut || short != 1+28+1 {
		t.Errorf("the headers' values begin at %d, %d and %d", short, wide, cut)
	}
}

// TestALineOfATreeStandsUnderItsParent, a leaf where the name of what folds stands, so that depth is seen.
func TestALineOfATreeStandsUnderItsParent(t *testing.T) {
	e := valued(t, 100, 30, `{"order":{"id":7,"lines":[1]},"paid":true,"none":{}}`, 0)
	indent := func(words string) int {
		row := []rune(e.Row(e.rowOf(words)))
		return slices.IndexFunc(row, func(r rune) bool { return !strings.ContainsRune("▸▾▿ ", r) })
	}
	for words, under := range map[string]string{"order  {2}": "{3}", "paid  true": "{3}", "none  {0}": "{3}", "id  7": "order  {2}", "lines  [1]": "order  {2}", "0  1": "lines  [1]"} {
		if indent(words) != indent(under)+2 {
			t.Errorf("%q stands at %d, and what it is in at %d:\n%s", words, indent(words), indent(under), e.Text())
		}
	}
}
