package deadheader

import (
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope/spelling"
)

// RabbitMQ's own header: x-death is a table for each pair of queue and reason, the
// most recent first, each with its first time; x-first-death-* name the pair that came
// first and never change (RabbitMQ documentation, "Dead Letter Exchanges"). The table
// is searched by pair, never by place.

// xDeathTable is one table of x-death.
type xDeathTable struct {
	queue, reason string
	exchange, key string // it was published to, the first of its routing keys
	count         int64
	at            time.Time
}

// NotedByBroker reports whether the broker itself has noted on a message when it died, or an id of
// its own, so that it equals no other message.
func NotedByBroker(m *adapters.Message) bool {
	_, noted := m.Header("x-death")
	_, numbered := m.Header(brokerID)
	return noted || numbered
}

// brokerID is the header by which the adapter of SQS tells the id that the service gives each message.
const brokerID = "SQSMessageId"

// readXDeath adds what RabbitMQ says to d: the origin when no other writer has
// named one, and the rest where it is still open.
func readXDeath(m *adapters.Message, d *Info) bool {
	first := xDeathTable{queue: header(m, "x-first-death-queue"), reason: header(m, "x-first-death-reason")}
	last := xDeathTable{queue: header(m, "x-last-death-queue"), reason: header(m, "x-last-death-reason")}
	tables := xDeathTables(m)
	if _, died := m.Header("x-death"); first.queue == "" && !died {
		return false
	}
	from := "header x-first-death-queue"
	if first.queue == "" && len(tables) > 0 {
		first, from = earliest(tables), "header x-death"
	}
	if last.reason == "" {
		last = first
	}
	if d.Origin == "" && first.queue != "" {
		d.Origin, d.OriginFrom, d.Confidence = bounded(first.queue, spelling.MaxID), from, Claimed
	}
	if d.Reason == "" {
		d.Reason = bounded(reasonAt(d.Origin, tables, first, last), spelling.MaxID)
	}
	if d.Writer == "" {
		d.Writer = "rabbitmq"
	}
	addHistory(m, d, tables, first, last)
	return true
}

// reasonAt is why the message died last at its origin. Since then it may have expired in a
// queue that held it back, which is no reason.
func reasonAt(origin string, tables []xDeathTable, first, last xDeathTable) string {
	for _, t := range tables {
		if t.queue == origin && t.reason != "" {
			return t.reason
		}
	}
	if first.queue == origin && first.reason != "" {
		return first.reason
	}
	return last.reason
}

// addHistory adds times and attempts. A table's time is that of the first death of
// its pair, so the last time is a lower bound where a pair died more than once.
func addHistory(m *adapters.Message, d *Info, tables []xDeathTable, first, last xDeathTable) {
	deliveries := int64(0)
	for _, t := range tables {
		if t.queue == first.queue && t.reason == first.reason {
			if d.FirstAt.IsZero() {
				d.FirstAt = t.at
			}
			if d.Origin == first.queue && d.RoutingKey == "" {
				d.Exchange, d.RoutingKey = bounded(t.exchange, spelling.MaxID), bounded(t.key, spelling.MaxID)
			}
		}
		if d.LastAt.IsZero() && t.queue == last.queue && t.reason == last.reason {
			d.LastAt = t.at
		}
		if t.reason == "rejected" || t.reason == "delivery_limit" {
			deliveries += max(t.count, 0)
		}
	}
	looked := m.Properties != nil && m.Properties.Queue != "" // a look at a queue counts as a delivery
	for i := range spelling.Headers(m) {
		if h := &m.Headers[i]; h.Name == "x-delivery-count" && !looked {
			if n, ok := h.Structured.(int64); ok {
				deliveries = max(deliveries, n)
			}
		}
	}
	if d.Attempts == 0 && deliveries > 0 && deliveries < 1<<31 {
		d.Attempts = int(deliveries)
	}
}

// PublishedAgain reports whether a message is published again as it was when it died: with
// the same exchange and routing key, as queues that hold messages back before another
// try do. It keeps its headers and is alive.
func PublishedAgain(m *adapters.Message) bool {
	if m.Properties == nil || m.Properties.Exchange == "" {
		return false
	}
	for _, t := range xDeathTables(m) {
		if t.exchange == m.Properties.Exchange && t.key == m.Properties.RoutingKey {
			return true
		}
	}
	return false
}

// maxTables bounds how many tables of x-death are read.
const maxTables = 256

func xDeathTables(m *adapters.Message) []xDeathTable {
	var tables []xDeathTable
	for i := range spelling.Headers(m) {
		list, ok := m.Headers[i].Structured.([]any)
		if !ok || m.Headers[i].Name != "x-death" {
			continue
		}
		for _, element := range list[:min(len(list), maxTables)] {
			if table, ok := element.(map[string]any); ok {
				t := xDeathTable{}
				t.queue, _ = table["queue"].(string)
				t.reason, _ = table["reason"].(string)
				t.exchange, _ = table["exchange"].(string)
				if keys, _ := table["routing-keys"].([]any); len(keys) > 0 {
					t.key, _ = keys[0].(string)
				}
				t.count = countOf(table["count"])
				t.at, _ = table["time"].(time.Time)
				tables = append(tables, t)
			}
		}
	}
	return tables
}

// countOf is a count, which clients that publish a message again may write as text.
func countOf(value any) int64 {
	switch v := value.(type) {
	case int64:
		return v
	case string:
		if n, err := strconv.ParseInt(v, 10, 32); err == nil {
			return n
		}
	}
	return 0
}

// earliest is the table with the earliest time, for messages that carry x-death alone.
func earliest(tables []xDeathTable) xDeathTable {
	first := tables[0]
	for _, t := range tables[1:] {
		if !t.at.IsZero() && t.at.Before(first.at) {
			first = t
		}
	}
	return first
}

// header is the text of the first header of that name.
func header(m *adapters.Message, name string) string {
	value, _ := m.Header(name)
	return strings.TrimSpace(string(value[:min(len(value), maxWords)]))
}
