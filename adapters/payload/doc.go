// Package payload makes a message body readable: a chain of decoders, each of which
// either takes the bytes or says why it declined, and the views on the result that the
// screen needs (a one-line summary, an outline with folds, hexadecimal rows).
//
// # Owner and concurrency
//
// Functions are pure. An [Outline] belongs to one goroutine.
//
// # What may be lost
//
// Nothing silently: a result that was cut says so and carries the true size. Nothing
// here is safe to print: what comes out is data, and the screen's sanitiser is the only
// way on.
package payload
