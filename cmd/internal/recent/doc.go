// Package recent remembers for the next start which URLs were looked at last, and the filters that
// were saved.
//
// # Owner and concurrency
//
// The files belong to the user. Each writing replaces it whole, so that of two at the same time
// one is kept.
//
// # What may be lost
//
// Whatever is wrong with a file: then nothing is offered. It never holds a password: who saves
// leaves them out before.
//
// # Files
//
//	recent.go   the URLs; reading and writing files
//	filters.go  the filters
package recent
