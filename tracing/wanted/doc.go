// Package wanted chooses the messages that belong to what is searched for: those that name one
// of its ids, and through these, step by step, all that they are linked with.
//
// # Owner and concurrency
//
// [IDs] belong to one goroutine at a time, or are guarded by whoever shares them.
//
// # What may be lost
//
// Ten thousand ids lead on, and ten thousand events are known as causes; further ones do not.
// What has nothing but its key to tell what it is about, and a cause besides, does not lead to all
// others of that key.
//
// # Files
//
//	wanted.go  IDs: what is wanted, which grows with each message that belongs
//	sought.go  an id as it may be spelled in a message; needles.go: all of them, looked for at once
//
// # Not obvious
//
// To look for a few ids in the bytes takes a tenth of reading a message. Where an id may stand in
// other bytes than its own, the message is read all the same: nothing that belongs is passed over.
package wanted
