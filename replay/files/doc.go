// Package files is what dead letters need of a disk: a state folder that is this user's alone, and
// in it an archive of letters that lasts.
//
// # Owner and concurrency
//
// A [Disk] never changes. An [Archive] may be used by several goroutines, and its file by several
// processes: each holds its lock while it reads or writes.
//
// # What may be lost
//
// Nothing that a call has returned of. A line that a crash has torn goes with the next write, and a
// damaged one is passed over. The index of an archive is made anew where it does not fit.
//
// # Files
//
//	disk.go          the state folder: modes, owners, links, what is synced
//	disk_*.go        what systems differ in
//	archive.go       Archive: letters of one queue; archiveindex.go: where each lies
//	lines.go         Lines: a file line by line
//	numbers.go       Numbers: numbers of letters as ranges
//	problem.go       what an operator is told when a disk fails
//
// # Not obvious
//
//   - Whoever can write to the folder could have a run send what it likes. So all of it has to
//     belong to this user, and no link is followed.
//   - Nothing of an archive is kept in memory, for it grows with every peek, and somebody may
//     remove it at any moment.
package files
