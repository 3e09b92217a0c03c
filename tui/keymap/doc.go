// Package keymap is every key of the screen, once: the source of dispatch, footer, help and
// the manual's table.
//
// # Rules
//
//   - A key means one thing on a page.
//   - A key names an action; what that does is the page's own.
//   - The order of the list is that of footer, help and manual.
//
// # Owner and concurrency
//
// The list never changes, so whoever likes may read it.
//
// # What may be lost
//
// Nothing.
//
// # Files
//
//	own.go     keys of the user's own, for commands
//	keymap.go  actions, pages, and the list that binds keys to them
//
// # Not obvious
//
// A key that the footer does not show has no short text; help and the manual's table show
// all.
package keymap
