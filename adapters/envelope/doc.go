// Package envelope reads who a message is: which flow it belongs to, what caused it,
// its own id, its type, version, time, service and entity, and whether it is a dead
// letter, from whatever convention its producer follows.
//
// # Owner and concurrency
//
// [Rules] and the tables of dialects and names are made once and never change;
// any number of goroutines may share them. A [Reader] has scratch memory and belongs to
// one goroutine; make one a worker.
//
// # Order of belief
//
// An operator's mapping is believed first. Then the message's dialect, told by its
// marks; then common names, in headers before the body, and there at the top before
// metadata before payload. A type is the dialect's, else the body's own "type", the AMQP
// type, a common header, __TypeId__, another common member of the body, the routing key,
// the destination's name. A flow is the dialect's, else that of a common name, the AMQP
// correlation-id (not of a request, and not the message's own id), the trace id. An
// entity is never made the flow here: whoever joins by it can then say that it did. The
// Kafka key is the last that is taken for an entity; where it is the key of a row in a database, the
// entity is the row: shop.public.orders/7. A [Field] always carries the
// [Evidence] it was taken on.
//
// # How much of the body is read
//
// Headers and properties say enough when they give flow, id, type and an entity, or the
// first three and there is a Kafka key that is text, which then is the entity: the body
// is not looked at. An AMQP correlation-id or a trace id is no flow in this sense, for
// the body may have a better one. Else the body is read, if it is a JSON object, up to
// [MaxBody] bytes, and no further than until these four are known by clear names; when
// the flow was found in the body, the cause is looked for to the end of that object, or
// to its payload. So the answer depends on the message alone, but a fact that comes
// later than all of these, or that contradicts the headers, is not seen.
//
// # What may be lost
//
// A message that says nothing of itself gets an empty identity, never a guess. What
// programs write for want of an id (0, null, undefined, N/A, ${id}, the UUID of zeros and
// the like, see [spelling.IsNone]) is no id; nor is anything longer than
// [spelling.MaxID] bytes or with control characters, for it cannot be shown or kept: such a
// value is passed over as if it were not there. Sixteen bytes that are not UTF-8 are a
// UUID. Of a body that turns out not to be JSON, or that has a telling member twice,
// nothing is used. Of the headers, the first 256 are looked at.
//
// # Files
//
//	identity.go    Identity, Field, Evidence: the answers
//	reader.go      Reader: the order in which a message is read
//	offer.go       how a value becomes a fact, or does not
//	body.go        the part that reads JSON; jsonscan/ is how it walks through it
//	written.go     the part that reads a body or a key by its schema
//	key.go         what a Kafka key says
//	parents.go     members of a body that are looked into
//	meaning.go     names to meanings, from all tables
//	spelling/      ids, trace contexts, times and names as they are written
//	mapping.go, pinned.go          the operator's mappings, compiled and applied
//	deadheader/    what the headers of dead letters say
//	dialect/       the conventions of frameworks, and the common names
//
// # Not obvious
//
// Names of dialects are compared in lower case, common names folded (see spelling.Fold): Wolverine's
// conversation-id is a cause, and anybody else's conversationId a flow. Names of headers
// come again with every message, so their meanings are remembered by name and by place.
//
// Bodies are walked by an own scanner because walking them is most of what reading an event
// costs. jsontext is as strict, and the tests read everything with it as well: oracle_test.go
// must change with body.go, key.go and pinned.go.
package envelope
