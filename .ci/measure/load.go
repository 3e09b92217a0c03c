package main

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const eventsInFlow = 5

var kinds = [eventsInFlow]string{"OrderPlaced", "PaymentProcessed", "PaymentApproved", "InventoryReserved", "ShipmentPrepared"}
var services = [eventsInFlow]string{"order", "payment", "fraud", "inventory", "shipping"}

// A load is a row of events of one shape. Its flows are interleaved, as on a busy topic:
// so many events lie between two of one flow.
type load struct {
	shape shape
	wide  int
	run   string
	text  string // what the notes are cut from
	at    func(i int) time.Time
}

// liveLoad is of now, and another one each time.
func liveLoad() load {
	return load{
		shape: headerRich, wide: 1000, text: noise(longestNote),
		run: fmt.Sprintf("%04x", time.Now().UnixNano()>>20&0xffff),
		at:  func(int) time.Time { return time.Now() },
	}
}

// shapedLoad is the same each time, a millisecond from event to event.
func shapedLoad(name string) (load, error) {
	shape, ok := shapes[name]
	if !ok {
		return load{}, fmt.Errorf("no shape %q; see the head of main.go", name)
	}
	began := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
	return load{
		shape: shape, wide: 10_000, text: noise(64 << 10), run: "0000",
		at: func(i int) time.Time { return began.Add(time.Duration(i) * time.Millisecond) },
	}, nil
}

// event is one of a load, before a shape makes a record of it.
type event struct {
	kind, service string
	order         int
	orderID       string
	number        string // its id where ids count
	id, flow      string // its id and its flow's where they are UUIDs
	trace         string
	time          time.Time
	note          string // longestNote of it, for the shape to cut
}

// orders says how many orders that many events are about, and names the first of those
// that come last.
func (l *load) orders(events int) (count int, last string) {
	block := l.wide * eventsInFlow
	count = events/block*l.wide + min(events%block, l.wide)
	return count, l.orderID((events - 1) / block * l.wide)
}

func (l *load) orderID(order int) string { return fmt.Sprintf("ord-%s-%07d", l.run, order) }

func (l *load) record(i int, topic string) *kgo.Record {
	step := i / l.wide % eventsInFlow
	order := i/(l.wide*eventsInFlow)*l.wide + i%l.wide
	a, b := scatter(uint64(i)), scatter(uint64(order)|1<<40)
	start := int(a % uint64(len(l.text)-longestNote+1))
	e := event{
		kind: kinds[step], service: services[step], order: order, orderID: l.orderID(order),
		number: fmt.Sprintf("ev-%s-%09d", l.run, i), time: l.at(i).UTC(), note: l.text[start : start+longestNote],
	}
	if l.shape.uuids {
		e.id, e.flow = uuid(a), uuid(b)
		e.trace = fmt.Sprintf("00-%016x%016x-%016x-01", b, scatter(b), a)
	}
	record := &kgo.Record{Topic: topic, Key: []byte(e.orderID)}
	record.Value, record.Headers = l.shape.write(&e)
	return record
}

func uuid(a uint64) string {
	b := scatter(a)
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// scatter makes of a number another one that looks like chance, and of two numbers never
// the same (splitmix64).
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
