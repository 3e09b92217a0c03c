// Package schemapage is the pages of versions: a row per version of each type of event, and one
// version with what changed in it, who writes it, and for whom it broke.
//
// # Rules
//
//   - Versions are put together from what the index counted and what consumers are behind,
//     outside the event loop, and only when something may have changed.
//   - Types for whom something broke stand first, then those with versions that deserve a look.
//
// # Owner and concurrency
//
// Model and pages belong to the event loop. A version that was put together never changes.
//
// # What may be lost
//
// What the index did not count, for there were too many types or versions of one.
//
// # Files
//
//	model.go    the versions, as the pages share them
//	list.go     page: a row a version; row.go: its columns and sentences
//	version.go  page: one of them
//
// # Not obvious
//
// The cursor belongs to a version: rows move when something breaks.
package schemapage
