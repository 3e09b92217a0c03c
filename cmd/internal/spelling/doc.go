// Package spelling finds what somebody probably meant who wrote a name that is not
// known: "did you mean …?".
//
// # Owner and concurrency
//
// It has no state, and may be called from anywhere.
//
// # What may be lost
//
// A word of more than 64 bytes is near to nothing.
//
// # Files
//
//	spelling.go  the nearest of some names
//
// # Not obvious
//
// Two neighbouring letters that changed places count as one mistake, for that is how
// most names are mistyped.
package spelling
