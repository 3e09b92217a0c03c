package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"
)

const (
	dialTime  = 5 * time.Second
	closeTime = 2 * time.Second
	// deadLettersKept bounds the dead-letter queues, oldest dropped first.
	deadLettersKept = 10_000
)

// dial connects to RabbitMQ under a name that its management page shows.
func (s *System) dial(name string) (*amqp.Connection, error) {
	address := "(unreadable URL)"
	if uri, err := amqp.ParseURI(s.config.RabbitMQ); err == nil {
		address = net.JoinHostPort(uri.Host, fmt.Sprint(uri.Port))
	}
	link, err := amqp.DialConfig(s.config.RabbitMQ, amqp.Config{
		Heartbeat: 10 * time.Second, Dial: amqp.DefaultDial(dialTime),
		Properties: amqp.Table{"connection_name": s.config.Prefix + name},
	})
	if err == nil {
		return link, nil
	}
	if address == "(unreadable URL)" {
		err = errors.New("it is not an AMQP URL such as amqp://user@host:5672/") // the cause would quote it, password and all
	}
	return nil, unreachable("rabbitmq", address, err)
}

// prepareRabbitMQ declares, for each destination here, a topic exchange, its
// dead-letter exchange and queue, and a queue for each service that reads from it.
func (s *System) prepareRabbitMQ() error {
	link, err := s.dial("demo")
	if err != nil {
		return err
	}
	defer link.CloseDeadline(time.Now().Add(closeTime))
	channel, err := link.Channel()
	if err != nil {
		return unreachable("rabbitmq", link.RemoteAddr().String(), err)
	}
	for _, destination := range destinations {
		if !s.onRabbitMQ(destination) {
			continue
		}
		if err := s.refuseForeignExchange(link, destination); err != nil {
			return err
		}
		if err := s.declare(channel, destination); err != nil {
			return unreachable("rabbitmq", link.RemoteAddr().String(), err)
		}
	}
	return nil
}

func (s *System) declare(channel *amqp.Channel, destination string) error {
	const durable, autoDelete, exclusive, internal, noWait = true, false, false, false, false
	exchange := s.config.Prefix + destination
	dead := exchange + deadSuffix
	err := channel.ExchangeDeclare(exchange, amqp.ExchangeTopic, durable, autoDelete, internal, noWait, nil)
	if err == nil {
		err = channel.ExchangeDeclare(dead, amqp.ExchangeFanout, durable, autoDelete, internal, noWait, nil)
	}
	if err == nil {
		_, err = channel.QueueDeclare(dead, durable, autoDelete, exclusive, noWait, amqp.Table{amqp.QueueMaxLenArg: deadLettersKept})
	}
	if err == nil {
		err = channel.QueueBind(dead, "", dead, noWait, nil)
	}
	arguments := amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeQuorum, "x-dead-letter-exchange": dead}
	for _, service := range s.services {
		for _, r := range service.reactions {
			if r.destination != destination || err != nil {
				continue
			}
			queue := s.queue(service, destination)
			if _, err = channel.QueueDeclare(queue, durable, autoDelete, exclusive, noWait, arguments); err == nil {
				err = channel.QueueBind(queue, routingKey(r.eventType), exchange, noWait, nil)
			}
		}
	}
	return err
}

// queue names the queue by which a service reads a destination.
func (s *System) queue(service *service, destination string) string {
	return s.config.Prefix + service.name + "." + destination
}

// routingKey makes inventory.reserved out of InventoryReserved.
func routingKey(eventType string) string {
	var key strings.Builder
	for i, letter := range eventType {
		if i > 0 && unicode.IsUpper(letter) {
			key.WriteByte('.')
		}
		key.WriteRune(unicode.ToLower(letter))
	}
	return key.String()
}

// rabbitConnection is a service's connection to RabbitMQ, with one channel to publish
// on and one to consume from, as RabbitMQ advises.
type rabbitConnection struct {
	link      *amqp.Connection
	publisher *amqp.Channel
	prefix    string
	consumers map[string]<-chan amqp.Delivery // by destination
}

func (s *System) connectRabbitMQ(ctx context.Context, service *service) (connection, error) {
	link, err := s.dial(service.name)
	if err != nil {
		return nil, err
	}
	c := &rabbitConnection{link: link, prefix: s.config.Prefix, consumers: map[string]<-chan amqp.Delivery{}}
	if err := c.open(ctx, s, service); err != nil {
		c.close()
		return nil, unreachable("rabbitmq", link.RemoteAddr().String(), err)
	}
	return c, nil
}

func (c *rabbitConnection) open(ctx context.Context, s *System, service *service) error {
	var err error
	if c.publisher, err = c.link.Channel(); err != nil {
		return err
	}
	if err = c.publisher.Confirm(false); err != nil {
		return err
	}
	consumer, err := c.link.Channel()
	if err != nil {
		return err
	}
	if err = consumer.Qos(inboxSize, 0, false); err != nil {
		return err
	}
	for _, destination := range destinations {
		if !s.onRabbitMQ(destination) || !service.reads(destination) {
			continue
		}
		const autoAck, exclusive, noLocal, noWait = false, false, false, false
		c.consumers[destination], err = consumer.ConsumeWithContext(context.WithoutCancel(ctx), s.queue(service, destination), "", autoAck, exclusive, noLocal, noWait, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *service) reads(destination string) bool {
	for _, r := range s.reactions {
		if r.destination == destination {
			return true
		}
	}
	return false
}

func (c *rabbitConnection) close() { c.link.CloseDeadline(time.Now().Add(closeTime)) }

func (c *rabbitConnection) publish(ctx context.Context, m *message) error {
	headers := amqp.Table{headerSchema: m.schema}
	if m.causation != "" {
		headers[headerCausation] = m.causation
	}
	confirmation, err := c.publisher.PublishWithDeferredConfirmWithContext(ctx, c.prefix+m.destination, routingKey(m.eventType), false, false, amqp.Publishing{
		Headers: headers, ContentType: "application/json", DeliveryMode: amqp.Persistent, CorrelationId: m.correlation,
		MessageId: m.id, Type: m.eventType, AppId: m.service, Timestamp: time.Now(), Body: m.body,
	})
	if err != nil {
		return err
	}
	confirmed, err := confirmation.WaitContext(ctx)
	if err == nil && !confirmed {
		err = errors.New("RabbitMQ did not take a message")
	}
	return err
}

// receive passes on from every queue until one of them, or the connection, ends.
func (c *rabbitConnection) receive(ctx context.Context, inbox chan<- delivery) error {
	group, ctx := errgroup.WithContext(ctx)
	closed := c.link.NotifyClose(make(chan *amqp.Error, 1))
	group.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-closed:
			return errors.New("the connection to RabbitMQ was closed")
		}
	})
	for source, deliveries := range c.consumers {
		group.Go(func() error { return forward(ctx, source, deliveries, inbox) })
	}
	return group.Wait()
}

func forward(ctx context.Context, source string, deliveries <-chan amqp.Delivery, inbox chan<- delivery) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case d, open := <-deliveries:
			if !open {
				return errors.New("RabbitMQ ended the consumer")
			}
			select {
			case inbox <- rabbitDelivery(source, d):
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func rabbitDelivery(source string, d amqp.Delivery) delivery {
	text := func(name string) string {
		value, _ := d.Headers[name].(string)
		return value
	}
	_, replayed := d.Headers[headerReplay]
	return delivery{
		message: message{
			destination: source, eventType: d.Type, id: d.MessageId, correlation: d.CorrelationId,
			causation: text(headerCausation), service: d.AppId, schema: text(headerSchema), body: d.Body,
		},
		at:       time.Now(), // the timestamp property has whole seconds only
		replayed: replayed,
		ack:      func() error { return d.Ack(false) },
		// The queue's dead-letter exchange takes it from here, and writes x-death.
		bury: func(context.Context, death) error { return d.Nack(false, false) },
	}
}
