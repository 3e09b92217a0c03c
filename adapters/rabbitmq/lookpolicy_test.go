package rabbitmq

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"eventscope/adapters"
)

// TestPolicy has a row for each cell of what was measured.
func TestPolicy(t *testing.T) {
	const margins = " leaves too little room"
	for _, c := range []struct {
		kind    string
		era     era
		limit   limit
		delayed delayed
		look    string // care and margin, or the cause
		partly  string
		all     string
	}{
		{"stream", era3, unknownLimit, notDelayed, "free 0", "free 0", "free 0"},
		{"stream", era40, unknownLimit, notDelayed, "free 0", "free 0", "free 0"},
		{"stream", era43, unknownLimit, unknownDelayed, "free 0", "free 0", "free 0"},
		{"stream", eraUnknown, unknownLimit, unknownDelayed, "free 0", "free 0", "free 0"},
		{"classic", era3, unknownLimit, notDelayed, "free 0", "free 0", "free 0"},
		{"classic", era40, unknownLimit, notDelayed, "free 0", "free 0", "free 0"},
		{"classic", era43, unknownLimit, unknownDelayed, "free 0", "free 0", "free 0"},
		{"classic", eraUnknown, unknownLimit, unknownDelayed, "free 0", "free 0", "free 0"},
		{unknownType, era3, unknownLimit, unknownDelayed, untold, untold, untold},
		{unknownType, era40, unknownLimit, unknownDelayed, untold, untold, untold},
		{unknownType, era43, unknownLimit, unknownDelayed, untold, untold, untold},
		{unknownType, eraUnknown, unknownLimit, unknownDelayed, untold, untold, untold},
		{"quorum", eraUnknown, unknownLimit, notDelayed, "not known for this version", "not known for this version", "not known for this version"},
		{"quorum", eraUnknown, 20, notDelayed, "not known for this version", "not known for this version", "not known for this version"},

		{"quorum", era3, noLimit, notDelayed, "wholly 0", "wholly 0", "wholly 0"},
		{"quorum", era3, 20, notDelayed, "in order 5", "in order 2", "in order 1"},
		{"quorum", era3, 5, notDelayed, "in order 5", "in order 2", "in order 1"},
		{"quorum", era3, 4, notDelayed, "limit of 4" + margins, "in order 2", "in order 1"},
		{"quorum", era3, 1, notDelayed, "limit of 1" + margins, "limit of 1" + margins, "in order 1"},
		{"quorum", era3, 0, notDelayed, "limit of 0" + margins, "limit of 0" + margins, "limit of 0" + margins},
		{"quorum", era3, belowZero, notDelayed, "takes literally", "takes literally", "takes literally"},
		{"quorum", era3, unknownLimit, unknownDelayed, untoldLimit, untoldLimit, untoldLimit},

		{"quorum", era40, noLimit, notDelayed, "wholly 0", "wholly 0", "wholly 0"},
		{"quorum", era40, belowZero, notDelayed, "wholly 0", "wholly 0", "wholly 0"},
		{"quorum", era40, 20, notDelayed, "in order 5", "in order 2", "in order 1"},
		{"quorum", era40, 4, notDelayed, "limit of 4" + margins, "in order 2", "in order 1"},
		{"quorum", era40, 0, notDelayed, "limit of 0" + margins, "limit of 0" + margins, "limit of 0" + margins},
		{"quorum", era40, unknownLimit, unknownDelayed, untoldLimit, untoldLimit, untoldLimit},

		{"quorum", era43, noLimit, notDelayed, "in order 0", "in order 0", "in order 0"},
		{"quorum", era43, belowZero, notDelayed, "in order 0", "in order 0", "in order 0"},
		{"quorum", era43, 20, notDelayed, "in order 1", "in order 1", "in order 1"},
		{"quorum", era43, 1, notDelayed, "in order 1", "in order 1", "in order 1"},
		{"quorum", era43, 0, notDelayed, "limit of 0" + margins, "limit of 0" + margins, "limit of 0" + margins},
		{"quorum", era43, unknownLimit, unknownDelayed, untoldLimit, untoldLimit, untoldLimit},
		{"quorum", era43, 20, unknownDelayed, "whether it delays", "whether it delays", "whether it delays"},
		{"quorum", era43, 20, isDelayed, "delayed retry", "delayed retry", "in order 1"},
		{"quorum", era43, belowZero, isDelayed, "delayed retry", "delayed retry", "in order 0"},
		{"quorum", era43, 0, isDelayed, "delayed retry", "delayed retry", "limit of 0" + margins},
		{"sharded", era43, 20, notDelayed, "of which nothing is known", "of which nothing is known", "of which nothing is known"},
	} {
		t.Run(fmt.Sprintf("%s %s %d %s", c.kind, c.era, c.limit, c.delayed), func(t *testing.T) {
			f := facts{queue: "q", kind: c.kind, era: c.era, limit: c.limit, delayed: c.delayed}
			mustJudge(t, f.verdict(), c.look)
			mustJudge(t, f.taking(true), c.partly)
			mustJudge(t, f.taking(false), c.all)
		})
	}
}

func mustJudge(t *testing.T, got verdict, want string) {
	t.Helper()
	if got.care != refused {
		if told := fmt.Sprint(map[care]string{free: "free", inOrder: "in order", wholly: "wholly"}[got.care], " ", got.margin); told != want {
			t.Errorf("%s, want %s", told, want)
		}
		return
	}
	err := got.refusal(&Config{}, "look at queue q")
	if !errors.Is(err, adapters.ErrUnsafePeek) || !strings.Contains(err.Error(), want) || got.remedy == "" {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestHeadroom(t *testing.T) {
	for _, c := range []struct {
		era         era
		count, want int64
	}{
		{era3, 0, 20}, {era3, 1, 19}, {era3, 20, 0},
		{era40, 0, 20}, {era40, 20, 0}, {era40, 21, 20}, // of another queue
		{era43, 1, 19}, {era43, 21, -1},
	} {
		if got := (&facts{era: c.era, limit: 20}).headroom(c.count); got != c.want {
			t.Errorf("%s: count %d leaves %d, want %d", c.era, c.count, got, c.want)
		}
	}
}

// TestBrought: from 4.3 on the count of the queue in which letters died must fit below the
// limit.
func TestBrought(t *testing.T) {
	for _, c := range []struct {
		era     era
		limit   limit
		brought int
		refused bool
	}{
		{era43, 20, 0, false}, {era43, 20, 19, false}, {era43, 20, 20, true}, {era43, 20, 21, true}, {era43, 22, 21, false}, {era43, belowZero, 21, false}, {era40, 20, 21, false},
	} {
		f := facts{queue: "q", kind: "quorum", era: c.era, limit: c.limit, delayed: notDelayed, brought: c.brought}
		for _, v := range []verdict{f.verdict(), f.taking(true), f.taking(false)} {
			if (v.care == refused) != c.refused {
				t.Errorf("%+v: %+v", c, v)
			}
		}
	}
}

func TestEraOf(t *testing.T) {
	for version, want := range map[string]era{
		"3.10.8": era3, "3.13.7": era3, "4.0.5": era40, "4.1.0": era40, "4.2.1": era40, "4.3.6": era43, "4.4.0": era43, "5.0.0": era43,
		"3.9.1": eraUnknown, "3.8": eraUnknown, "": eraUnknown, "four": eraUnknown, "4": eraUnknown, "4.3.0-rc.1": era43,
	} {
		if got := eraOf(version); got != want {
			t.Errorf("%q is %q, want %q", version, got, want)
		}
	}
}

// TestLimitIn: what counts when argument, policy and default meet.
func TestLimitIn(t *testing.T) {
	for _, c := range []struct {
		answer string
		at     era
		want   limit
	}{
		{`{}`, era3, noLimit},
		{`{"arguments":{"x-delivery-limit":5}}`, era3, 5},
		{`{"effective_policy_definition":{"delivery-limit":7}}`, era3, 7},
		{`{"arguments":{"x-delivery-limit":5},"effective_policy_definition":{"delivery-limit":7}}`, era3, 5},
		{`{"arguments":{"x-delivery-limit":9},"effective_policy_definition":{"delivery-limit":7}}`, era3, 7},
		{`{"arguments":{"x-delivery-limit":-1},"effective_policy_definition":{"delivery-limit":7}}`, era3, belowZero},
		{`{"effective_policy_definition":{"delivery-limit":-1}}`, era3, noLimit},
		{`{"arguments":{"x-delivery-limit":5},"effective_policy_definition":{"delivery-limit":-1}}`, era3, 5},
		{`{"arguments":[],"effective_policy_definition":[]}`, era3, noLimit},
		{`{}`, era40, 20},
		{`{"delivery_limit":7}`, era40, 7},
		{`{"delivery_limit":-1}`, era40, belowZero},
		{`{"delivery_limit":"unlimited","arguments":{"x-delivery-limit":-1}}`, era40, belowZero},
		{`{"arguments":{"x-delivery-limit":-1}}`, era40, belowZero},
		{`{"arguments":{"x-delivery-limit":-1},"effective_policy_definition":{"delivery-limit":7}}`, era40, 7},
		{`{"arguments":{"x-delivery-limit":30},"effective_policy_definition":{"delivery-limit":25}}`, era43, 25},
		{`{"delivery_limit":20}`, eraUnknown, unknownLimit},
	} {
		var q queueInfo
		if err := json.Unmarshal([]byte(c.answer), &q); err != nil {
			t.Fatal(err)
		}
		if got := q.limitIn(c.at); got != c.want {
			t.Errorf("%s at %s: %d, want %d", c.answer, c.at, got, c.want)
		}
	}
}
