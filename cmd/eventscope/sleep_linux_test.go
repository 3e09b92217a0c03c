package main

import (
	"os"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A process that stands still, as on a laptop that sleeps, loses its tap. When it goes on, it says
// since when it has seen nothing, and not just how long it took to come back.
func TestATapIsAwayWhileTheLaptopSleeps(t *testing.T) {
	t.Parallel()
	url := os.Getenv("EVENTSCOPE_TEST_RABBITMQ4")
	if url == "" {
		t.Skip("EVENTSCOPE_TEST_RABBITMQ4 does not name a broker")
	}
	connection, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	exchange := "eventscope-test-sleep-" + strconv.Itoa(os.Getpid())
	if err := channel.ExchangeDeclare(exchange, "topic", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = channel.ExchangeDelete(exchange, false, false) }()
	returned := channel.NotifyReturn(make(chan amqp.Return, 1000))
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	publish := func(order string) {
		if err := channel.PublishWithContext(t.Context(), exchange, "order.x", true, false, shipment(1, order)); err != nil {
			t.Fatal(err)
		}
		<-pause.C
	}
	tail := start(t, process(t, "tail", url+"?tap="+exchange+":%23"))
	seen := make(chan struct{})
	go func() { defer close(seen); tail.until(tail.out, "ord-before") }()
	limit := time.Now().Add(2 * time.Minute)
	for awake := false; !awake; {
		if publish("ord-before"); time.Now().After(limit) {
			t.Fatal("the tap has shown nothing")
		}
		select {
		case <-seen:
			awake = true
		default:
		}
	}
	for len(returned) > 0 { // from before it was there
		<-returned
	}
	asleep := time.Now()
	if err := tail.command.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for limit = asleep.Add(2 * time.Minute); len(returned) == 0; { // until the broker has taken the tap away
		if publish("ord-unseen"); time.Now().After(limit) {
			t.Fatal("the broker keeps the tap of a process that does not run")
		}
	}
	slept := time.Since(asleep)
	if err := tail.command.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	said := tail.until(tail.errors, "tap was away ")
	away := regexp.MustCompile(`away ([0-9.]+) s \(`).FindStringSubmatch(said)
	if away == nil {
		t.Fatalf("it says %q", said)
	}
	seconds, err := strconv.ParseFloat(away[1], 64)
	if rounded := 1.01*seconds + 0.01; err != nil || rounded < slept.Seconds() {
		t.Errorf("it stood still for %v and says %q", slept, said)
	}
	tail.end()
}
