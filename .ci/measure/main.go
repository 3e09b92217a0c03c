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
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	usage := fmt.Errorf("want produce, read, large, groups, ungroup, delete, publish, tap, confirm, move, drop or screen with its arguments; see the head of main.go")
	if len(args) < 3 {
		return usage
	}
	numbers := make([]int, 2)
	for i := range numbers {
		if len(args) > 3+i && args[0] != "screen" && args[0] != "delete" && args[0] != "drop" {
			n, err := strconv.Atoi(args[3+i])
			if err != nil {
				return fmt.Errorf("%q is not a number", args[3+i])
			}
			numbers[i] = n
		}
	}
	switch args[0] {
	case "produce":
		l := liveLoad()
		if len(args) > 5 {
			var err error
			if l, err = shapedLoad(args[5]); err != nil {
				return err
			}
		}
		return produce(ctx, args[1], args[2], numbers[0], numbers[1], l)
	case "read":
		return read(ctx, args[1], args[2])
	case "large":
		return large(ctx, args[1], args[2])
	case "groups":
		return groups(ctx, args[1], args[2], numbers[0])
	case "ungroup":
		return ungroup(ctx, args[1], args[2], numbers[0])
	case "delete":
		return remove(ctx, args[1], args[2:])
	case "publish":
		return publish(ctx, args[1], args[2], numbers[0])
	case "tap":
		return tap(ctx, args[1], args[2], numbers[0])
	case "confirm":
		return confirm(ctx, args[1], args[2], numbers[0])
	case "move":
		return move(ctx, args[1], args[2], numbers[0])
	case "drop":
		return drop(args[1], args[2:])
	case "screen":
		return screen(ctx, args[1:])
	}
	return usage
}
