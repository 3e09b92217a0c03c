package dlq

import (
	"cmp"
	"fmt"

	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/wording"
)

// handling is what it takes to give letters back to a queue as they were.
type handling uint8

const (
	// free: they may be given back in any way.
	free handling = iota
	// inOrder: a quorum queue keeps a list of letters that were given back, and serves it
	// before the others. What is given back is added to the end of that list. So whoever takes
	// one letter of the list takes all of it, up to the first letter that was never delivered
	// or the end of the queue, and gives the letters back in order.
	inOrder
	// wholly: what is given back goes to the end of the queue. So take all of it.
	wholly
	// refused: letters would be lost or hidden.
	refused
)

const (
	// peekMargin is how often a letter must be allowed to be given back, where that is
	// counted, for a peek: this peek, a crash, a redrive, and some rest.
	peekMargin = 5
	// takeMargin is the same for a letter that a redrive is going to give back.
	takeMargin = 2
	// crashMargin is for where only a crash is counted.
	crashMargin = 1

	// whollyMost is how many letters may have to be held at once, at most.
	whollyMost = 20_000
)

// policy is what the policy says about taking letters from a queue.
type policy struct {
	handling handling
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

// policies is when and how letters can be looked at, as it was measured: how often and how
// a queue of five letters survives looks. The first row that fits holds. Kind, release series and
// delay are "any" where they do not matter.
var policies = []struct {
	kind    string
	series  series
	limit   limits
	delayed delayed
	policy  policy
}{
	{"stream", anySeries, anyLimit, anyDelay, policy{handling: free}},
	{anyType, seriesUnknown, anyLimit, anyDelay, policy{handling: refused, cause: unmeasured, remedy: streamInstead}},
	{"classic", anySeries, anyLimit, anyDelay, policy{handling: free}},
	{connection.UnknownType, anySeries, anyLimit, anyDelay, policy{handling: refused, cause: untold, remedy: addManagement + ", or let the user configure this queue, which AMQP wants for telling its type"}},

	// 3.10 to 3.13 count whatever is given back; a letter is gone when the count is above the limit.
	{"quorum", series3, none, anyDelay, policy{handling: wholly}},
	{"quorum", series3, counting, anyDelay, policy{handling: inOrder, margin: peekMargin}},
	{"quorum", series3, negative, anyDelay, policy{handling: refused,
		cause:  "its delivery limit is below 0, which this version takes literally: a letter is gone when it is given back once",
		remedy: doInstead}},
	{"quorum", series3, unknown, anyDelay, policy{handling: refused, cause: untoldLimit, remedy: addManagement}},

	// 4.0 to 4.2 do too, and have a limit of 20 unless another is set. Below 0 is none.
	{"quorum", series40, none | negative, anyDelay, policy{handling: wholly}},
	{"quorum", series40, counting, anyDelay, policy{handling: inOrder, margin: peekMargin}},
	{"quorum", series40, unknown, anyDelay, policy{handling: refused, cause: untoldLimit, remedy: addManagement}},

	// From 4.3 on a nack is not counted, but a lost connection is, for each letter held. The
	// count that the broker made in the quorum queue where a letter died goes on here, and a
	// nack of a letter whose count is above the limit loses it.
	{"quorum", series43, anyLimit, isDelayed, policy{handling: refused,
		cause: "it has a delayed retry, which hides letters that are given back and puts them behind the others", remedy: doInstead}},
	{"quorum", series43, unknown, anyDelay, policy{handling: refused, cause: untoldLimit, remedy: addManagement}},
	{"quorum", series43, anyLimit, unknownDelayed, policy{handling: refused,
		cause: "it is a quorum queue, and whether it delays what is given back is not known", remedy: addManagement}},
	{"quorum", series43, none | negative, notDelayed, policy{handling: inOrder}},
	{"quorum", series43, counting, notDelayed, policy{handling: inOrder, margin: crashMargin}},
}

const (
	anyType           = "any"
	anySeries series  = "any"
	anyDelay  delayed = "any"

	unmeasured    = "what becomes of letters that are given back was measured on RabbitMQ 3.10, 3.12, 4.0 and 4.3, and 3.11, 3.13, 4.1 and 4.2 do it by the same code; this is %s"
	streamInstead = "dead-letter into a stream, where looking is harmless, or use an eventscope that knows this version"
	untold        = "it may be a quorum queue, which counts each time a letter is given back and drops letters above its limit, and AMQP does not tell"
	untoldLimit   = "it is a quorum queue, which counts each time a letter is given back and drops letters above its limit, and AMQP does not tell the limit"
	addManagement = "add management=http://HOST:15672, which tells"
	doInstead     = "dead-letter into a stream or a classic queue, where looking is harmless"
	liftLimit     = "lift it by a policy of delivery-limit -1 for this queue, or " + doInstead
	raiseLimit    = "raise delivery-limit in its arguments and policies, or " + doInstead
)

// peekPolicy applies the policy to a peek at the queue.
func (q *queueInfo) peekPolicy() policy { return q.bounded(q.row()) }

// row is the policy's first row that fits.
func (q *queueInfo) row() policy {
	kind := counting
	switch q.limit {
	case unknownLimit:
		kind = unknown
	case noLimit:
		kind = none
	case belowZero:
		kind = negative
	}
	for _, row := range policies {
		if (row.kind == q.kind || row.kind == anyType) && (row.series == anySeries || row.series == q.series) && row.limit&kind != 0 && (row.delayed == anyDelay || row.delayed == q.delayed) {
			if row.policy.cause == unmeasured {
				row.policy.cause = fmt.Sprintf(unmeasured, cmp.Or(q.version, "of an unknown version"))
			}
			return row.policy
		}
	}
	return policy{handling: refused, cause: fmt.Sprintf("it is a queue of type %q, of which nothing is known here", q.kind), remedy: doInstead}
}

// bounded refuses where a letter may lack the margin.
func (q *queueInfo) bounded(v policy) policy {
	switch {
	case v.margin == 0 || q.limit < 0:
	case int(q.limit) < v.margin:
		return policy{handling: refused,
			cause:  fmt.Sprintf("its delivery limit of %d leaves too little room: a letter that is handed out must be allowed to come back at least %d times", q.limit, v.margin),
			remedy: raiseLimit}
	case q.series == series43 && int(q.limit)-q.inherited < v.margin:
		return policy{handling: refused,
			cause:  fmt.Sprintf("a letter can bring a count of %d from the quorum queue it died in, and this queue drops what it is given back above its delivery limit of %d", q.inherited, q.limit),
			remedy: liftLimit}
	}
	return v
}

// headroom is how often a letter may still be given back, by its x-delivery-count. From
// 4.0 to 4.2 a letter shows the count of the queue it died in until this one counts, but
// that is of no account; it is told by being above the limit, where letters are gone.
func (q *queueInfo) headroom(count int64) int64 {
	if q.series == series40 && count > int64(q.limit) {
		count = 0
	}
	return int64(q.limit) - count
}

// redrivePolicy applies the policy to a redrive, of a part of the letters or of all. One of all
// gives nothing back, so that only a crash is to be feared: it counts once for each
// letter held, hides them for a while where retries are delayed, and loses them where
// the limit leaves no room.
func (q *queueInfo) redrivePolicy(partly bool) policy {
	v := q.row()
	known := q.kind == "quorum" && q.series != seriesUnknown && q.limit != unknownLimit && q.delayed != unknownDelayed
	switch {
	case partly || !known:
		v.margin = min(v.margin, takeMargin)
	case q.limit >= 0:
		v = policy{handling: inOrder, margin: crashMargin}
	case q.delayed == isDelayed:
		v = policy{handling: inOrder}
	}
	return q.bounded(v)
}

// refusal is why a queue is not looked at, or nil.
func (p policy) refusal(doing string) error {
	if p.handling != refused {
		return nil
	}
	return wording.Problem(doing, p.cause, p.remedy, deadletter.ErrUnsafePeek)
}
