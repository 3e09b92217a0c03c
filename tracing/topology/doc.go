// Package topology draws the map of an event-driven system: which services write to which
// destinations, who reads them, and what the brokers move by themselves. It puts together
// what was observed (traffic in the index), what brokers tell (destinations, bindings,
// consumer groups with their lag) and what the operator has said (which groups a service
// has), and keeps beside each line of the map which of these it is from.
//
// # Owner and concurrency
//
// A [Graph] never changes once [Build] has returned it. There is no state here.
//
// # What may be missing
//
// A service is on the map only when events that name it are in the index, and a line from a
// destination to a service only when the service was seen to react, or a consumer group is
// known to be its own. A group is taken for that of a service when the operator says so,
// when both have the same name but for words such as "service" and "group", or when its
// name has that of a service in it that was seen to react to what the group reads. Nobody else is guessed at: the group then stands for itself.
//
// # Files
//
//	gather.go   what brokers tell
//	graph.go    the values
//	build.go    from what is known to a graph
//	owner.go    which service a consumer group is of
//	order.go    from the first writers to the last readers
//	tree.go     the graph as a tree: each way once, the worst first
//	mermaid.go  the graph as a diagram for documents
package topology
