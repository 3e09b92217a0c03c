package dlq

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/management"
)

// TestPolicy has a row for each cell of what was measured.
func TestPolicy(t *testing.T) {
	const margins, unknownVersion = " leaves too little room", "measured on RabbitMQ 3.10, 3.12, 4.0 and 4.3, and 3.11, 3.13, 4.1 and 4.2 do it by the same code; this is of an unknown version"
	for _, c := range []struct {
		kind    string
		series  series
		limit   limit
		delayed delayed
		peek    string // care and margin, or the cause
		partly  string
		all     string
	}{
		{"stream", series3, unknownLimit, notDelayed, "free 0", "free 0", "free 0"},
		{"stream", series40, unknownLimit, notDelayed, "free 0", "free 0", "free 0"},
		{"stream", series43, unknownLimit, unknownDelayed, "free 0", "free 0", "free 0"},
		{"stream", seriesUnknown, unknownLimit, unknownDelayed, "free 0", "free 0", "free 0"},
		{"classic", series3, unknownLimit, notDelayed, "free 0", "free 0", "free 0"},
		{"classic", series40, unknownLimit, notDelayed, "free 0", "free 0", "free 0"},
		{"classic", series43, unknownLimit, unknownDelayed, "free 0", "free 0", "free 0"},
		{"classic", seriesUnknown, unknownLimit, unknownDelayed, unknownVersion, unknownVersion, unknownVersion},
		{connection.UnknownType, series3, unknownLimit, unknownDelayed, untold, untold, untold},
		{connection.UnknownType, series40, unknownLimit, unknownDelayed, untold, untold, untold},
		{connection.UnknownType, series43, unknownLimit, unknownDelayed, untold, untold, untold},
		{connection.UnknownType, seriesUnknown, unknownLimit, unknownDelayed, unknownVersion, unknownVersion, unknownVersion},
		{"quorum", seriesUnknown, unknownLimit, notDelayed, unknownVersion, unknownVersion, unknownVersion},
		{"quorum", seriesUnknown, 20, notDelayed, unknownVersion, unknownVersion, unknownVersion},

		{"quorum", series3, noLimit, notDelayed, "wholly 0", "wholly 0", "wholly 0"},
		{"quorum", series3, 20, notDelayed, "in order 5", "in order 2", "in order 1"},
		{"quorum", series3, 5, notDelayed, "in order 5", "in order 2", "in order 1"},
		{"quorum", series3, 4, notDelayed, "limit of 4" + margins, "in order 2", "in order 1"},
		{"quorum", series3, 1, notDelayed, "limit of 1" + margins, "limit of 1" + margins, "in order 1"},
		{"quorum", series3, 0, notDelayed, "limit of 0" + margins, "limit of 0" + margins, "limit of 0" + margins},
		{"quorum", series3, belowZero, notDelayed, "takes literally", "takes literally", "takes literally"},
		{"quorum", series3, unknownLimit, unknownDelayed, untoldLimit, untoldLimit, untoldLimit},

		{"quorum", series40, noLimit, notDelayed, "wholly 0", "wholly 0", "wholly 0"},
		{"quorum", series40, belowZero, notDelayed, "wholly 0", "wholly 0", "wholly 0"},
		{"quorum", series40, 20, notDelayed, "in order 5", "in order 2", "in order 1"},
		{"quorum", series40, 4, notDelayed, "limit of 4" + margins, "in order 2", "in order 1"},
		{"quorum", series40, 0, notDelayed, "limit of 0" + margins, "limit of 0" + margins, "limit of 0" + margins},
		{"quorum", series40, unknownLimit, unknownDelayed, untoldLimit, untoldLimit, untoldLimit},

		{"quorum", series43, noLimit, notDelayed, "in order 0", "in order 0", "in order 0"},
		{"quorum", series43, belowZero, notDelayed, "in order 0", "in order 0", "in order 0"},
		{"quorum", series43, 20, notDelayed, "in order 1", "in order 1", "in order 1"},
		{"quorum", series43, 1, notDelayed, "in order 1", "in order 1", "in order 1"},
		{"quorum", series43, 0, notDelayed, "limit of 0" + margins, "limit of 0" + margins, "limit of 0" + margins},
		{"quorum", series43, unknownLimit, unknownDelayed, untoldLimit, untoldLimit, untoldLimit},
		{"quorum", series43, 20, unknownDelayed, "whether it delays", "whether it delays", "whether it delays"},
		{"quorum", series43, 20, isDelayed, "delayed retry", "delayed retry", "in order 1"},
		{"quorum", series43, belowZero, isDelayed, "delayed retry", "delayed retry", "in order 0"},
		{"quorum", series43, 0, isDelayed, "delayed retry", "delayed retry", "limit of 0" + margins},
		{"sharded", series43, 20, notDelayed, "of which nothing is known", "of which nothing is known", "of which nothing is known"},
	} {
		t.Run(fmt.Sprintf("%s %s %d %s", c.kind, c.series, c.limit, c.delayed), func(t *testing.T) {
			f := queueInfo{queue: "q", kind: c.kind, series: c.series, limit: c.limit, delayed: c.delayed}
			mustJudge(t, f.peekPolicy(), c.peek)
			mustJudge(t, f.redrivePolicy(true), c.partly)
			mustJudge(t, f.redrivePolicy(false), c.all)
		})
	}
}

func mustJudge(t *testing.T, got policy, want string) {
	t.Helper()
	if got.handling != refused {
		if told := fmt.Sprint(map[handling]string{free: "free", inOrder: "in order", wholly: "wholly"}[got.handling], " ", got.margin); told != want {
			t.Errorf("%s, want %s", told, want)
		}
		return
	}
	err := got.refusal("look at queue q")
	if !errors.Is(err, deadletter.ErrUnsafePeek) || !strings.Contains(err.Error(), want) || got.remedy == "" {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestHeadroom(t *testing.T) {
	for _, c := range []struct {
		series      series
		count, want int64
	}{
		{series3, 0, 20}, {series3, 1, 19}, {series3, 20, 0},
		{series40, 0, 20}, {series40, 20, 0}, {series40, 21, 20}, // of another queue
		{series43, 1, 19}, {series43, 21, -1},
	} {
		if got := (&queueInfo{series: c.series, limit: 20}).headroom(c.count); got != c.want {
			t.Errorf("%s: count %d leaves %d, want %d", c.series, c.count, got, c.want)
		}
	}
}

// TestInherited: from 4.3 on the count of the queue in which letters died must fit below the
// limit.
func TestInherited(t *testing.T) {
	for _, c := range []struct {
		series    series
		limit     limit
		inherited int
		refused   bool
	}{
		{series43, 20, 0, false}, {series43, 20, 19, false}, {series43, 20, 20, true}, {series43, 20, 21, true}, {series43, 22, 21, false}, {series43, belowZero, 21, false}, {series40, 20, 21, false},
	} {
		f := queueInfo{queue: "q", kind: "quorum", series: c.series, limit: c.limit, delayed: notDelayed, inherited: c.inherited}
		for _, v := range []policy{f.peekPolicy(), f.redrivePolicy(true), f.redrivePolicy(false)} {
			if (v.handling == refused) != c.refused {
				t.Errorf("%+v: %+v", c, v)
			}
		}
	}
}

func TestSeriesOf(t *testing.T) {
	for version, want := range map[string]series{
		"3.10.8": series3, "3.13.7": series3, "4.0.5": series40, "4.1.0": series40, "4.2.1": series40, "4.3.6": series43,
		"4.4.0": seriesUnknown, "4.9.0": seriesUnknown, "5.0.0": seriesUnknown, "7.1.2": seriesUnknown, "3.14.0": seriesUnknown, "3.9.1": seriesUnknown, "4.-1": seriesUnknown, "3.8": seriesUnknown, "": seriesUnknown, "four": seriesUnknown, "4": seriesUnknown, "4.3.0-rc.1": series43,
	} {
		if got := seriesOf(version); got != want {
			t.Errorf("%q is %q, want %q", version, got, want)
		}
	}
}

// TestVersionsThatNobodyMeasuredAreRefused: no queue of theirs is looked at or redriven, and
// the refusal says which versions are known and which this is.
func TestVersionsThatNobodyMeasuredAreRefused(t *testing.T) {
	for _, version := range []string{"3.9.29", "4.4.0", "4.9.1", "5.0.0", "7.1.0"} {
		for _, kind := range []string{"classic", "quorum"} {
			f := infoOf(&management.Queue{Name: "q", Type: kind}, version)
			for _, v := range []policy{f.peekPolicy(), f.redrivePolicy(true), f.redrivePolicy(false)} {
				mustJudge(t, v, "do it by the same code; this is "+version)
			}
		}
		if f := infoOf(&management.Queue{Name: "q", Type: "stream"}, version); f.peekPolicy().handling != free {
			t.Errorf("%s: a stream is not looked at: %+v", version, f.peekPolicy())
		}
	}
}

// TestLimitIn: what counts when argument, policy and default meet.
func TestLimitIn(t *testing.T) {
	for _, c := range []struct {
		answer string
		at     series
		want   limit
	}{
		{`{}`, series3, noLimit},
		{`{"arguments":{"x-delivery-limit":5}}`, series3, 5},
		{`{"effective_policy_definition":{"delivery-limit":7}}`, series3, 7},
		{`{"arguments":{"x-delivery-limit":5},"effective_policy_definition":{"delivery-limit":7}}`, series3, 5},
		{`{"arguments":{"x-delivery-limit":9},"effective_policy_definition":{"delivery-limit":7}}`, series3, 7},
		{`{"arguments":{"x-delivery-limit":-1},"effective_policy_definition":{"delivery-limit":7}}`, series3, belowZero},
		{`{"effective_policy_definition":{"delivery-limit":-1}}`, series3, noLimit},
		{`{"arguments":{"x-delivery-limit":5},"effective_policy_definition":{"delivery-limit":-1}}`, series3, 5},
		{`{"arguments":[],"effective_policy_definition":[]}`, series3, noLimit},
		{`{}`, series40, 20},
		{`{"delivery_limit":7}`, series40, 7},
		{`{"delivery_limit":-1}`, series40, belowZero},
		{`{"delivery_limit":"unlimited","arguments":{"x-delivery-limit":-1}}`, series40, belowZero},
		{`{"arguments":{"x-delivery-limit":-1}}`, series40, belowZero},
		{`{"arguments":{"x-delivery-limit":-1},"effective_policy_definition":{"delivery-limit":7}}`, series40, 7},
		{`{"arguments":{"x-delivery-limit":30},"effective_policy_definition":{"delivery-limit":25}}`, series43, 25},
		{`{"delivery_limit":20}`, seriesUnknown, unknownLimit},
	} {
		var q management.Queue
		if err := json.Unmarshal([]byte(c.answer), &q); err != nil {
			t.Fatal(err)
		}
		if got := limitIn(&q, c.at); got != c.want {
			t.Errorf("%s at %s: %d, want %d", c.answer, c.at, got, c.want)
		}
	}
}
