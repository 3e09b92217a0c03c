package publish

import (
	"slices"
	"strings"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/fieldtable"
	"eventscope/adapters/rabbitmq/preserved"
	"eventscope/adapters/rabbitmq/wording"
)

// Outgoing is a copy as it is published.
type Outgoing struct {
	Address
	Publishing amqp.Publishing
}

// outgoing makes of a copy what is published. What nobody asked to change stays as the
// broker had it, but for what would make it fail or go astray: the user id, which the
// broker checks against whoever publishes; CC and BCC, which name further queues, that
// had theirs; and the expiration that the broker took away when the letter died, which
// stays away. A letter that does not say whether it is to be written to disk, is.
func (c *Copier) outgoing(of *deadletter.Copy) (Outgoing, error) {
	o := Outgoing{Address: addressOf(of.To)}
	if of.To.IsZero() {
		return o, wording.Problem("send a copy", "no destination is named", "name a queue or exchange:key", adapters.ErrUsage)
	}
	switch {
	case of.Of != nil:
		d, err := c.Letters.Find(of.Of, "send a copy of")
		if err != nil {
			return o, err
		}
		o.Publishing = Republish(d)
	case of.Original != nil:
		d, _, err := preserved.Read(of.Original)
		if err != nil {
			return o, wording.Problem("read a preserved letter", err.Error(), "check that the file is whole", adapters.ErrUsage)
		}
		o.Publishing = Republish(d)
	case of.Message != nil:
		o.Publishing = publishMessage(of.Message)
	default:
		return o, wording.Problem("send to "+string(of.To), "there is nothing to send", "", adapters.ErrUsage)
	}
	o.Change(of)
	return o, nil
}

// Change applies the changes that a copy asks for.
func (o *Outgoing) Change(c *deadletter.Copy) {
	p := &o.Publishing
	table := make(amqp.Table, len(p.Headers)+len(c.Add))
	for name, value := range p.Headers {
		if !slices.Contains(c.Remove, name) && name != "CC" && name != "BCC" {
			table[name] = value
		}
	}
	for i := range c.Add {
		table[c.Add[i].Name] = text(c.Add[i].Value)
	}
	p.Headers = table
	if c.Value != nil {
		p.Body = c.Value
	}
	if c.MessageID != "" {
		p.MessageId = c.MessageID
	}
	if p.DeliveryMode == 0 {
		p.DeliveryMode = amqp.Persistent
	}
}

// Republish is a delivery as it may be published again.
func Republish(d *amqp.Delivery) amqp.Publishing {
	headers := d.Headers
	if _, streamed := headers[delivery.OffsetHeader]; streamed {
		headers = make(amqp.Table, len(d.Headers))
		for name, value := range d.Headers {
			if name != delivery.OffsetHeader { // the broker's own, at each delivery
				headers[name] = value
			}
		}
	}
	return amqp.Publishing{
		Headers: headers, ContentType: d.ContentType, ContentEncoding: d.ContentEncoding, DeliveryMode: d.DeliveryMode,
		Priority: d.Priority, CorrelationId: d.CorrelationId, ReplyTo: d.ReplyTo, Expiration: d.Expiration,
		MessageId: d.MessageId, Timestamp: d.Timestamp, Type: d.Type, AppId: d.AppId, Body: d.Body,
	}
}

// publishMessage is a message as it may be published, with the types of its headers as
// far as a message has them.
func publishMessage(m *adapters.Message) amqp.Publishing {
	p := amqp.Publishing{Body: m.Value, Headers: make(amqp.Table, len(m.Headers))}
	for i := range m.Headers {
		h := &m.Headers[i]
		if h.Structured != nil {
			p.Headers[h.Name] = fieldtable.Restore(h.Structured)
		} else {
			p.Headers[h.Name] = text(h.Value)
		}
	}
	if q := m.Properties; q != nil {
		p.ContentType, p.ContentEncoding, p.DeliveryMode, p.Priority = q.ContentType, q.ContentEncoding, q.DeliveryMode, q.Priority
		p.CorrelationId, p.ReplyTo, p.Expiration, p.MessageId = q.CorrelationID, q.ReplyTo, q.Expiration, q.MessageID
		p.Timestamp, p.Type, p.AppId = q.Timestamp, q.Type, q.AppID
	}
	return p
}

// text is a header's value as a string where it is one, since clients decode strings.
func text(value []byte) any {
	if utf8.Valid(value) {
		return string(value)
	}
	return slices.Clone(value)
}

// misfit says why a publishing cannot be written as AMQP frames, or "".
func (o *Outgoing) misfit() string {
	for _, short := range []string{o.Exchange, o.Key, o.Publishing.MessageId, o.Publishing.CorrelationId, o.Publishing.Type,
		o.Publishing.AppId, o.Publishing.ReplyTo, o.Publishing.ContentType, o.Publishing.ContentEncoding, o.Publishing.Expiration} {
		if len(short) > shortText {
			return "one of its properties, " + wording.Quoted(short[:20]+"…") + ", is longer than the 255 bytes that AMQP allows"
		}
	}
	for name := range o.Publishing.Headers {
		if len(name) > shortText {
			return "the name of a header, " + wording.Quoted(strings.ToValidUTF8(name[:20], "")+"…") + ", is longer than the 255 bytes that AMQP allows"
		}
	}
	return ""
}

// shortText is the length of AMQP's short strings, in bytes.
const shortText = 255
