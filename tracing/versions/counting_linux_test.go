package versions_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/tracing/versions"
)

// benchMessages are events of several types, services and versions, as they come: in JSON of some
// 2 KB, or with little in them and a schema named.
func benchMessages(encoded bool) []adapters.Message {
	var all []adapters.Message
	items := ""
	for i := range 12 {
		items += fmt.Sprintf(`,{"sku":"sku-%d","name":"a thing that somebody buys","quantity":%d,"price":{"amount":12.5,"currency":"EUR"}}`, i, i)
	}
	for i := range 1024 {
		kind := []string{"OrderPlaced", "OrderShipped", "PaymentProcessed", "PaymentFailed"}[i/7%4]
		value := fmt.Sprintf(`{"event_id":"e-%d","type":"%s","metadata":{"correlation_id":"c-%d","service":"order"},"order":{"order_id":"ord-%d","items":[{}%s]}}`, i, kind, i/4, i/4, items)
		m := adapters.Message{Position: adapters.Position{Destination: "orders", Offset: int64(i)}, Time: time.Unix(int64(i), 0), Value: []byte(value)}
		if encoded {
			m.Value = append([]byte{0, 0, 0, 0, byte(1 + i%2)}, value[:900]...)
			m.Headers = []adapters.Header{{Name: "type", Value: []byte(kind)}, {Name: "source", Value: []byte("order")}, {Name: "event_id", Value: fmt.Appendf(nil, "e-%d", i)}, {Name: "correlation_id", Value: fmt.Appendf(nil, "c-%d", i/4)}, {Name: "order_id", Value: fmt.Appendf(nil, "ord-%d", i/4)}}
		}
		all = append(all, m)
	}
	return all
}

// BenchmarkCounting says what counting versions adds to reading identities, as a share of that. Both
// are measured by turns and in processor time, since machines are never quite idle.
func BenchmarkCounting(b *testing.B) {
	const atOnce = 4096
	for _, encoded := range []bool{false, true} {
		b.Run(map[bool]string{false: "json", true: "named"}[encoded], func(b *testing.B) {
			messages := benchMessages(encoded)
			reader, counter, census := envelope.NewReader(nil), versions.NewCounter(), versions.NewCensus(32<<20)
			var id envelope.Identity
			var rows []versions.Row
			read := func(count bool) time.Duration {
				begun := processorTime(b)
				for i := range atOnce {
					m := &messages[i%len(messages)]
					if reader.Read(m, &id); !count {
						continue
					}
					counter.Count(m, &id)
					if i%512 == 511 {
						rows = counter.Take(rows[:0])
						census.Take(0, rows)
					}
				}
				return processorTime(b) - begun
			}
			var alone, with []time.Duration
			for b.Loop() {
				alone, with = append(alone, read(false)), append(with, read(true))
			}
			slices.Sort(alone)
			slices.Sort(with)
			before, after := alone[len(alone)/4], with[len(with)/4]
			b.ReportMetric(float64(before.Nanoseconds())/atOnce, "ns/read")
			b.ReportMetric(float64((after-before).Nanoseconds())/atOnce, "ns/count")
			b.ReportMetric(float64(after)/float64(before)-1, "share")
		})
	}
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
