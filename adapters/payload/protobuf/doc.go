// Package protobuf reads values that were written with a Protobuf schema: as JSON for
// people, and by a plan that finds a few members without decoding the rest. It shows what
// it can of values without a schema, and what differs between two schemas.
//
// # Owner and concurrency
//
// A [Schema], a [Message] and a [Plan] never change after they were made, and any goroutine
// may use them. What a plan finds may lie in the data that was read, or in the scratch
// memory of the caller. A schema is compiled on a goroutine of its own, which is left alone
// when that takes too long.
//
// # What may be lost
//
// A value is read by the schema of its writer alone. A field that the schema does not have
// is shown by its number. Defaults are not filled in: a field that is absent is absent, since
// in proto3 nobody knows whether it was 0. Text that is not UTF-8 has replacement characters
// in JSON, and a plan does not tell it. A value that does not fit is a [*encoded.Misfit] with its
// place.
//
// # Files
//
//	schema.go      Schema, Message: the messages of a file, by name and by index
//	parse.go       .proto files, descriptors and sets of them
//	scan.go        what is refused before the parser sees it
//	descriptor.go  what clients leave out of the descriptors that they register
//	known.go       the files that nobody registers
//	compile.go     the graph of a schema
//	index.go       which message of its file a value is
//	wire.go        tags, numbers, lengths, groups: what everything is made of
//	check.go       whether a value fits its message
//	text.go        scalars as text
//	meaning.go     times, durations, dates, money, wrappers as people write them
//	json.go        a value as JSON
//	gather.go      the fields of a message in the order of its schema
//	meant.go       JSON of the messages that mean something
//	raw.go         a value without a schema
//	plan.go        Plan: the members that are wanted
//	read.go        where they lie in a value
//	changes.go     what differs between two schemas, as registries judge it
//
// # Not obvious
//
// The fields of a message come in any order, and as often as their writer likes: of a scalar
// the last counts, messages merge, and of a oneof the last field empties the others. So both
// readers read a message to its end before they say anything of it.
//
// Counts and lengths are an attack as soon as they are believed, and so is nesting: a message
// may hold itself for megabytes. Depth is counted against [MaxDepth].
package protobuf
