// Measure makes the loads and takes the times that .ci/bench prints. It is a tool of
// this repository and not part of the program.
//
//	measure produce ADDRESS TOPIC EVENTS [PER-SECOND]   1 KB events with headers, 5 a flow
//	measure produce ADDRESS TOPIC EVENTS 0 SHAPE        the same events each time, those of a flow 10,000 apart
//	measure read ADDRESS TOPIC                          a bare reader that throws them away
//	measure large ADDRESS TOPIC                         one record of 2 MB
//	measure groups ADDRESS TOPIC GROUPS                 a topic of 10 partitions, and groups that are behind in it
//	measure ungroup ADDRESS TOPIC GROUPS                deletes these groups
//	measure delete ADDRESS TOPIC...                     the topics, after the measuring
//	measure publish AMQP-URL EXCHANGE SECONDS           1 KB messages as fast as it goes
//	measure tap AMQP-URL EXCHANGE SECONDS               a bare consumer beside such a publisher
//	measure confirm AMQP-URL QUEUE MESSAGES             1 KB messages with confirms, 500 under way; the seconds
//	measure move AMQP-URL QUEUE MESSAGES                to QUEUE-moved, with confirms and acknowledgements; the seconds
//	measure drop AMQP-URL QUEUE...                      the queues, after the measuring
//	measure screen [FLAGS] BINARY ARG...                start, key to frame, cost
//
// SHAPE is
//
//	header-rich   1 KB as without one: correlation id, type, event id and source in headers
//	bench         1 KB with type and ids in the body; correlation id and traceparent in headers
//	no-headers    that body alone
//	order         1 KB of 12 items, then the ids
//	cloudevents   1 KB, structured
//	small         200 B
//	large         5 KB of one text, then type and ids
//
// # Owner and concurrency
//
// One command a process. A producer and the reader beside it have a goroutine each; all end with
// the context, which an interrupt cancels.
//
// # What may be lost
//
// The topics and queues that it makes stay until delete, drop or ungroup takes them away.
//
// # Files
//
//	main.go      the commands
//	load.go      the events of 1 KB; shapes.go: those of other shapes
//	kafka.go     writing to a topic and reading it; groups.go: consumer groups that are behind
//	amqp.go      the same on RabbitMQ, with confirms
//	screen.go    start, key to frame, and cost; terminal.go: the terminal it runs in
//
// # Not obvious
//
// It is a module of its own, so that what measures adds nothing to what the program needs.
package main
