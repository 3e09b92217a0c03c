package output

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// Whatever the order in which partitions are read, lines come out in that of their time, each
// once, and equal times in the order of their log. When not all fit in memory each still
// comes once, and how many stand behind later ones is told.
func TestHistoryIsInTheOrderOfItsTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int{1 << 20, 400}).Draw(t, "memory")
		var out bytes.Buffer
		writer, order := NewWriter(&out), NewByTime(most)
		offsets, times := map[int32]int64{}, map[string]int64{}
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			m := adapters.Message{Position: adapters.Position{Destination: "orders", Partition: rapid.Int32Range(0, 2).Draw(t, "partition")}}
			m.Position.Offset = offsets[m.Position.Partition]
			offsets[m.Position.Partition]++
			seconds := rapid.Int64Range(1, 5).Draw(t, "time")
			m.Time = time.Unix(seconds, 0)
			name := m.Position.String()
			times[name] = seconds
			if err := order.Add("kafka", &m, writer, func(dst []byte) []byte { return append(dst, name+"\n"...) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := order.All(writer); err != nil {
			t.Fatal(err)
		}
		if err := writer.Flush(); err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(out.String())
		if slices.Sort(got); len(slices.Compact(got)) != len(times) {
			t.Fatalf("%d lines of %d events", len(slices.Compact(got)), len(times))
		}
		got = strings.Fields(out.String())
		inOrder := slices.IsSortedFunc(got, func(a, b string) int { return int(times[a] - times[b]) })
		if inOrder != (order.late == 0) || most > 1000 && !inOrder {
			t.Fatalf("in order: %v, and %d are said to be late, in %v of %v", inOrder, order.late, got, times)
		}
		before := map[string]string{} // by partition and time, the last one
		for _, name := range got {
			position, _ := adapters.ParsePosition(name)
			group := fmt.Sprint(position.Partition, times[name])
			if last, _ := adapters.ParsePosition(before[group]); before[group] != "" && last.Offset > position.Offset {
				t.Fatalf("%s stands behind %s", name, before[group])
			}
			before[group] = name
		}
	})
}

// A message without a time stands behind the one before it in its log.
func TestAMessageWithoutATimeKeepsItsPlace(t *testing.T) {
	var out bytes.Buffer
	writer, order := NewWriter(&out), NewByTime(1<<20)
	for i, m := range []struct {
		log     string
		seconds int64
	}{{"a", 5}, {"a", 0}, {"b", 1}, {"b", 6}} {
		message := adapters.Message{Position: adapters.Position{Destination: m.log}}
		if m.seconds > 0 {
			message.Time = time.Unix(m.seconds, 0)
		}
		if err := order.Add("s", &message, writer, func(dst []byte) []byte { return fmt.Append(dst, i, " ") }); err != nil {
			t.Fatal(err)
		}
	}
	if err := order.All(writer); err != nil {
		t.Fatal(err)
	}
	if _ = writer.Flush(); out.String() != "2 0 1 3 " {
		t.Errorf("got %s", &out)
	}
}
