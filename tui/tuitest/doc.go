// Package tuitest tells stories to the screen and looks at what a person would see.
//
// A [System] is a real store with two sources in memory that tell the story of orders.
// A [Screen] is the real program, run without a terminal inside testing/synctest: keys
// go in as messages, time is virtual, and what is seen is the grid of cells that the
// renderer was given.
// An [Alone] is one page without the program, and notes what it asks of the others.
// A [Tmux] is a program of its own in a real terminal, in real time.
//
// # Files
//
//	system.go    the store and its sources; letters.go, consumers.go, topology.go: what else they tell
//	screen.go    the program without a terminal; driver.go: the words of stories
//	alone.go     a page without the rest of the screen
//	tmux.go      the program in a real terminal
//
// # Concurrency
//
// A Screen belongs to the test's goroutine; the program runs in others of the same
// bubble and ends with [Screen.Quit] or with the test.
package tuitest
