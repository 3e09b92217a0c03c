package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// until reads lines until one matches, and fails the test when there is none in time.
func until(t *testing.T, lines <-chan string, pattern string) {
	t.Helper()
	wanted, limit, last := regexp.MustCompile(pattern), time.After(time.Minute), ""
	for {
		select {
		case line, open := <-lines:
			if wanted.MatchString(line) {
				return
			}
			if last = line; !open {
				t.Fatalf("it ended without a line of %s", pattern)
			}
		case <-limit:
			t.Fatalf("no line of %s; the last was %s", pattern, last)
		}
	}
}

// linesOf are the lines of a stream, as they come.
func linesOf(t *testing.T, r io.Reader) <-chan string {
	lines := make(chan string, 10_000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(lines)
		for scanner := bufio.NewScanner(r); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() { <-ended })
	return lines
}

// TestLagWatchTellsEveryOutage has a broker that goes and comes twice: each time both are said,
// and the rows are unknown in between, not absent.
func TestLagWatchTellsEveryOutage(t *testing.T) {
	t.Parallel()
	var port int
	start := func() *kfake.Cluster {
		t.Helper()
		options := []kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(1, "orders")}
		if port > 0 {
			options = append(options, kfake.Ports(port))
		}
		cluster, err := kfake.NewCluster(options...)
		if err != nil {
			t.Fatal(err)
		}
		address := cluster.ListenAddrs()[0]
		_, text, _ := net.SplitHostPort(address)
		port, _ = strconv.Atoi(text)
		client, err := kgo.NewClient(kgo.SeedBrokers(address))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		offsets := make(kadm.Offsets)
		offsets.AddOffset("orders", 0, 0, -1)
		if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), "billing", offsets); err != nil {
			t.Fatal(err)
		}
		return cluster
	}
	cluster := start()
	command := process(t, "lag", "kafka://127.0.0.1:"+strconv.Itoa(port), "--watch", "200ms")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	}()
	rows, sentences := linesOf(t, out), linesOf(t, said)
	const known, unknown = `"group":"billing","destination":"orders".*"state":"OK".*"round":`, `"group":"billing","destination":null.*"state":"UNKNOWN".*"round":`
	for range 2 {
		until(t, rows, known)
		cluster.Close()
		until(t, sentences, "connection refused")
		until(t, rows, unknown)
		cluster = start()
		until(t, sentences, "kafka answers again after ")
		until(t, rows, known)
	}
	cluster.Close()
}
