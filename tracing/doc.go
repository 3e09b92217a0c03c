// Package tracing assembles flows: it takes batches of messages from any number of
// sources, reads their identity, keeps a small entry for each in an index of bounded
// size, links the entries of one flow, and answers questions about them with snapshots.
package tracing
