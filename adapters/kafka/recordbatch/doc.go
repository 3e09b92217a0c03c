// Package recordbatch reads record batches, the unit in which Kafka stores and sends records: it
// splits them without decoding them, unpacks them into memory that comes back, and makes
// messages of their records.
//
// # Owner
//
// The memory of a record is that of the pools, and is borrowed by the [adapters.Batch] or the
// record that holds it until that is released or recycled.
//
// # Concurrency
//
// The pools, and what is learned of how much batches unpack to, are shared by all goroutines. A
// [Ration] belongs to one.
//
// # What may be lost
//
// Nothing here; [Decode] says up to which offset it came.
//
// # Files
//
//	batches.go  splitting raw bytes into batches
//	decode.go   from batches to records
//	pools.go    memory of records, and of the batches of messages made of them
//	ration.go   how much is unpacked at once, and at most
//	unpack.go   LZ4, where it is wanted
//	times.go    the times of records, whatever numbers they carry
//
// # Not obvious
//
// The client's own decoding is used for all but LZ4, and its times are mended afterwards: see
// times.go.
package recordbatch
