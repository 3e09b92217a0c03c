// Package topologypage is the page of the map: destinations with who writes to them and who
// reads them, or services with what they read and write.
//
// # Rules
//
//   - The map is drawn up from what brokers tell, what consumers are behind, and what was seen;
//     each way on it says which.
//   - It is drawn up outside the event loop, and only when something may have changed.
//
// # Owner and concurrency
//
// Model and page belong to the event loop. A map that was drawn up never changes.
//
// # What may be lost
//
// What a broker does not tell is missing from the map, and the page says so.
//
// # Files
//
//	model.go  the map as pages share it: a flow shows how its services stand
//	page.go   the page: keys, filter, cursor
//	tree.go   the map as a tree that folds
//	row.go    its columns, rows and sentences
//
// # Not obvious
//
// A destination with several ways in or out has several rows, of which the first names it. What an
// ill consumer reads comes first; the cursor stays on its place when the order changes.
package topologypage
