package tui_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// Lists show the columns that were chosen, in their order, and as they are without a choice.
func TestColumnsAreChosen(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		_, options := everything(t, s)
		options.Columns = map[string][]string{"stream": {"flow", "type", "value"}, "flows": {"flow", "services", "events"}, "letters": {"position", "why"}, "lag": {"group", "why", "state"}}
		screen := tuitest.Open(t, options, 80, 24).Wait(time.Second)
		for _, c := range []struct{ keys, heads, misses string }{
			{"g", "Flow Type Value", "Service"}, {"2", "Flow Services Events", "Status"}, {"3", "Group Why State", "Behind"}, {"4 enter", "Position Why", "Replays"},
		} {
			for key := range strings.FieldsSeq(c.keys) {
				screen.Press(key).Wait(time.Second)
			}
			line := screen.Line(strings.Fields(c.heads)[len(strings.Fields(c.heads))-1])
			if got := strings.Join(strings.Fields(line), " "); !strings.HasPrefix(got, c.heads) {
				t.Errorf("after %s the heads are %q, want %q", c.keys, got, c.heads)
			}
			screen.Misses(c.misses)
			intact(t, screen, c.keys)
		}
	})
}

// Each choice of one column, and of all in another order, fits every size.
func TestAnyChoiceOfColumnsFits(t *testing.T) {
	for _, list := range []string{"stream", "flows", "letters", "lag"} {
		names := tui.ColumnNames(list)
		choices := [][]string{}
		for i := range names {
			choices = append(choices, []string{names[i]}, append([]string{names[len(names)-1-i]}, names[:len(names)-1-i]...))
		}
		story(t, func(t *testing.T, s *tuitest.System) {
			_, options := everything(t, s)
			for _, chosen := range choices {
				options.Columns = map[string][]string{list: chosen}
				screen := tuitest.Open(t, options, 80, 24)
				for key := range strings.FieldsSeq(map[string]string{"stream": "1 g", "flows": "2 s s", "letters": "4 enter s s", "lag": "3 s"}[list]) {
					screen.Press(key).Wait(time.Second)
				}
				for _, size := range [][2]int{{80, 24}, {40, 8}, {200, 20}} {
					intact(t, screen.Resize(size[0], size[1]), list+" "+strings.Join(chosen, " "))
				}
				screen.Quit()
			}
		})
	}
}

// Headers and parts of values are columns of the stream; what an event does not have is blank.
func TestFieldsAreColumnsOfTheStream(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "Placed", Flow: "f-1", ID: "1", Value: `{"payload":{"amount":12.50,"to":"\u001b[2J<b>"}}`, Headers: header("Tenant", "north")},
			tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "Bare", Flow: "f-2", ID: "2", Value: "text"})
		options := s.Options()
		options.Columns = map[string][]string{"stream": {"type", "header.tenant", "json.payload.amount", "json.payload.to"}}
		options.Querier = withFields{s.Store}
		screen := tuitest.Open(t, options, 100, 24).Wait(time.Second).Sees("header.tenant  json.payload.amount  json.payload.to")
		if line := screen.Line("Placed"); !strings.Contains(line, "north          12.50                <b>") {
			t.Errorf("the row is %q", line)
		}
		intact(t, screen, "fields")
	})
}

// Parts of values are columns of letters, too; what a letter does not have is blank, and what it has is
// made safe.
func TestFieldsAreColumnsOfLetters(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l, columns := tuitest.EmptyDLQ(t, adapters.Topic), []string{"why", "json.payload.to", "header.tenant", "about"}
		l.Fields = columns
		l.Reopen(t, t.TempDir())
		l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-1","payload":{"to":"\u001b[2J<b>"}}`, "declined")
		l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-2"}`, "declined")
		options := l.Over(s.Options())
		options.Columns = map[string][]string{"letters": columns}
		screen := tuitest.Open(t, options, 100, 24).Press("4").Wait(time.Second).Press("enter").Wait(time.Second)
		for order, want := range map[string]string{"ord-1": `declined \x1b[2J<b> a ord-1`, "ord-2": "declined a ord-2", "About": "Why json.payload.to header.tenant About"} {
			if got := strings.Join(strings.Fields(screen.Line(order)), " "); !strings.HasSuffix(got, want) {
				t.Errorf("the row is %q, want %q", got, want)
			}
		}
		intact(t, screen, "fields of letters")
	})
}

// withFields is a store whose pages have fields.
type withFields struct{ *tracing.Store }

func (q withFields) Page(ctx context.Context, query tracing.PageQuery) (tracing.Page, error) {
	page, err := q.Store.Page(ctx, query)
	for i := range page.Events {
		if page.Events[i].Type == "Placed" {
			page.Events[i].Fields = [][]byte{[]byte("north"), []byte("12.50"), []byte("<b>")}
		}
	}
	return page, err
}

// A column that there is not is said, with the one that was probably meant.
func TestAColumnThatThereIsNotIsSaid(t *testing.T) {
	nearest := func(name string, names []string) string {
		if name == "servise" {
			return "service"
		}
		return ""
	}
	for _, c := range []struct{ list, name, want string }{
		{"stream", "service", ""}, {"stream", "header.tenant", ""}, {"stream", "json.a.b", ""}, {"lag", "drains_in", ""},
		{"stream", "servise", "there is no such column; did you mean service?"}, {"stream", "header.", "there is no such column; it is one of time, service, type, position, flow, value, header.NAME or json.PATH"},
		{"flows", "header.tenant", "only the stream and letters have columns of headers and values"}, {"letters", "x", "there is no such column; it is one of died, state, about, type, why, goes_to, replays, position, header.NAME or json.PATH"},
	} {
		if got := tui.CheckColumn(c.list, c.name, nearest); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.name, c.list, got, c.want)
		}
	}
}
