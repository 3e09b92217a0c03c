// Package routing says where messages go in one virtual host, and how a tap must be bound to get
// a copy of them, by what the management API says about exchanges, queues and bindings.
//
// # Owner
//
// A [Catalog] belongs to whoever read it. It is what there was then, and is not looked after.
//
// # Concurrency
//
// A Catalog that nobody changes may be asked from any goroutine. Only [Read] and [ReadTappable]
// wait for the broker; all else is computed.
//
// # What may be lost
//
// What is not known is not guessed: a queue that may get a message is told apart from one that
// certainly does ([Routes]), and an exchange whose kind cannot be tapped without taking messages
// away from others is refused, with a remedy.
//
// # Files
//
//	catalog.go       what there is, and which queues are taps
//	binding.go       how each type of exchange is tapped
//	route.go         where bindings lead a message
//	routeheaders.go  what a headers exchange does
//
// # Not obvious
//
// Taps are marked, by an argument of their queues and by a binding. Their queues do not count
// as receivers, nor are taps bound as other taps are: two of them would keep each other.
package routing
