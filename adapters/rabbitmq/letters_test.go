package rabbitmq

import (
	"fmt"
	"slices"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// lettersOf opens for dead letters, with the management API.
func (b *testBroker) lettersOf() Config {
	c := b.managed()
	c.LettersOnly, c.Write = true, true
	return c
}

// looked is a look with what it handed over.
func looked(t testing.TB, a *Adapter, look adapters.Look) (values []string, letters []adapters.Held, err error) {
	t.Helper()
	err = a.Look(t.Context(), look, func(part []adapters.Held) error {
		if len(part) == 0 || len(part) > lookPart {
			t.Errorf("a part of %d", len(part))
		}
		letters = append(letters, part...)
		return nil
	})
	return valuesOf(letters), letters, err
}

func valuesOf(letters []adapters.Held) []string {
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

func positionsOf(letters []adapters.Held) []adapters.Position {
	positions := make([]adapters.Position, len(letters))
	for i := range letters {
		positions[i] = letters[i].Position
	}
	return positions
}

// begin begins a redrive and ends it after the test.
func begin(t testing.TB, a *Adapter, grave string, letters []adapters.Position) adapters.Redrive {
	t.Helper()
	r, err := a.Redrive(t.Context(), adapters.Order{Grave: grave, Run: "run", Letters: letters})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// all takes every letter that a redrive hands over, in parts.
func all(t testing.TB, r adapters.Redrive, most int, each func([]adapters.Held)) (letters []adapters.Held) {
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
func sendAll(t testing.TB, r adapters.Redrive, to string) func([]adapters.Held) {
	return func(part []adapters.Held) {
		t.Helper()
		copies := make([]adapters.Copy, len(part))
		for i := range part {
			copies[i] = adapters.Copy{Of: &part[i], To: adapters.Target{RoutingKey: to}}
		}
		outcomes, err := r.Send(t.Context(), copies, nil)
		if err != nil || slices.ContainsFunc(outcomes, func(err error) bool { return err != nil }) {
			t.Fatal(outcomes, err)
		}
		if err := r.Settle(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
}

// contents takes everything out of a queue, to see what is in it.
func (b *testBroker) contents(t testing.TB, queue string) (deliveries []amqp.Delivery) {
	t.Helper()
	channel := b.channel(t)
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
