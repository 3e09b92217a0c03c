// Package wording has the words that all sentences about RabbitMQ share: how a name is shown,
// and what the network and the broker say, for operators.
//
// # Owner
//
// Nothing here has state.
//
// # Concurrency
//
// All functions may be called from any goroutine.
//
// # What may be lost
//
// Nothing. Bytes of a name that are not UTF-8 are shown as U+FFFD.
//
// # Files
//
//	wording.go  names, causes and replies in words
//
// # Not obvious
//
// It knows no config and no connection, so that code which has neither can speak too.
package wording
