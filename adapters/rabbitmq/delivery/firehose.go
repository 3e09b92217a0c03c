package delivery

import (
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters/rabbitmq/fieldtable"
)

const (
	// TraceExchange is where the broker publishes a copy of each message once
	// tracing is on, and TraceKey selects the copies made at publishing; those made
	// at delivery have keys deliver.QUEUE.
	TraceExchange = "amq.rabbitmq.trace"
	TraceKey      = "publish.#"
	tracePrefix   = "publish."
)

// UnwrapTrace replaces a trace message by the message that it is a copy of: the body is the
// same, and the headers hold the exchange, the routing keys and the properties, as
// RabbitMQ's page on the firehose tracer describes.
func UnwrapTrace(d *amqp.Delivery) {
	trace := d.Headers
	exchange, ok := trace["exchange_name"].(string)
	if !ok {
		exchange = strings.TrimPrefix(d.RoutingKey, tracePrefix)
	}
	d.Exchange, d.RoutingKey = exchange, ""
	if keys, _ := trace["routing_keys"].([]any); len(keys) > 0 {
		d.RoutingKey, _ = keys[0].(string)
	}
	p, _ := trace["properties"].(amqp.Table)
	text := func(name string) string {
		value, _ := p[name].(string)
		return value
	}
	d.ContentType, d.ContentEncoding = text("content_type"), text("content_encoding")
	d.CorrelationId, d.ReplyTo, d.Expiration = text("correlation_id"), text("reply_to"), text("expiration")
	d.MessageId, d.Type, d.UserId, d.AppId = text("message_id"), text("type"), text("user_id"), text("app_id")
	d.DeliveryMode, d.Priority = uint8(fieldtable.Integer(p["delivery_mode"])), uint8(fieldtable.Integer(p["priority"]))
	d.Timestamp = time.Time{}
	if seconds := fieldtable.Integer(p["timestamp"]); seconds != 0 {
		d.Timestamp = time.Unix(seconds, 0)
	}
	d.Headers, _ = p["headers"].(amqp.Table)
	d.Redelivered = false // the copy's own
}
