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
