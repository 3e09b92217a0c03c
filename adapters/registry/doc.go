// Package registry asks schema registries which schema an id stands for. It is the only
// place that speaks HTTP to one. Where messages name no schema, it goes by files (files/).
//
// # Owner and concurrency
//
// A [Registry] belongs to a source, and any goroutine may ask it. Each question has a
// goroutine of its own until it is answered, and there is one question an id at a time; the
// answers are under one lock, which nobody holds while waiting. [Registry.Close] ends all
// questions and waits for them.
//
// # What may be lost
//
// Nothing of a schema: an id stands for the same schema for ever, so an answer is kept for
// the life of the process, as far as [maxKept] bytes go; what had to leave is asked for
// again. Who asks by [Registry.Find] never waits, and has no schema until the answer is
// there. A registry that is down, slow, busy or refuses is asked less and less often, and
// each error says why and what to do.
//
// # Files
//
//	config.go     Config: where the registry is, and who asks
//	registry.go   Registry: questions, answers, and how long they hold
//	attach.go     how the messages of a source get its schemas
//	ask.go        one question: a schema, and those that it refers to
//	rules.go      what rules of a schema say of encryption
//	verdict.go    what the registry itself says of two versions
//	apicurio.go   questions that only Apicurio's own API answers
//	intake.go     what happens to messages on their way
//	unread.go     values that were handed on before their schemas were known, and misfits
//	strangers.go  destinations whose values only look as if they named schemas
//	outage.go     when a registry that failed is asked again
//	transport.go  what the HTTP client must never do
//	oauth.go      who asks: a user, a token, or tokens of OAuth
//	problem.go    what went wrong, in words
//
// # Not obvious
//
// A message has its schemas with it (adapters.Message), given by [Registry.Attach] on the way
// out of its source. Whoever reads messages, an index, a filter, a page, has many of them and of
// many sources, and knows of none where a message is from; a table of registries by source
// would have to be handed to all of them, and each would have to be told the source.
//
// Answers are hostile: bodies are bounded, another host is never followed to, and a schema
// is compiled with a bound on its size. A 404 is not for ever either, since a follower of a
// registry may learn of an id later than its producers.
package registry
