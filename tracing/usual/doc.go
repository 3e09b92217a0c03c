// Package usual is what is known of types of events before anybody looks at a flow: what their
// names say, and which of them usually follow one another, how soon and how often.
//
// # Owner and concurrency
//
// [Paths] belong to one goroutine, the one that owns the index. A [TypeInfo] is a value.
//
// # What may be lost
//
// There are 256 starting types and [MostTypes] after each; further ones are not learned. Times
// are counted in classes a quarter of a doubling wide.
//
// # Files
//
//	path.go      Paths, learned from ended flows or declared; Delays: how soon a type comes
//	typeinfo.go  what a type's name says: failure, success, compensation
//
// # Not obvious
//
// What was learned from a flow can be taken back, since only silence says that a flow has ended.
// A type is the number that its owner gave it, and its place on a path is its index in
// Path.Kinds, whatever the usual order.
package usual
