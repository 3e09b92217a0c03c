package tracing

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/cespare/xxhash/v2"

	"eventscope/tracing/packed"
)

// colliding makes n printable ids of 64 bytes that all have one XXH64: the second eight
// bytes of each of its four lanes undo what the first eight did.
func colliding(t *testing.T, n int) (ids [][]byte) {
	t.Helper()
	const one, two = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F
	undoTwo := uint64(two) // its inverse, by Newton
	for range 6 {
		undoTwo *= 2 - two*undoTwo
	}
	start := []uint64{0, two, 0, 0}
	start[0], start[3] = one, ^uint64(0) // v1 = P1 + P2, v4 = -P1
	start[0] += two
	start[3] -= one - 1
	round := func(lane, word uint64) uint64 { return bits.RotateLeft64(lane+word*two, 31) * one }
	random := rand.New(rand.NewPCG(1, 2))
	printable := func() (word uint64) {
		for range 8 {
			word = word<<8 | uint64('0'+random.IntN(74))
		}
		return word
	}
	isPrintable := func(word uint64) bool {
		for ; word != 0; word >>= 8 {
			if c := byte(word); c < ' ' || c > '~' {
				return false
			}
		}
		return true
	}
	const choices = 16
	var lanes [4][][16]byte
	for i := range lanes {
		target := round(start[i], printable()) + printable()*two
		for len(lanes[i]) < choices {
			first := printable()
			second := (target - round(start[i], first)) * undoTwo
			if second>>56 == 0 || !isPrintable(second) {
				continue
			}
			var pair [16]byte
			binary.LittleEndian.PutUint64(pair[:], first)
			binary.LittleEndian.PutUint64(pair[8:], second)
			lanes[i] = append(lanes[i], pair)
		}
	}
	for k := range n {
		id := make([]byte, 64)
		for i := range lanes {
			pair := lanes[i][k>>(4*i)&(choices-1)]
			copy(id[8*i:], pair[:8])
			copy(id[32+8*i:], pair[8:])
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		if xxhash.Sum64(id) != xxhash.Sum64(ids[0]) {
			t.Fatalf("%q and %q do not collide", id, ids[0])
		}
	}
	return ids
}

func TestIDsThatCollideInAFixedHashCostNothing(t *testing.T) {
	b := newBench(t, Config{})
	ids := colliding(t, 20_000)
	b.flood(len(ids), func(i int) told {
		return told{destination: "d", offset: int64(i), headers: []string{"correlation_id", string(ids[i]), "event_type", "T"}}
	})
	compared, found := 0, 0
	err := b.ask(t.Context(), func(x *index) {
		for _, id := range ids {
			x.flows.byID.Find(packed.Hash(id), func(number uint32) bool {
				compared++
				return x.flows.texts.Equal(x.flows.at(number).id, id)
			})
			if x.flows.findID(packed.Hash(id), id, new(uint16)) != 0 {
				found++
			}
		}
	})
	if err != nil || found != len(ids) || compared > len(ids)+len(ids)/100 {
		t.Errorf("%d flows of %d were found with %d comparisons, %v", found, len(ids), compared, err)
	}
}

func TestIDsThatCollideJoinNothing(t *testing.T) {
	b := newBench(t, Config{})
	ids := colliding(t, 3)
	event := func(offset int64, flow string, rest ...string) told {
		return told{destination: "d", offset: offset, headers: append([]string{"correlation_id", flow, "event_type", "T"}, rest...)}
	}
	b.tell(
		event(1, "corr-1", "event_id", string(ids[0])),
		event(2, "corr-2", "event_id", "e2", "causation_id", string(ids[1])),
		event(3, "corr-1", "event_id", string(ids[2])),
	)
	if flows := b.flows(); len(flows) != 2 || flows[0].Duplicates != 0 {
		t.Errorf("flows of ids that only collide: %+v", flows)
	}
	if matches, err := b.Find(t.Context(), string(ids[1])); err != ErrUnknown {
		t.Errorf("an id that nobody has is found: %+v, %v", matches, err)
	}
}

func TestAHashIsAnotherInEveryProcess(t *testing.T) {
	id := colliding(t, 2)
	if packed.Hash(id[0]) == packed.Hash(id[1]) || packed.Hash([]byte("ord-1")) == xxhash.Sum64String("ord-1") {
		t.Error("ids are hashed without a seed")
	}
	if a, b := packed.EventIDOf(id[0]), packed.EventIDOf(id[1]); a == b || a.Check == b.Check {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestEventIDsAreComparedInFull(t *testing.T) {
	texts := []string{"", "e1", "e1\x02", "0123456789abcde", "0123456789abcdef", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "4bf92f35-77b3-4da6-a3ce-929d0e0e4737"}
	for i, a := range texts {
		for j, b := range texts {
			if same := packed.EventIDOf(packed.Append(nil, []byte(a))) == packed.EventIDOf(packed.Append(nil, []byte(b))); same != (i == j) {
				t.Errorf("%q and %q: same is %v", a, b, same)
			}
		}
	}
	if packed.EventIDOf(packed.Of("4BF92F35-77B3-4DA6-A3CE-929D0E0E4736")) != packed.EventIDOf(packed.Of("4bf92f3577b34da6a3ce929d0e0e4736")) {
		t.Error("one UUID in two spellings is two ids")
	}
}
