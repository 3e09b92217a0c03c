package adaptertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// history makes a destination with published messages and an adapter on it.
func history(t *testing.T, broker Broker, logs int, published ...adapters.Message) (string, *driver.Source) {
	t.Helper()
	destination := broker.Make(t, logs)
	adapter := open(t, broker, destination)
	broker.Publish(t, destination, published...)
	return destination, adapter
}

func testScanAll(t *testing.T, broker Broker) {
	logs := min(3, broker.MaxLogs)
	published := numbered("message", 3000, logs)
	_, adapter := history(t, broker, logs, published...)
	for range 2 { // a scan does not use anything up
		sameValues(t, scan(t, adapter, adapters.Range{From: adapters.Beginning}), published, logs)
	}
	if got := scan(t, adapter, adapters.Range{From: adapters.End}); len(got) != 0 {
		t.Errorf("a scan from the end read %d messages", len(got))
	}
	if got := scan(t, adapter, adapters.Range{From: adapters.Beginning, Destinations: []string{"no-such-destination"}}); len(got) != 0 {
		t.Errorf("a scan of none of the destinations read %d messages", len(got))
	}
}

// testScanEndsAtMark publishes without a pause while it scans. The first batch holds
// the scan until more has been published than was there, none of which may come.
func testScanEndsAtMark(t *testing.T, broker Broker) {
	before := numbered("before", 2000, 1)
	destination, adapter := history(t, broker, 1, before...)
	r := newReader()
	first := true
	intake := adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		if first {
			first = false
			broker.Publish(t, destination, numbered("during", 3000, 1)...)
		}
		return r.Put(ctx, batch)
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := adapter.Scan(ctx, adapters.Range{From: adapters.Beginning}, intake); err != nil {
		t.Fatal(err)
	}
	sameValues(t, r.seen(), before, 1)
}

func testScanEmpty(t *testing.T, broker Broker) {
	logs := min(3, broker.MaxLogs)
	_, adapter := history(t, broker, logs)
	if got := scan(t, adapter, adapters.Range{From: adapters.Beginning}); len(got) != 0 {
		t.Errorf("an empty destination gave %d messages", len(got))
	}
}

func testScanByTime(t *testing.T, broker Broker) {
	now := time.Now().Truncate(time.Millisecond)
	// Not sorted by time, as with several producers.
	minutes := []int{-60, -50, -55, -40, -42, -30, -31, -20, -5, -6, -1}
	var published []adapters.Message
	for _, minute := range minutes {
		m := text(0, fmt.Sprint(minute))
		m.Time = now.Add(time.Duration(minute) * time.Minute)
		published = append(published, m)
	}
	_, adapter := history(t, broker, 1, published...)
	from, until := now.Add(-50*time.Minute), now.Add(-6*time.Minute)
	got := scan(t, adapter, adapters.Range{From: adapters.At(from), Until: until})
	for _, m := range got {
		if !m.Time.Before(until) {
			t.Errorf("%q is from %v, at or after %v", m.Value, m.Time, until)
		}
	}
	have := values(got)
	for _, m := range published {
		if wanted := !m.Time.Before(from) && m.Time.Before(until); wanted && !slices.Contains(have, string(m.Value)) {
			t.Errorf("the message of %s minutes is missing from %q", m.Value, have)
		}
	}
}

func testScanByOffset(t *testing.T, broker Broker) {
	destination, adapter := history(t, broker, 1, numbered("message", 100, 1)...)
	all := scan(t, adapter, adapters.Range{From: adapters.Beginning})
	position := all[40].Position
	log := adapters.Log{Destination: destination, Partition: position.Partition}
	got := scan(t, adapter, adapters.Range{From: adapters.End, FromOffsets: map[adapters.Log]int64{log: position.Offset}})
	if !slices.Equal(values(got), values(all[40:])) {
		t.Errorf("from %v came %s", position, clip(values(got)))
	}
}

// testScanUntilOffset reads a piece out of the middle of one log, and nothing of another.
func testScanUntilOffset(t *testing.T, broker Broker) {
	destination, adapter := history(t, broker, 1, numbered("message", 100, 1)...)
	all := scan(t, adapter, adapters.Range{From: adapters.Beginning})
	log := adapters.Log{Destination: destination, Partition: all[0].Position.Partition}
	until := map[adapters.Log]int64{log: all[60].Position.Offset}
	for name, piece := range map[string]struct {
		span adapters.Range
		want []adapters.Message
	}{
		"from the beginning": {adapters.Range{From: adapters.Beginning, UntilOffsets: until}, all[:60]},
		"from an offset":     {adapters.Range{From: adapters.End, FromOffsets: map[adapters.Log]int64{log: all[40].Position.Offset}, UntilOffsets: until}, all[40:60]},
		"nothing in between": {adapters.Range{From: adapters.End, FromOffsets: until, UntilOffsets: until}, nil},
		"behind the end":     {adapters.Range{From: adapters.Beginning, UntilOffsets: map[adapters.Log]int64{log: 1 << 40}}, all},
		"of another log":     {adapters.Range{From: adapters.Beginning, UntilOffsets: map[adapters.Log]int64{{Destination: "another", Partition: log.Partition}: 60}}, nil},
	} {
		if got := scan(t, adapter, piece.span); !slices.Equal(values(got), values(piece.want)) {
			t.Errorf("%s came %s", name, clip(values(got)))
		}
		if adapter.Estimator == nil {
			continue
		}
		if n, err := adapter.Estimate(t.Context(), piece.span); err != nil || n != int64(len(piece.want)) {
			t.Errorf("%s: estimated %d messages of %d, %v", name, n, len(piece.want), err)
		}
	}
}

func testScanPartitions(t *testing.T, broker Broker) {
	_, adapter := history(t, broker, 3, numbered("message", 90, 3)...)
	got := scan(t, adapter, adapters.Range{From: adapters.Beginning, Partitions: []int32{1}})
	if len(got) != 30 {
		t.Errorf("%d messages of one partition, want 30", len(got))
	}
	for _, m := range got {
		if m.Position.Partition != 1 {
			t.Fatalf("%v is not in partition 1", m.Position)
		}
	}
}

// testScanKey lets the broker's own way of choosing a partition place the messages:
// Publish takes a negative partition for that.
func testScanKey(t *testing.T, broker Broker) {
	var published []adapters.Message
	for i := range 300 {
		m := text(-1, fmt.Sprint("message ", i))
		m.Key = []byte(fmt.Sprint("key-", i%50))
		published = append(published, m)
	}
	_, adapter := history(t, broker, 6, published...)
	for i := range 50 {
		key := []byte(fmt.Sprint("key-", i))
		found := 0
		for _, m := range scan(t, adapter, adapters.Range{From: adapters.Beginning, Key: key}) {
			if bytes.Equal(m.Key, key) {
				found++
			}
		}
		if found != 6 {
			t.Errorf("%s: found %d messages, want 6", key, found)
		}
	}
}

func testScanCancelled(t *testing.T, broker Broker) {
	_, adapter := history(t, broker, 1, numbered("message", 10, 1)...)
	ctx, cancel := context.WithCancel(context.Background())
	intake := adapters.IntakeFunc(func(ctx context.Context, _ *adapters.Batch) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	if err := adapter.Scan(ctx, adapters.Range{From: adapters.Beginning}, intake); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled scan returned %v, want %v", err, context.Canceled)
	}
}

func testScanBesideRun(t *testing.T, broker Broker) {
	logs := min(2, broker.MaxLogs)
	before := numbered("before", 1000, logs)
	destination, adapter := history(t, broker, logs, before...)
	run := tail(t, adapter, adapters.End)
	scanned := make(chan []adapters.Message)
	for range 3 {
		go func() {
			r := newReader()
			if err := adapter.Scan(context.Background(), adapters.Range{From: adapters.Beginning}, r); err != nil {
				t.Error(err)
			}
			scanned <- r.seen()
		}()
	}
	for range 3 {
		sameValues(t, <-scanned, before, logs)
	}
	after := numbered("after", 100, logs)
	broker.Publish(t, destination, after...)
	sameValues(t, run.await(t, len(after)), after, logs)
}

func testEstimate(t *testing.T, broker Broker) {
	_, adapter := history(t, broker, 1, numbered("message", 123, 1)...)
	for start, want := range map[adapters.Start]int64{adapters.Beginning: 123, adapters.End: 0} {
		if got, err := adapter.Estimate(t.Context(), adapters.Range{From: start}); err != nil || got < want {
			t.Errorf("from %v: estimate %d, %v; want at least %d", start, got, err, want)
		}
	}
}

// fetching makes messages that can be fetched, or skips.
func fetching(t *testing.T, broker Broker, logs int, published ...adapters.Message) (*driver.Source, []adapters.Message) {
	t.Helper()
	destination := broker.Make(t, logs)
	adapter := open(t, broker, destination)
	broker.Publish(t, destination, published...)
	return adapter, scan(t, adapter, adapters.Range{From: adapters.Beginning})
}

func testFetchOrder(t *testing.T, broker Broker) {
	logs := min(3, broker.MaxLogs)
	published := numbered("message", 600, logs)
	for i := range published {
		published[i].Headers = []adapters.Header{{Name: "n", Value: []byte(fmt.Sprint(i))}}
		published[i].Key = []byte(fmt.Sprint("key ", i))
	}
	adapter, all := fetching(t, broker, logs, published...)
	wanted := []adapters.Message{all[599], all[0], all[300], all[301], all[299], all[0], all[598]}
	var positions []adapters.Position
	for _, m := range wanted {
		positions = append(positions, m.Position)
	}
	var got []adapters.Message
	for m, err := range adapter.Fetch(t.Context(), positions) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	if len(got) != len(wanted) {
		t.Fatalf("fetched %d of %d positions", len(got), len(wanted))
	}
	for i := range got {
		if got[i].Position != wanted[i].Position || !got[i].Time.Equal(wanted[i].Time) {
			t.Errorf("fetched %v of %v, want %v of %v", got[i].Position, got[i].Time, wanted[i].Position, wanted[i].Time)
		}
		same(t, broker, &got[i], &wanted[i])
	}
}

func testFetchGone(t *testing.T, broker Broker) {
	adapter, all := fetching(t, broker, 1, text(0, "only"))
	never := all[0].Position
	never.Offset += 1000
	var got []error
	for m, err := range adapter.Fetch(t.Context(), []adapters.Position{never, all[0].Position}) {
		if err == nil && string(m.Value) != "only" {
			t.Errorf("fetched %q", m.Value)
		}
		got = append(got, err)
	}
	if len(got) != 2 || !errors.Is(got[0], adapters.ErrGone) || got[1] != nil {
		t.Errorf("errors %v, want ErrGone and none", got)
	}
}

func testFetchStops(t *testing.T, broker Broker) {
	adapter, all := fetching(t, broker, 1, numbered("message", 10, 1)...)
	positions := []adapters.Position{all[0].Position, all[5].Position, all[9].Position}
	for range adapter.Fetch(t.Context(), positions) {
		break
	}
	for range adapter.Fetch(t.Context(), nil) {
		t.Error("no position gave a message")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var last error
	for _, err := range adapter.Fetch(ctx, positions) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a cancelled fetch ended with %v, want %v", last, context.Canceled)
	}
}

func testPositions(t *testing.T, broker Broker) {
	logs := min(3, broker.MaxLogs)
	destination := broker.Make(t, logs)
	run := tail(t, open(t, broker, destination), adapters.End)
	broker.Publish(t, destination, numbered("message", 1000, logs)...)
	seen := make(map[adapters.Position]bool)
	for _, m := range run.await(t, 1000) {
		if seen[m.Position] {
			t.Fatalf("%v twice", m.Position)
		}
		seen[m.Position] = true
		back, err := adapters.ParsePosition(m.Position.String())
		if err != nil || back != m.Position {
			t.Fatalf("%v reads back as %v, %v", m.Position, back, err)
		}
	}
}
