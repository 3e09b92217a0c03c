package rabbitmq

import (
	"fmt"

	"eventscope/adapters"
)

// care is what it takes to give letters back to a queue as they were.
type care uint8

const (
	// free: they may be given back in any way.
	free care = iota
	// inOrder: a quorum queue serves what was given back before the rest, from a list to
	// whose end it adds. Whoever takes some of that list must take all of it: read on
	// until the first letter that was never handed out, or the end. Then give back in order.
	inOrder
	// wholly: what is given back goes to the end of the queue. So take all of it.
	wholly
	// refused: letters would be lost or hidden.
	refused
)

const (
	// lookMargin is how often a letter must be allowed to be given back, where that is
	// counted, for a look: this look, a crash, a redrive, and some rest.
	lookMargin = 5
	// takeMargin is the same for a letter that a redrive is going to give back.
	takeMargin = 2
	// crashMargin is for where only a crash is counted.
	crashMargin = 1

	// whollyMost is how many letters may have to be held at once, at most.
	whollyMost = 20_000
)

// verdict is what the policy says about taking letters from a queue.
type verdict struct {
	care care
	// margin is how often each letter must be allowed to be given back; 0 where nobody counts.
	margin int
	// cause and remedy are why it is refused.
	cause, remedy string
}

// limits are kinds of delivery limits.
type limits uint8

const (
	none limits = 1 << iota
	counting
	negative
	unknown
	anyLimit = none | counting | negative | unknown
)

// policy is when and how letters can be looked at, as it was measured: how often and how
// a queue of five letters survives looks. The first row that fits holds. Kind, era and
// delay are "any" where they do not matter.
var policy = []struct {
	kind    string
	era     era
	limit   limits
	delayed delayed
	verdict verdict
}{
	{"stream", anyEra, anyLimit, anyDelay, verdict{care: free}},
	{"classic", anyEra, anyLimit, anyDelay, verdict{care: free}},
	{unknownType, anyEra, anyLimit, anyDelay, verdict{care: refused, cause: untold, remedy: addManagement}},

	{"quorum", eraUnknown, anyLimit, anyDelay, verdict{care: refused,
		cause: "it is a quorum queue, and how those count looks is not known for this version of the broker", remedy: doInstead}},

	// 3.10 to 3.13 count whatever is given back; a letter is gone when the count is above the limit.
	{"quorum", era3, none, anyDelay, verdict{care: wholly}},
	{"quorum", era3, counting, anyDelay, verdict{care: inOrder, margin: lookMargin}},
	{"quorum", era3, negative, anyDelay, verdict{care: refused,
		cause:  "its delivery limit is below 0, which this version takes literally: a letter is gone when it is given back once",
		remedy: doInstead}},
	{"quorum", era3, unknown, anyDelay, verdict{care: refused, cause: untoldLimit, remedy: addManagement}},

	// 4.0 to 4.2 do too, and have a limit of 20 unless another is set. Below 0 is none.
	{"quorum", era40, none | negative, anyDelay, verdict{care: wholly}},
	{"quorum", era40, counting, anyDelay, verdict{care: inOrder, margin: lookMargin}},
	{"quorum", era40, unknown, anyDelay, verdict{care: refused, cause: untoldLimit, remedy: addManagement}},

	// From 4.3 on a nack is not counted, but a lost connection is, for each letter held. The
	// count that the broker made in the quorum queue where a letter died goes on here, and a
	// nack of a letter whose count is above the limit loses it.
	{"quorum", era43, anyLimit, isDelayed, verdict{care: refused,
		cause: "it has a delayed retry, which hides letters that are given back and puts them behind the others", remedy: doInstead}},
	{"quorum", era43, unknown, anyDelay, verdict{care: refused, cause: untoldLimit, remedy: addManagement}},
	{"quorum", era43, anyLimit, unknownDelayed, verdict{care: refused,
		cause: "it is a quorum queue, and whether it delays what is given back is not known", remedy: addManagement}},
	{"quorum", era43, none | negative, notDelayed, verdict{care: inOrder}},
	{"quorum", era43, counting, notDelayed, verdict{care: inOrder, margin: crashMargin}},
}

const (
	anyEra   era     = "any"
	anyDelay delayed = "any"

	untold        = "it may be a quorum queue, which counts looks and drops letters above its limit, and AMQP does not tell"
	untoldLimit   = "it is a quorum queue, which counts looks and drops letters above its limit, and AMQP does not tell the limit"
	addManagement = "add management=http://HOST:15672, which tells"
	doInstead     = "dead-letter into a stream or a classic queue, where looking is harmless"
	liftLimit     = "lift it by a policy of delivery-limit -1 for this queue, or " + doInstead
	raiseLimit    = "raise delivery-limit in its arguments and policies, or " + doInstead
)

// verdict applies the policy to a look at the queue.
func (f *facts) verdict() verdict { return f.bounded(f.row()) }

// row is the policy's first row that fits.
func (f *facts) row() verdict {
	kind := counting
	switch f.limit {
	case unknownLimit:
		kind = unknown
	case noLimit:
		kind = none
	case belowZero:
		kind = negative
	}
	for _, row := range policy {
		if row.kind == f.kind && (row.era == anyEra || row.era == f.era) && row.limit&kind != 0 && (row.delayed == anyDelay || row.delayed == f.delayed) {
			return row.verdict
		}
	}
	return verdict{care: refused, cause: fmt.Sprintf("it is a queue of type %q, of which nothing is known here", f.kind), remedy: doInstead}
}

// bounded refuses where a letter may lack the margin.
func (f *facts) bounded(v verdict) verdict {
	switch {
	case v.margin == 0 || f.limit < 0:
	case int(f.limit) < v.margin:
		return verdict{care: refused,
			cause:  fmt.Sprintf("its delivery limit of %d leaves too little room: a letter that is handed out must be allowed to come back at least %d times", f.limit, v.margin),
			remedy: raiseLimit}
	case f.era == era43 && int(f.limit)-f.brought < v.margin:
		return verdict{care: refused,
			cause:  fmt.Sprintf("a letter can bring a count of %d from the quorum queue it died in, and this queue drops what it is given back above its delivery limit of %d", f.brought, f.limit),
			remedy: liftLimit}
	}
	return v
}

// headroom is how often a letter may still be given back, by its x-delivery-count. From
// 4.0 to 4.2 a letter shows the count of the queue it died in until this one counts, but
// that is of no account; it is told by being above the limit, where letters are gone.
func (f *facts) headroom(count int64) int64 {
	if f.era == era40 && count > int64(f.limit) {
		count = 0
	}
	return int64(f.limit) - count
}

// taking applies the policy to a redrive, of a part of the letters or of all. One of all
// gives nothing back, so that only a crash is to be feared: it counts once for each
// letter held, hides them for a while where retries are delayed, and loses them where
// the limit leaves no room.
func (f *facts) taking(partly bool) verdict {
	v := f.row()
	known := f.kind == "quorum" && f.era != eraUnknown && f.limit != unknownLimit && f.delayed != unknownDelayed
	switch {
	case partly || !known:
		v.margin = min(v.margin, takeMargin)
	case f.limit >= 0:
		v = verdict{care: inOrder, margin: crashMargin}
	case f.delayed == isDelayed:
		v = verdict{care: inOrder}
	}
	return f.bounded(v)
}

// refusal is why a queue is not looked at, or nil.
func (v verdict) refusal(c *Config, doing string) error {
	if v.care != refused {
		return nil
	}
	return c.problem(doing, v.cause, v.remedy, adapters.ErrUnsafePeek)
}
