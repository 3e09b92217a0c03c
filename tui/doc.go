// Package tui is the screen: one Bubble Tea model over snapshots of what was traced.
//
// # Rules
//
//   - The screen pulls. A frame clock asks the [tracing.Querier] for what is visible;
//     nothing ever pushes into the program, so a flood of events costs the screen what
//     it shows and no more.
//   - Questions run in commands of their own, with a deadline, and come back as answers
//     that are applied in the event loop. The event loop never waits.
//   - Nothing is drawn when nothing changed: View gives back the last frame unless
//     something marked it dirty.
//   - Whatever came from outside goes through package text before it is drawn.
//   - One list, in package keymap, is the source of dispatch, footer, help and the README's table.
//
// # Owner and concurrency
//
// Everything here belongs to the event loop. Commands work on copies; the function
// that they return is what touches pages again.
//
// # What may be lost
//
// Frames: the screen shows the newest state, not every state. Events that were evicted
// while one looked at them leave the list; the cursor goes to the nearest. An event
// page keeps what it shows.
//
// # Files
//
//	tui.go       Options, Run
//	model.go     the root model: messages in, one frame out
//	input.go     keys and mouse: dispatch by the keymap, back, tabs
//	shell.go     the screen as pages know it: notices, navigation, what opens what
//	lettermodel.go   dead letters, as the pages about them share them
//	dlqs.go    page: what died in the same way; letters.go: the letters, with
//	             letterfilter.go; letter.go: one; letterof.go: from an event to its letter
//	plan.go      page: what will happen; run.go: what happens; resume.go:
//	             going on with it later; journal.go: what happened
//	lettercommands.go  commands about dead letters
//	chrome.go    the frame round a page: tabs, notices; with header.go, footer.go, problems.go
//	rates.go     figures of the sources over time
//	replies.go   what a terminal still answers when the screen has gone
//	prompt.go    the line for commands and filters; completion.go: what could stand there
//	commands.go  what the command line can do
//	history.go   looking for a flow in what the brokers still have
//	panel.go     what is laid over a page: help.go, its keys; sources.go, all that is wrong
//
// # Not obvious
//
// Bubble Tea calls View after every message, not once a frame, and writes at its own
// pace; so View must be cheap when nothing changed, and it is one comparison.
// A panic in a page is caught here, not by Bubble Tea, so that the terminal is put back
// before one clear sentence is printed.
package tui
