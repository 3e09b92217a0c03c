// Package source turns what an operator writes, a URL, into an open broker adapter.
//
//	kafka://user@host:9092,host2:9092/orders,payments?sasl=scram-sha-256
//	amqps://user@host:5671/vhost?tap=orders:order.#&stream=audit
//
// # Owner and concurrency
//
// Values only: a [Source] is the caller's, and every function may be called from
// several goroutines.
//
// # What may be lost
//
// Nothing. A URL that is not understood in full is refused, because a misspelt
// parameter that is passed over would read something else than was meant.
//
// # Files
//
//	source.go    Source, its printed form, names that differ
//	parse.go     Drivers; URL -> Source: scheme, user, hosts, path
//	parameter.go the parameters behind the question mark
//	api.go       those that name an HTTP API beside the broker
//	meant.go     which destination was probably meant by one that there is not
//	help.go      help, the manual's table and completion of URLs
//	registry.go  those that name a schema registry
//	redact.go    a URL that does not parse, without its secret
//	password.go  where a password comes from when the URL does not hold it
//
// # Not obvious
//
// What is particular to a broker is the driver's: its schemes, its parameters, what the path
// means. This package has no list of them.
//
// URLs are taken apart here rather than by net/url: that refuses lists of hosts, reads
// the # of a binding key as a fragment, and prints the whole URL, password included,
// in its errors. No error of this package repeats a part of a URL in which a password
// could stand by mistake.
package source
