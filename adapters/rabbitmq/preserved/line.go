package preserved

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"
)

// encoded is a letter as a line of JSON: all there is to it, without loss. Texts that
// are not UTF-8, which AMQP allows, are told apart by exact.
type encoded struct {
	Version     int        `json:"v"`
	Queue       exact      `json:"queue"`
	Exchange    exact      `json:"exchange"`
	RoutingKey  exact      `json:"routing_key"`
	Redelivered bool       `json:"redelivered,omitempty"`
	Properties  properties `json:"properties"`
	Headers     []field    `json:"headers,omitempty"`
	Body        []byte     `json:"body"` // in base64
}

type properties struct {
	ContentType     exact  `json:"content_type,omitzero"`
	ContentEncoding exact  `json:"content_encoding,omitzero"`
	CorrelationID   exact  `json:"correlation_id,omitzero"`
	ReplyTo         exact  `json:"reply_to,omitzero"`
	Expiration      exact  `json:"expiration,omitzero"`
	MessageID       exact  `json:"message_id,omitzero"`
	Type            exact  `json:"type,omitzero"`
	UserID          exact  `json:"user_id,omitzero"`
	AppID           exact  `json:"app_id,omitzero"`
	Timestamp       *int64 `json:"timestamp,omitempty"` // Unix seconds
	DeliveryMode    uint8  `json:"delivery_mode,omitempty"`
	Priority        uint8  `json:"priority,omitempty"`
}

// version is what Append writes; other versions are not read.
const version = 1

// exact is a text of any bytes. In JSON it is a string, or {"base64":…} if it is not UTF-8.
type exact string

type inBase64 struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements [json.Marshaler].
func (e exact) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(e)) {
		return json.Marshal(string(e))
	}
	return json.Marshal(inBase64{[]byte(e)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (e *exact) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '{' {
		var coded inBase64
		err := json.Unmarshal(text, &coded)
		*e = exact(coded.Base64)
		return err
	}
	return json.Unmarshal(text, (*string)(e))
}

// Append appends a delivery from a queue as a line, without a line feed.
func Append(dst []byte, d *amqp.Delivery, queue string) ([]byte, error) {
	headers, err := fieldsOf(d.Headers)
	if err != nil {
		return dst, err
	}
	p := encoded{
		Version: version, Queue: exact(queue), Exchange: exact(d.Exchange), RoutingKey: exact(d.RoutingKey), Redelivered: d.Redelivered,
		Properties: properties{
			ContentType: exact(d.ContentType), ContentEncoding: exact(d.ContentEncoding), CorrelationID: exact(d.CorrelationId),
			ReplyTo: exact(d.ReplyTo), Expiration: exact(d.Expiration), MessageID: exact(d.MessageId), Type: exact(d.Type),
			UserID: exact(d.UserId), AppID: exact(d.AppId), DeliveryMode: d.DeliveryMode, Priority: d.Priority,
		},
		Headers: headers, Body: d.Body,
	}
	if !d.Timestamp.IsZero() {
		seconds := d.Timestamp.Unix()
		p.Properties.Timestamp = &seconds
	}
	if p.Body == nil {
		p.Body = []byte{}
	}
	line, err := json.Marshal(&p)
	return append(dst, line...), err
}

// Read reads what Append wrote.
func Read(line []byte) (d *amqp.Delivery, queue string, err error) {
	var p encoded
	if err := json.Unmarshal(line, &p); err != nil {
		return nil, "", err
	}
	if p.Version != version {
		return nil, "", fmt.Errorf("it is of version %d, and only %d is known here", p.Version, version)
	}
	headers, err := tableOf(p.Headers)
	if err != nil {
		return nil, "", err
	}
	q := &p.Properties
	d = &amqp.Delivery{
		Exchange: string(p.Exchange), RoutingKey: string(p.RoutingKey), Redelivered: p.Redelivered,
		ContentType: string(q.ContentType), ContentEncoding: string(q.ContentEncoding), CorrelationId: string(q.CorrelationID),
		ReplyTo: string(q.ReplyTo), Expiration: string(q.Expiration), MessageId: string(q.MessageID), Type: string(q.Type),
		UserId: string(q.UserID), AppId: string(q.AppID), DeliveryMode: q.DeliveryMode, Priority: q.Priority,
		Headers: headers, Body: p.Body,
	}
	if q.Timestamp != nil {
		d.Timestamp = time.Unix(*q.Timestamp, 0)
	}
	return d, string(p.Queue), nil
}
