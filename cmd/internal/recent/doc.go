// Package recent remembers which URLs were looked at last, so that the next start can offer them.
//
// # Owner and concurrency
//
// The file belongs to the user. Each writing replaces it whole, so that of two at the same time
// one is kept.
//
// # What may be lost
//
// Whatever is wrong with the file: then nothing is offered. It never holds a password: who saves
// leaves them out before.
//
// # Files
//
//	recent.go  reading and writing the list
package recent
