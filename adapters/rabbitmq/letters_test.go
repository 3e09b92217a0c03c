package rabbitmq

import (
	"fmt"
	"slices"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// lettersOf opens for dead letters, with the management API.
func (b *testBroker) lettersOf() Config {
	c := b.managed()
	c.LettersOnly, c.Write = true, true
	return c
}

// mostOfAPart is how many letters a peek hands over at a time.
const mostOfAPart = 256

// looked is a peek with what it handed over.
func looked(t testing.TB, a *Adapter, peek deadletter.Peek) (values []string, letters []deadletter.Delivery, err error) {
	t.Helper()
	err = a.Peek(t.Context(), peek, func(part []deadletter.Delivery) error {
		if len(part) == 0 || len(part) > mostOfAPart {
			t.Errorf("a part of %d", len(part))
		}
		letters = append(letters, part...)
		return nil
	})
	return valuesOf(letters), letters, err
}

func valuesOf(letters []deadletter.Delivery) []string {
	values := make([]string, len(letters))
	for i := range letters {
		values[i] = string(letters[i].Value)
	}
	return values
}

func numbered(prefix string, from, to int) []string {
	var values []string
	for i := from; i < to; i++ {
		values = append(values, fmt.Sprint(prefix, " ", i))
	}
	return values
}

func positionsOf(letters []deadletter.Delivery) []adapters.Position {
	positions := make([]adapters.Position, len(letters))
	for i := range letters {
		positions[i] = letters[i].Position
	}
	return positions
}

// begin begins a redrive and ends it after the test.
func begin(t testing.TB, a *Adapter, dlq string, letters []adapters.Position) deadletter.Redrive {
	t.Helper()
	r, err := a.Redrive(t.Context(), deadletter.Order{DLQ: dlq, Run: "run", Letters: letters})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// all takes every letter that a redrive hands over, in parts.
func all(t testing.TB, r deadletter.Redrive, most int, each func([]deadletter.Delivery)) (letters []deadletter.Delivery) {
	t.Helper()
	for {
		part, err := r.Next(t.Context(), most)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			return letters
		}
		if len(part) > most {
			t.Fatalf("%d letters, at most %d were asked for", len(part), most)
		}
		if each != nil {
			each(part)
		}
		letters = append(letters, part...)
	}
}

// sendAll sends a copy of each letter to a queue, and settles them.
func sendAll(t testing.TB, r deadletter.Redrive, to string) func([]deadletter.Delivery) {
	return func(part []deadletter.Delivery) {
		t.Helper()
		copies := make([]deadletter.Copy, len(part))
		for i := range part {
			copies[i] = deadletter.Copy{Of: &part[i], To: deadletter.Routed("", to)}
		}
		outcomes, err := r.Send(t.Context(), copies, nil)(t.Context())
		if err != nil || slices.ContainsFunc(outcomes, func(err error) bool { return err != nil }) {
			t.Fatal(outcomes, err)
		}
		if err := r.Acknowledge(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
}

// contents takes everything out of a queue, to see what is in it.
func (b *testBroker) contents(t testing.TB, queue string) (deliveries []amqp.Delivery) {
	t.Helper()
	channel := b.channel(t)
	const many = 1000 // which take long to be had one by one
	state, err := channel.QueueDeclarePassive(queue, true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if state.Messages > many {
		deliveries = consumed(t, channel, queue, state.Messages)
	}
	for {
		d, ok, err := channel.Get(queue, true)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return deliveries
		}
		deliveries = append(deliveries, d)
	}
}

// consumed takes so many letters of a queue, and what comes beside them.
func consumed(t testing.TB, channel *amqp.Channel, queue string, letters int) (got []amqp.Delivery) {
	t.Helper()
	deliveries, err := channel.Consume(queue, "all", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	limit := time.After(patience)
	for len(got) < letters {
		select {
		case d, open := <-deliveries:
			if !open {
				t.Fatalf("the deliveries end after %d of %d letters", len(got), letters)
			}
			got = append(got, d)
		case <-limit:
			t.Fatalf("%d of %d letters came", len(got), letters)
		}
	}
	if err := channel.Cancel("all", false); err != nil {
		t.Fatal(err)
	}
	for d := range deliveries {
		got = append(got, d)
	}
	return got
}

func bodiesOf(deliveries []amqp.Delivery) []string {
	values := make([]string, len(deliveries))
	for i := range deliveries {
		values[i] = string(deliveries[i].Body)
	}
	return values
}

// holds requires that a queue holds just that, in that order.
func (b *testBroker) holds(t testing.TB, queue string, want []string) {
	t.Helper()
	if got := bodiesOf(b.contents(t, queue)); !slices.Equal(got, want) {
		t.Errorf("queue %s holds %s, want %s", queue, short(got), short(want))
	}
}

func short(values []string) string {
	if len(values) <= 40 {
		return fmt.Sprintf("%d: %q", len(values), values)
	}
	return fmt.Sprintf("%d: %q … %q", len(values), values[:20], values[len(values)-20:])
}
