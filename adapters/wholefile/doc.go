// Package wholefile writes files that are whole or not there: whoever reads one while it is replaced,
// or after a crash, has the old contents or the new ones.
//
// # Owner
//
// Nothing here has state. Writers that change what they have read keep each other off by a lock of
// their own.
//
// # Concurrency
//
// All functions may be called from any goroutine and any process.
//
// # What may be lost
//
// Nothing that Replace has returned of. A crash in between may leave a file beside it, whose name is
// that of the file, a dash and a number.
//
// # Files
//
//	wholefile.go  Replace
package wholefile
