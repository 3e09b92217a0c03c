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
//   - Pages are packages of their own, by subject. They know the screen by small interfaces
//     and each other not at all; what all share is in packages page and keymap.
//
// # Owner and concurrency
//
// Everything here belongs to the event loop. Commands work on copies; the function
// that they return is what touches pages again.
//
// # What may be lost
//
// Frames: the screen shows the newest state, not every state.
//
// # Files
//
//	tui.go         Options, Run
//	model.go       the root model: messages in, one frame out; pages.go: the pages that it has
//	input.go       keys and mouse: dispatch by the keymap, back, tabs
//	shell.go       the screen as pages know it: notices, navigation, what opens what
//	chrome.go      the frame round a page: tabs, notices
//	header.go      the first line: the sources, and what they are behind; sourcestatus.go: how
//	               the sources are, and their rates
//	footer.go      the last line: keys; problems.go: what is wrong, above it
//	prompt.go      the line for commands and filters, and what could stand there
//	commands.go    what the command line can do
//	seek.go        reading again from earlier or later
//	search.go      looking for a flow in the index, and in what the brokers still have
//	context.go     another context in place of this one
//	columns.go     which columns of lists can be chosen
//	compare.go     two flows, or two events, beside each other
//	copyas.go      copying a flow or an event in another form
//	notify.go      telling a person who looks elsewhere
//	savedfilter.go filters by the names under which they were saved
//	panel.go       what is laid over a page: help.go, its keys, with legend.go, what its signs
//	               mean; sources.go, all that is wrong
//
// # Packages
//
//	keymap         every key
//	stage          the terminal over screens that follow one another
//	alert          what is news, and how it is told
//	page           what pages share
//	eventpage      one event; a dead letter and a next message are made of it
//	startpage      what could be looked at, before there is a screen
//	streampage     the live tail
//	flowpage       flows, and one
//	comparepage    what differs between two flows, or two events
//	lagpage        consumers, one by its partitions, and its next message
//	letterpage     dead letters, plan, run and journal
//	topologypage   the map
//	schemapage     versions of events, and one
//	text, theme, widget   what everything is drawn with
//	tuitest        a system and a terminal for tests
//
// # Not obvious
//
// Bubble Tea calls View after every message, not once a frame, and writes at its own
// pace; so View must be cheap when nothing changed, and it is one comparison.
// A panic in a page is caught here, not by Bubble Tea, so that the terminal is put back
// before one clear sentence is printed.
package tui
