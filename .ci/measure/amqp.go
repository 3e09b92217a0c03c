package main

import (
	"context"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	tapPrefetch = 1000
	tapAckEvery = 250

	confirmWindow = 500 // as many as a replay has under way
)

func openChannel(url string) (*amqp.Connection, *amqp.Channel, error) {
	connection, err := amqp.Dial(url)
	if err != nil {
		return nil, nil, err
	}
	channel, err := connection.Channel()
	if err != nil {
		_ = connection.Close()
		return nil, nil, err
	}
	return connection, channel, nil
}

func declareExchange(channel *amqp.Channel, exchange string) error {
	return channel.ExchangeDeclare(exchange, amqp.ExchangeTopic, false, false, false, false, nil)
}

// publish sends messages of 1 KB without confirms for some seconds, as many as the
// broker takes, and says how many that were.
func publish(ctx context.Context, url, exchange string, seconds int) error {
	connection, channel, err := openChannel(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := declareExchange(channel, exchange); err != nil {
		return err
	}
	body := []byte(noise(1000))
	began, sent := time.Now(), 0
	for time.Since(began) < time.Duration(seconds)*time.Second {
		err := channel.PublishWithContext(ctx, exchange, "load", false, false, amqp.Publishing{
			Body: body, CorrelationId: fmt.Sprintf("c-%d", sent/5), MessageId: fmt.Sprintf("m-%d", sent), Type: "Load", AppId: "measure",
			Headers: amqp.Table{"a": "1", "b": "2"},
		})
		if err != nil {
			return err
		}
		sent++
	}
	fmt.Printf("%d\n", sent)
	return nil
}

// tap is the least a tap can do: a queue like ours, the same prefetch and acks, and the
// messages thrown away. It prints how many came.
func tap(ctx context.Context, url, exchange string, seconds int) error {
	connection, channel, err := openChannel(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := declareExchange(channel, exchange); err != nil {
		return err
	}
	queue, err := channel.QueueDeclare("", false, true, true, false, amqp.Table{"x-max-length": 10000, "x-overflow": "drop-head"})
	if err != nil {
		return err
	}
	if err := channel.QueueBind(queue.Name, "#", exchange, false, nil); err != nil {
		return err
	}
	if err := channel.Qos(tapPrefetch, 0, false); err != nil {
		return err
	}
	deliveries, err := channel.Consume(queue.Name, "", false, true, false, false, nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	defer cancel()
	for came := 0; ; {
		select {
		case <-ctx.Done():
			fmt.Printf("%d\n", came)
			return nil
		case delivery, ok := <-deliveries:
			if !ok {
				return fmt.Errorf("the broker closed the channel")
			}
			if came++; came%tapAckEvery == 0 {
				if err := delivery.Ack(true); err != nil {
					return err
				}
			}
		}
	}
}

// confirm is the least that a careful publisher can do: persistent messages of 1 KB to a
// durable classic queue, mandatory, so many under way at most, until all are confirmed. It
// prints how many seconds that took.
func confirm(ctx context.Context, url, queue string, count int) error {
	connection, channel, err := openChannel(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := channel.QueueDeclare(queue, true, false, false, false, nil); err != nil {
		return err
	}
	if err := channel.Confirm(false); err != nil {
		return err
	}
	body := []byte(noise(1000))
	var waiting []*amqp.DeferredConfirmation
	began := time.Now()
	for sent := 0; sent < count || len(waiting) > 0; {
		if sent < count && len(waiting) < confirmWindow {
			confirmation, err := channel.PublishWithDeferredConfirm("", queue, true, false, amqp.Publishing{
				Body: body, CorrelationId: fmt.Sprintf("c-%d", sent/5), MessageId: fmt.Sprintf("m-%d", sent), Type: "Load", AppId: "measure",
				DeliveryMode: amqp.Persistent, Headers: amqp.Table{"a": "1", "b": "2"},
			})
			if err != nil {
				return err
			}
			waiting = append(waiting, confirmation)
			sent++
			continue
		}
		if ok, err := waiting[0].WaitContext(ctx); err != nil || !ok {
			return fmt.Errorf("a message was not confirmed: %w", err)
		}
		waiting = waiting[1:]
	}
	fmt.Printf("%.3f\n", time.Since(began).Seconds())
	return nil
}

const movePrefetch = 1000

// move is the least that a careful mover can do: it takes messages from a queue, publishes
// them to another, queue-moved, as confirm does, and acknowledges those that are confirmed,
// many at once. It prints how many seconds that took.
func move(ctx context.Context, url, queue string, count int) error {
	connection, taking, err := openChannel(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	sending, err := connection.Channel()
	if err == nil {
		_, err = sending.QueueDeclare(queue+"-moved", true, false, false, false, nil)
	}
	if err == nil {
		err = sending.Confirm(false)
	}
	if err == nil {
		err = taking.Qos(movePrefetch, 0, false)
	}
	if err != nil {
		return err
	}
	began := time.Now()
	deliveries, err := taking.Consume(queue, "", false, true, false, false, nil)
	if err != nil {
		return err
	}
	var waiting []*amqp.DeferredConfirmation
	for moved, taken := 0, 0; moved < count; {
		if taken < count && len(waiting) < confirmWindow {
			d, open := <-deliveries
			if !open {
				return fmt.Errorf("the broker closed the channel")
			}
			confirmation, err := sending.PublishWithDeferredConfirm("", queue+"-moved", true, false, amqp.Publishing{
				Body: d.Body, CorrelationId: d.CorrelationId, MessageId: d.MessageId, Type: d.Type, AppId: d.AppId,
				DeliveryMode: d.DeliveryMode, Headers: d.Headers,
			})
			if err != nil {
				return err
			}
			waiting = append(waiting, confirmation)
			taken++
			continue
		}
		if ok, err := waiting[0].WaitContext(ctx); err != nil || !ok {
			return fmt.Errorf("a message was not confirmed: %w", err)
		}
		waiting = waiting[1:]
		if moved++; moved%tapAckEvery == 0 || moved == count {
			if err := taking.Ack(uint64(moved), true); err != nil { // tags count deliveries
				return err
			}
		}
	}
	fmt.Printf("%.3f\n", time.Since(began).Seconds())
	return nil
}

// drop deletes queues.
func drop(url string, queues []string) error {
	connection, channel, err := openChannel(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	for _, queue := range queues {
		if _, err := channel.QueueDelete(queue, false, false, false); err != nil {
			return err
		}
	}
	return nil
}
