// Package eventpage is the page of one event: what is known of it with the evidence, and its
// value as a tree, raw or in hexadecimal.
//
// # Rules
//
//   - What the index knows is shown at once; the message is read again for the rest, once.
//   - Every fact that was read somewhere says where.
//   - The value is drawn line by line, and only the lines on the screen.
//   - No broker is asked for what is only passed by, in a list or from page to page.
//
// # Owner and concurrency
//
// A page belongs to the event loop. A message is read and decoded outside it, and what is made
// of it is handed over whole.
//
// # What may be lost
//
// Nothing that is shown: a page keeps it, also when the event leaves the index. A message that
// its broker no longer has is said to be gone.
//
// # Files
//
//	page.go       the page: keys, what it reads, how it is laid out
//	facts.go      what is known, as rows
//	valueview.go  the ways to look at a value
//	nextevent.go  from one event to the next, along the list that it was opened from
//	preview.go    the same beside or below a list
//
// # Not obvious
//
// Other pages are made of this one: a dead letter's, and that of the message a consumer is to
// read next. They put facts of their own before the others ([Page.Lead]) and may read the
// message in a way of their own ([Config.NewLoading]).
package eventpage
