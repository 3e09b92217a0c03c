package demo

import (
	"context"
	"strconv"
	"time"
)

// next is the event that follows from cause, with the flow passed on.
func (s *service) next(cause *event, destination, eventType string, p payload) event {
	return event{
		destination: destination, eventType: eventType, service: s.name, schema: schemaFirst,
		id:          identifier("evt", 12, s.system.seed, s.name, eventType, cause.id),
		correlation: cause.correlation, causation: cause.id, payload: p,
	}
}

// write turns an event into the messages that leave the service: one of them, unless
// a fault strikes.
func (s *service) write(e *event) []message {
	if s.struck(Lost, e.id) {
		return nil
	}
	m := s.message(e)
	if s.system.consumed[e.eventType] && s.struck(Poison, e.id) {
		m.body = s.damage(m.body, e)
		return []message{m}
	}
	if s.struck(Duplicate, e.id) {
		return []message{m, m}
	}
	if s.struck(ReusedID, e.id) {
		changed := *e
		changed.payload.Reason = "corrected"
		if total := changed.payload.Total; total != nil {
			changed.payload.Total = &amount{cents: total.cents + 100}
		}
		return []message{m, s.message(&changed)}
	}
	return []message{m}
}

// message puts an event in the form in which it travels.
func (s *service) message(e *event) message {
	encode, contentType := e.encode, "application/json"
	if s.system.config.Registry != nil && e.eventType == signUpType {
		encode, contentType = func(now time.Time) ([]byte, error) { return s.system.encodeSignUp(e, now) }, "application/avro"
	}
	encoded, err := encode(time.Now())
	if err != nil {
		panic("an event of the demonstration cannot be encoded: " + err.Error()) // only its own values are in it
	}
	m := message{
		destination: e.destination, key: e.payload.OrderID, eventType: e.eventType, id: e.id,
		service: e.service, schema: strconv.Itoa(e.schema), contentType: contentType, body: encoded,
	}
	if m.key == "" {
		m.key = e.payload.UserID
	}
	if m.key == "" {
		m.key = e.payload.SKU
	}
	if !s.forgetful {
		m.correlation, m.causation = e.correlation, e.causation
	}
	return m
}

// damage makes a body that no consumer can read.
func (s *service) damage(sound []byte, e *event) []byte {
	switch s.chance("damage", e.id).IntN(3) {
	case 0:
		return sound[:len(sound)*2/3]
	case 1:
		return []byte("<html><body><h1>502 Bad Gateway</h1></body></html>")
	}
	return []byte(`{"type":"` + e.eventType + `","payload":{"event_id":"` + e.id + `"}}`)
}

// publish sends messages in order, each confirmed before the next.
func (s *service) publish(ctx context.Context, links *links, messages []message) error {
	for i := range messages {
		if err := links.to(messages[i].destination).publish(ctx, &messages[i]); err != nil {
			return err
		}
		s.system.stats.count(func(all *Stats) { all.Events[messages[i].eventType]++ })
	}
	return nil
}

func number(n int) string { return strconv.Itoa(n) }
