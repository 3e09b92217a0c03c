// Package lagpage is the pages about consumers: how far every group and queue is behind, one of
// them by its partitions, and the message that it is to read next.
//
// # Rules
//
//   - All pages, and the header, see one state of all consumers, which a [Model] asks for.
//   - Consumers on the screen are looked at every two seconds, all of them every 15; never so
//     often that looking takes more than a tenth of the time.
//   - What is not known is a question mark, never a number.
//
// # Owner and concurrency
//
// Model and pages belong to the event loop. A look works outside it, one at a time, on the
// series of lags, which no one else has meanwhile; what it found never changes.
//
// # What may be lost
//
// Consumers beyond the 10,000 worst are not listed, and of those beyond 50,000 partitions the
// partitions are not kept; the pages say how many.
//
// # Files
//
//	model.go        how far consumers are behind, as the pages share it
//	sweep.go        one look at consumers; consumer.go: what it says of one
//	list.go         page: a row a group or queue, with row.go; unroutable.go: what nobody gets
//	partitions.go   page: one of them, a row a partition
//	nextmessage.go  page: the message that is to be read next
//	total.go        the sum in the header
//
// # Not obvious
//
// A look at very many consumers shows what it has found so far while it goes on.
// Queues of dead letters are left out of the sum where the header counts these.
package lagpage
