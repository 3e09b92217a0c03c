// Package page is what the pages of the screen have in common: what each of them is to the
// screen, what it may ask of the screen, and what they draw and say alike.
//
// # Rules
//
//   - A page knows the screen by interfaces alone: [Screen] here, and what a page needs beside
//     that in its own package.
//   - What a page works with, such as the sources, it is given when it is made.
//   - Whatever is asked of a broker or of the index is a [Question] or [Work]: it runs outside
//     the event loop, with a deadline, and its answer is applied inside.
//   - Nothing here knows a page.
//
// # Owner and concurrency
//
// Everything belongs to the event loop, except what [Work] and [Question.Ask] are given to do.
// That works on copies.
//
// # What may be lost
//
// The answer to a question whose deadline has passed. The page says so, and most ask again.
//
// # Files
//
//	page.go      what a page is, and what it may ask of the screen
//	question.go  asking outside the event loop, and what a panic there becomes
//	polled.go    asking again and again, with the last answer at hand
//	prompt.go    asking a person for a line, or for yes
//	filter.go    the filter of events and flows, and the language of all filters
//	listing.go   the cursor of rows, and what is said of one; list.go: the rows themselves, and the
//	             words that filter them
//	columns.go   which columns a list shows
//	sorting.go   by what the rows of a list are sorted, and which way
//	clipboard.go what is copied; files.go: what is saved, or opened in an editor
//	sentence.go  errors and troubles in words
//	words.go     times, types and brokers in words
//	figures.go   lags and rates in figures
//	source.go    a source, as pages ask it
//
// # Not obvious
//
// A page embeds its Screen, so what it asks reads as its own: p.Say, p.Theme.
// An answer is applied whichever page is shown then; who opens a page by it looks first whether
// a person went elsewhere meanwhile ([Trail]).
package page
