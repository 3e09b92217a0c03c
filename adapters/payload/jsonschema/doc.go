// Package jsonschema says whether a value that is JSON fits its schema. No value is read by it: JSON
// needs no schema for that, and one that cannot be used takes nothing from its values.
//
// # Owner and concurrency
//
// A [Schema] may be asked by any goroutine; of several that ask the same one, one is served at a time.
//
// # What may be lost
//
// What a schema asks for is not checked where that would take too long, or needs what is not there:
// [ErrUnchecked] says why. Of several reasons why a value does not fit, one is told: that of the
// shortest path.
//
// # Files
//
//	schema.go  Schema: parsing, and the bounds of what is taken
//	check.go   Check: whether a value fits, and why not
//	budget.go  how much work that may be
//	first.go   what is asked of a value first: its type, equal values
//	value.go   a value as the library wants it
//
// # Not obvious
//
// Schemas are hostile, too: nothing that they refer to is loaded, from a file or from elsewhere, but
// for what the registry has given with them. Two subschemas that refer to the same two, and so on, take
// twice as long with each step, so that every visit of a subschema is counted, in the place where the
// library would ask a format. What it would compare before that is taken out of the schema, and compared
// here.
package jsonschema
