package publish

import (
	"cmp"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// had is what a broker has, for names to be read.
type had struct{ queues, exchanges []string }

func (h *had) has(queue bool, name string) (bool, error) {
	names := h.exchanges
	if queue {
		names = h.queues
	}
	for _, n := range names {
		if n == name {
			return true, nil
		}
	}
	return false, nil
}

func TestANameIsReadAsWhatTheBrokerHas(t *testing.T) {
	to := func(exchange, key string) deadletter.Target {
		return deadletter.Routed(exchange, key)
	}
	for _, c := range []struct {
		text string
		has  had
		want deadletter.Target
	}{
		{"orders", had{}, to("", "orders")},
		{"orders:placed", had{}, to("orders", "placed")},
		{"orders:placed:eu", had{}, to("orders", "placed:eu")},
		{"orders:", had{}, to("orders", "")},
		{":urn:acme:orders", had{}, to("", "urn:acme:orders")},
		{"urn:acme:orders", had{queues: []string{"urn:acme:orders"}}, to("", "urn:acme:orders")},
		{"urn:acme:orders", had{queues: []string{"urn:acme:orders"}, exchanges: []string{"urn:acme:orders"}}, to("", "urn:acme:orders")},
		{"Contracts:OrderPlaced", had{exchanges: []string{"Contracts:OrderPlaced"}}, to("Contracts:OrderPlaced", "")},
		{"Contracts:OrderPlaced:eu.#", had{exchanges: []string{"Contracts:OrderPlaced"}}, to("Contracts:OrderPlaced", "eu.#")},
		{`Contracts\:OrderPlaced:a:b`, had{exchanges: []string{"Contracts"}}, to("Contracts:OrderPlaced", "a:b")},
		{`\urn:acme:orders`, had{queues: []string{"urn:acme:orders"}, exchanges: []string{"urn"}}, to("urn", "acme:orders")},
		{`urn\:acme`, had{}, to("", "urn:acme")},
		{`a\b`, had{}, to("", `a\b`)},
	} {
		if got, err := among(c.text, c.has.has); err != nil || got.target() != c.want {
			t.Errorf("%s is %+v, %v, want %+v", c.text, got, err, c.want)
		}
	}
}

// TestANameThatCanBeTwoThingsIsRefused, and the refusal names forms that can be one alone.
func TestANameThatCanBeTwoThingsIsRefused(t *testing.T) {
	h := had{queues: []string{"urn:acme:orders"}, exchanges: []string{"urn", "urn:acme"}}
	_, err := among("urn:acme:orders", h.has)
	var problem *adapters.Problem
	if !errors.As(err, &problem) || !errors.Is(err, adapters.ErrUsage) || problem.Remedy != `write :urn:acme:orders or \urn:acme:orders` {
		t.Fatal(err)
	}
	for text, want := range map[string]deadletter.Target{
		":urn:acme:orders": deadletter.Routed("", "urn:acme:orders"), `\urn:acme:orders`: deadletter.Routed("urn", "acme:orders"), `urn\:acme:orders`: deadletter.Routed("urn:acme", "orders"),
	} {
		if got, err := among(text, h.has); err != nil || got.target() != want {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
}

// TestWhatAPlanPrintsIsReadBack: whatever the names, and whatever else the broker has, a
// target as it is printed is that target, or is refused; and its explicit form is it.
func TestWhatAPlanPrintsIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[ab:\\]{1,5}`)
		to := Address{Key: name.Draw(t, "key")}
		if rapid.Bool().Draw(t, "by exchange") {
			to.Exchange = name.Draw(t, "exchange")
			to.Key = rapid.StringMatching(`[ab:\\]{0,5}`).Draw(t, "its key")
		}
		if again := addressOf(to.target()); again != to {
			t.Fatalf("%+v is written as %s, which is that of %+v", to, to.target(), again)
		}
		h := had{queues: rapid.SliceOf(name).Draw(t, "queues"), exchanges: append(rapid.SliceOf(name).Draw(t, "exchanges"), to.Exchange)}
		if got, err := among(string(to.target()), h.has); err == nil && got != to && h.certain(to) {
			t.Fatalf("%+v is printed as %s and read as %+v", to, to.target(), got)
		}
		if got, err := among(to.explicit(), h.has); err != nil || got != to {
			t.Fatalf("%+v is written out as %s and read as %+v, %v", to, to.explicit(), got, err)
		}
	})
}

// certain reports whether the broker has what an address names.
func (h *had) certain(to Address) bool {
	there, _ := h.has(to.Exchange == "", cmp.Or(to.Exchange, to.Key))
	return there
}
