package tracing

import (
	"slices"
	"time"

	"eventscope/adapters"
)

// event is the snapshot of one entry.
func (x *index) event(sequence Sequence) Event {
	e := x.log.at(sequence)
	event := Event{
		Sequence: sequence,
		Position: x.places.position(e),
		Time:     time.Unix(0, e.time),
		Type:     x.kinds.text(e.kind),
		Service:  x.service.text(e.service),
		Marks:    e.marks,
	}
	if source := x.places.all[e.place].source; source < len(x.sources) {
		event.Source, event.Broker = x.sources[source].Name, x.sources[source].Broker
	}
	if number := x.flows.resolve(e.flow); number != 0 {
		record := x.flows.at(number)
		event.FlowKey = x.flows.key(number)
		event.FlowID = x.flows.texts.text(record.id)
		event.Entity = x.flows.texts.text(record.entity)
	}
	return event
}

// summarise fills s in from a flow, reusing its slices.
func (x *index) summarise(s *FlowSummary, number uint32, now int64) {
	record := x.flows.at(number)
	list := x.members(number)
	v := x.judge(number, list, now)
	*s = FlowSummary{
		Key: x.flows.key(number), ID: x.flows.texts.text(record.id), From: x.words.text(record.from),
		Entity: x.flows.texts.text(record.entity), Status: v.status,
		Events: int(record.count), Evicted: int(record.evicted), Capped: int(record.unlinked),
		Services: s.Services[:0], Brokers: s.Brokers[:0], Types: s.Types[:0],
		Started: time.Unix(0, list[0].time), Last: time.Unix(0, list[len(list)-1].time),
		LastType: x.kinds.text(list[len(list)-1].kind), FailedAt: x.kinds.text(v.failedAt),
		DeadLetters: v.deadLetters, Duplicates: v.duplicates, BeganBefore: v.course.cut,
	}
	for i := range list {
		if len(s.Types) < TypesPerSummary {
			s.Types = append(s.Types, x.kinds.text(list[i].kind))
		}
		if service := x.service.text(list[i].service); service != "" && len(s.Services) < ServicesPerSummary && !slices.Contains(s.Services, service) {
			s.Services = append(s.Services, service)
		}
		if broker := x.brokerOf(list[i].entry); !slices.Contains(s.Brokers, broker) {
			s.Brokers = append(s.Brokers, broker)
		}
	}
}

func (x *index) brokerOf(e *entry) adapters.Broker {
	return x.sources[x.places.all[e.place].source].Broker
}
