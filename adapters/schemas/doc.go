// Package schemas is how messages name the schemas of their keys and values, and what such a name
// stands for: the contract between who reads messages and who knows schemas.
//
// # Owner and concurrency
//
// A [Schema] never changes once it was found, but for its place, which may be learned later. A [Finder] may be asked by any goroutine.
//
// # What may be lost
//
// Nothing passes through here.
//
// # Files
//
//	schema.go  Finder, Assigner, Rereader, Catalogue, Judge, Ref, Schema, Place
//
// # Not obvious
//
// What reads values of a schema is [Schema.Reader], of a type that package payload knows: this
// package imports the standard library only, so that package adapters may import it.
package schemas
