package demo

import (
	"encoding/json"
	"fmt"
	"time"
)

// The destinations of the demonstration: Kafka topics, or RabbitMQ topic exchanges.
const (
	orders    = "orders"
	payments  = "payments"
	inventory = "inventory"
	shipping  = "shipping"
	users     = "users"
)

var destinations = []string{orders, payments, inventory, shipping, users}

// event is one event in the demonstration's own terms, whatever broker carries it.
type event struct {
	destination string
	eventType   string
	id          string
	correlation string // the flow it belongs to; empty after a service that forgets it
	causation   string // the id of the event that led to it
	service     string // the producer
	schema      int    // version of the body
	payload     payload
}

// payload is the body of every event; each type fills in what it needs.
type payload struct {
	OrderID       string  `json:"order_id,omitempty"`
	UserID        string  `json:"user_id,omitempty"`
	CustomerID    string  `json:"customer_id,omitempty"`
	Name          string  `json:"name,omitempty"`
	Email         string  `json:"email,omitempty"`
	Country       string  `json:"country,omitempty"`
	Items         []item  `json:"items,omitempty"`
	Total         *amount `json:"total,omitempty"`
	Currency      string  `json:"currency,omitempty"`
	TransactionID string  `json:"transaction_id,omitempty"`
	Method        string  `json:"method,omitempty"`
	Score         float64 `json:"score,omitempty"`
	Model         string  `json:"model,omitempty"`
	SKU           string  `json:"sku,omitempty"`
	Quantity      int     `json:"quantity,omitempty"`
	Remaining     *int    `json:"remaining,omitempty"`
	Warehouse     string  `json:"warehouse,omitempty"`
	Carrier       string  `json:"carrier,omitempty"`
	Tracking      string  `json:"tracking,omitempty"`
	Reason        string  `json:"reason,omitempty"`
	Timestamp     string  `json:"timestamp"`
	EventID       string  `json:"event_id"`
}

// item is one line of an order.
type item struct {
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Quantity int    `json:"quantity"`
	Price    amount `json:"price"`
}

// body is what stands in a message.
type body struct {
	Type    string  `json:"type"`
	Payload payload `json:"payload"`
}

// encode writes the body of e as it stands at now.
func (e *event) encode(now time.Time) ([]byte, error) {
	p := e.payload
	p.EventID = e.id
	p.Timestamp = now.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	if p.Total != nil {
		total := *p.Total
		total.schema, total.currency = e.schema, p.Currency
		p.Total = &total
		if e.schema != schemaFirst {
			p.Currency = ""
		}
	}
	return json.Marshal(body{Type: e.eventType, Payload: p})
}

// decode reads m strictly. A body of the schema that no consumer understood when it
// was introduced is refused unless mended, which is the consumer after its repair.
func decode(m *message, mended bool) (event, error) {
	var b body
	text := m.body
	if signUpVersion(text) > 0 {
		var err error
		if text, err = decodeSignUp(m.body); err != nil {
			return event{}, &failure{"MalformedAvro", err.Error()}
		}
	}
	if err := json.Unmarshal(text, &b); err != nil {
		if _, syntax := err.(*json.SyntaxError); syntax {
			return event{}, &failure{"MalformedJSON", err.Error()}
		}
		return event{}, &failure{"SchemaViolation", err.Error()}
	}
	p := &b.Payload
	if p.OrderID == "" && p.UserID == "" {
		return event{}, &failure{"SchemaViolation", "payload.order_id is missing"}
	}
	if p.Total != nil {
		if p.Total.schema == schemaBroken && !mended {
			return event{}, &failure{"SchemaViolation", "payload.total: number or object expected, found string"}
		}
		if p.Total.currency != "" {
			p.Currency = p.Total.currency
		}
	}
	return event{
		destination: m.destination, eventType: m.eventType, id: m.id, correlation: m.correlation,
		causation: m.causation, service: m.service, payload: *p,
	}, nil
}

// identify fills in from the body what the headers of a foreign producer do not say.
// What cannot be read stays empty.
func identify(m *message) {
	if m.eventType != "" && m.id != "" {
		return
	}
	var b struct {
		Type    string
		Payload struct {
			EventID string `json:"event_id"`
		}
	}
	if json.Unmarshal(m.body, &b) != nil {
		return
	}
	if m.eventType == "" {
		m.eventType = b.Type
	}
	if m.id == "" {
		m.id = b.Payload.EventID
	}
}

// failure is why a service could not handle an event, in the words that a dead letter
// carries on.
type failure struct {
	class   string
	message string
}

func (f *failure) Error() string { return f.class + ": " + f.message }

// The schema versions of an order's total.
const (
	schemaFirst  = 1 // "total": 129.90, "currency": "EUR"
	schemaSecond = 2 // "total": {"amount": 129.90, "currency": "EUR"}
	schemaBroken = 3 // "total": "129.90 EUR", which consumers read only once mended
)

// amount is money in hundredths, with the schema in which it is written.
type amount struct {
	cents    int64
	currency string
	schema   int
}

func (a amount) String() string { return fmt.Sprintf("%d.%02d", a.cents/100, a.cents%100) }

// MarshalJSON writes the amount as its schema has it.
func (a amount) MarshalJSON() ([]byte, error) {
	switch a.schema {
	case schemaSecond:
		return fmt.Appendf(nil, `{"amount":%v,"currency":%q}`, a, a.currency), nil
	case schemaBroken:
		return fmt.Appendf(nil, `"%v %s"`, a, a.currency), nil
	}
	return []byte(a.String()), nil
}

// UnmarshalJSON reads every schema, and notes which one it was.
func (a *amount) UnmarshalJSON(text []byte) error {
	var number float64
	var err error
	switch {
	case len(text) > 0 && text[0] == '{':
		var object struct {
			Amount   float64
			Currency string
		}
		err = json.Unmarshal(text, &object)
		number, a.currency, a.schema = object.Amount, object.Currency, schemaSecond
	case len(text) > 0 && text[0] == '"':
		_, err = fmt.Sscanf(string(text), `"%f %3s"`, &number, &a.currency)
		a.schema = schemaBroken
	default:
		err = json.Unmarshal(text, &number)
		a.schema = schemaFirst
	}
	if err != nil {
		return fmt.Errorf("payload amount %s: %w", text, err)
	}
	const most = 1e15                         // hundredths that a float64 holds exactly
	if !(number >= 0 && number*100 <= most) { // so that NaN fails too
		return fmt.Errorf("payload amount %s is out of range", text)
	}
	a.cents = int64(number*100 + 0.5)
	return nil
}
