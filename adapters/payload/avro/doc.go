// Package avro reads values that were written with an Avro schema: as JSON for people, and
// by a plan that finds a few members without decoding the rest.
//
// # Owner and concurrency
//
// A [Schema] and a [Plan] never change after they were made, and any goroutine may use
// them. What a plan finds may lie in the data that was read, or in the scratch memory of
// the caller.
//
// # What may be lost
//
// A value is read by the schema of its writer alone: no default of a reader's schema is
// filled in, and no member is dropped. Text that is not UTF-8 has replacement characters in
// JSON. A value that does not fit its schema is a [*encoded.Misfit] with its place; Avro has no
// redundancy, so a plan that stops early does not notice what lies behind, and [Schema.Check]
// reads the whole of a value for those who want to know.
//
// # Files
//
//	schema.go    Schema: parsing, and the bounds of what is taken
//	lenient.go   logical types that cannot be, and that readers must ignore
//	compile.go   the graph of a schema, with references and recursion
//	value.go     numbers, lengths, blocks: what everything is made of
//	skip.go      stepping over a value
//	logical.go   decimals, dates, times, UUIDs, durations as people write them
//	json.go      a value as JSON
//	plan.go      Plan: the members that are wanted, and where they lie
//	changes.go   what differs between two schemas, and what that breaks
//
// # Not obvious
//
// Counts and lengths are an attack as soon as they are believed: an array of 2⁶² items that
// take no bytes fits into ten bytes, and a record may hold itself for megabytes. Items are
// counted against what is left of the data, those without bytes against a bound, and depth
// against [MaxDepth].
//
// A block whose size in bytes is told is stepped over whole, so what is wrong within it is
// seen only by those who read it.
package avro
