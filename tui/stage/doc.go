// Package stage is the terminal over screens that follow one another: it stays the program's own
// from the first to the last, so that nothing of a shell is seen between two.
//
// # Rules
//
//   - A screen ends itself as every model of Bubble Tea does. The terminal is given back then,
//     unless the screen says that another one follows ([Screen.Next]).
//   - What comes of the commands of a screen that has ended is for nobody.
//   - Until the next screen is there, the last frame stays, and no key means anything but ctrl+c.
//
// # Owner and concurrency
//
// A Stage is for one goroutine, which shows one screen after another. Models run in the event loop
// of Bubble Tea.
//
// # What may be lost
//
// Keys that are pressed while no screen is there.
//
// # Files
//
//	stage.go    Stage: showing screens
//	director.go what Bubble Tea runs: it has the present screen act
//	terminal.go what a terminal still answers when the last screen has gone
//
// # Not obvious
//
// What the terminal said of itself (its size, its colours) it says once. Later screens are told
// again by the director.
package stage
