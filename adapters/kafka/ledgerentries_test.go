package kafka

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// told puts records of the ledger in, one batch each.
func told(l *ledger, key, value string) error {
	return l.Put(context.Background(), &adapters.Batch{Messages: []adapters.Message{{Key: []byte(key), Value: []byte(value)}}})
}

// TestTheLedgerKeepsTheNewestValueOfEachKey, in the order in which keys appeared, whatever keys have
// one hash.
func TestTheLedgerKeepsTheNewestValueOfEachKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, newest, order := newLedger(nil, mostLedger), map[string]string{}, []string{}
		for range rapid.IntRange(1, 300).Draw(t, "records") {
			key := fmt.Sprint("d/0@", rapid.IntRange(0, 60).Draw(t, "key"))
			value := rapid.SampledFrom([]string{"", "sent", "discarded", fmt.Sprint("run ", len(newest))}).Draw(t, "value")
			if _, known := newest[key]; !known {
				if order = append(order, key); len(order)%5 == 0 { // another key has its hash
					l.at[maphash.String(l.seed, key)] = 0
				}
			}
			if newest[key] = value; told(l, key, value) != nil {
				t.Fatal("it does not fit")
			}
		}
		i, texts := 0, map[string]bool{"": true}
		for e := range l.all() {
			if string(e.Key) != order[i] || string(e.Value) != newest[order[i]] {
				t.Fatalf("entry %d is %s: %s, want %s: %s", i, e.Key, e.Value, order[i], newest[order[i]])
			}
			texts[string(e.Value)] = true
			i++
		}
		if i != len(order) || len(l.values) > len(texts) {
			t.Fatalf("%d of %d keys, %d values of %d", i, len(order), len(l.values), len(texts))
		}
	})
}

// Hundreds of thousands of letters of a few runs fit into a small budget; what does not is said.
func TestTheLedgerFitsItsBudgetOrSaysSo(t *testing.T) {
	l := newLedger(nil, 64<<20/ledgerShare)
	for i := range 100_000 { // as the manual says
		if err := told(l, fmt.Sprintf("orders.dlq/%d@%d", i%6, i), fmt.Sprintf(`{"state":"replayed","run":"r-%d","target":"orders"}`, i/500)); err != nil {
			t.Fatalf("%d letters: %v", i, err)
		}
	}
	l.most = l.bytes()
	err := told(l, "orders.dlq/0@100000", "another")
	if !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), "100,001 letters") {
		t.Error(err)
	}
}
