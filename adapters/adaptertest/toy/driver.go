package toy

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
)

const broker adapters.Broker = "toy"

// Driver is how a program knows the toy.
var Driver = driver.Driver{
	Broker:  broker,
	Words:   driver.Words{Product: "Toy", Read: "channel", ReadMany: "channels", Target: "a channel", Seen: adapters.Stream},
	Schemes: []driver.Scheme{{Name: "toy", Port: "1"}},
	Example: "toy://name/orders,payments",
	OneHost: "its name is all there is to one",
	Cost:    handedOut,
	Naming:  "behind the slash, as in toy://name/orders.dlq",
	ReadPath: func(path string) (string, error) {
		for _, name := range namesOf(path) {
			if err := checkName(name); err != nil {
				return "", err
			}
		}
		return path, nil
	},
	Parameters: []driver.Parameter{
		{Name: "batch", Value: "NUMBER", Check: checkBatch, Says: "read at most so many messages at once"},
	},
	Named: func(c *driver.Config) []string { return namesOf(c.Path) },
	Target: func(c *driver.Config) (deadletter.Target, error) {
		names := namesOf(c.Path)
		if len(names) != 1 {
			return "", errors.New("name one channel, as in toy://name/orders")
		}
		return deadletter.Target(names[0]), nil
	},
	TargetOf: targetOf,
	Open:     open,
}

var handedOut = deadletter.Cost{Marked: "marked as handed out", Says: "the toy marks it as handed out"}

const usualBatch = 500

func checkBatch(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 1 || n > usualBatch {
		return errors.New("it is a number from 1 to " + strconv.Itoa(usualBatch))
	}
	return nil
}

func namesOf(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, ",")
}

// open opens a cluster of this process.
func open(ctx context.Context, config driver.Config) (*driver.Source, error) {
	name, _, err := net.SplitHostPort(config.Hosts[0])
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found, ok := clusters.Load(name)
	if !ok {
		return nil, &adapters.Problem{Doing: "open toy " + name, Cause: "this process has no cluster of that name", Remedy: "make it", Kind: adapters.ErrNotConnected}
	}
	s := newSource(found.(*Cluster), &config)
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.adapter(config.Name), nil
}
