// Package mask hides parts of messages that must not be shown: members of values by their paths
// or by tags of their schemas, headers, AMQP properties, and keys.
//
// # Owner and concurrency
//
// [Rules] and a [Mask] never change but for what they remember, and any goroutine may use them.
//
// # What may be lost
//
// What is masked is lost, for whoever looks; replays take the message itself. More is hidden than
// was meant rather than less: a member is masked wherever one of its name has a tag, and a value
// of which nobody knows what its parts are is hidden whole, as where a tag is not of a member but
// of a type, of elements, or beside the schema.
//
// # Files
//
//	rule.go  Rule, Rules: what is masked where
//	mask.go  Mask: what is masked of one destination
//	json.go  JSON without what is masked
//	tags.go  the names that have a tag in a schema
package mask
