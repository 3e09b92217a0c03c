package adapters_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

func someBytes() *rapid.Generator[[]byte] {
	return rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOfN(rapid.Byte(), 0, 20))
}

func messages() *rapid.Generator[adapters.Message] {
	return rapid.Custom(func(t *rapid.T) adapters.Message {
		m := adapters.Message{
			Position: positions().Draw(t, "position"), Key: someBytes().Draw(t, "key"), Value: someBytes().Draw(t, "value"),
			Time: time.UnixMilli(rapid.Int64Range(0, 1<<42).Draw(t, "time")), Redelivered: rapid.Bool().Draw(t, "redelivered"),
		}
		for range rapid.IntRange(0, 4).Draw(t, "headers") {
			m.Headers = append(m.Headers, adapters.Header{Name: rapid.StringN(0, 5, 10).Draw(t, "name"), Value: someBytes().Draw(t, "header")})
		}
		if rapid.Bool().Draw(t, "has properties") {
			m.Properties = &adapters.Properties{
				Exchange: rapid.StringN(0, 3, 9).Draw(t, "exchange"), RoutingKey: rapid.StringN(0, 3, 9).Draw(t, "routing key"),
				MessageID: rapid.StringN(0, 3, 9).Draw(t, "message id"), Type: rapid.StringN(0, 3, 9).Draw(t, "type"),
			}
		}
		return m
	})
}

// TestCloneSharesNothing overwrites the original after cloning it.
func TestCloneSharesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := messages().Draw(t, "message")
		clone, again := m.Clone(), m.Clone()
		if !reflect.DeepEqual(clone, m) {
			t.Fatalf("clone %#v of %#v", clone, m)
		}
		spoil := func(b []byte) {
			for i := range b {
				b[i] ^= 0xff
			}
		}
		spoil(m.Key)
		spoil(m.Value)
		for i := range m.Headers {
			spoil(m.Headers[i].Value)
			m.Headers[i] = adapters.Header{Name: "spoilt"}
		}
		if m.Properties != nil {
			*m.Properties = adapters.Properties{Type: "spoilt"}
		}
		if !reflect.DeepEqual(clone, again) {
			t.Fatalf("the clone changed with its original: %#v", clone)
		}
	})
}

// TestDigest: equal contents have equal digests wherever they are seen, and moving a
// byte from one part to the next changes it.
func TestDigest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := messages().Draw(t, "message")
		other := m.Clone()
		other.Position, other.Time, other.Redelivered = adapters.Position{}, time.Time{}, !m.Redelivered
		other.Headers = append(other.Headers, adapters.Header{Name: "x-delivery-count", Value: []byte("3")})
		if m.Digest() != other.Digest() || m.Fingerprint() != other.Fingerprint() {
			t.Fatal("the same message seen again has another digest")
		}
		if len(m.Key) > 0 {
			last := len(m.Key) - 1
			other.Value = append([]byte{m.Key[last]}, m.Value...)
			other.Key = m.Key[:last]
			if m.Digest() == other.Digest() || m.Fingerprint() == other.Fingerprint() {
				t.Fatal("a byte moved from key to value and the digest stayed")
			}
		}
	})
}

// TestDigestTellsRarePropertiesApart: messages that differ in one of them alone are two.
func TestDigestTellsRarePropertiesApart(t *testing.T) {
	seen := map[uint64]string{}
	for name, p := range map[string]adapters.Properties{
		"none": {}, "reply-to": {ReplyTo: "x"}, "expiration": {Expiration: "x"}, "user": {UserID: "x"}, "content type": {ContentType: "x"},
		"encoding": {ContentEncoding: "x"}, "priority": {Priority: 1},
	} {
		digest := (&adapters.Message{Properties: &p}).Digest()
		if other, twice := seen[digest]; twice {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[digest] = name
	}
}

// TestFingerprintsTellApartWhatADigestDoesNot: how a message is kept, types of header
// values, and bodies that were made to share a digest.
func TestFingerprintsTellApartWhatADigestDoesNot(t *testing.T) {
	seen := map[adapters.Fingerprint]string{}
	for name, m := range map[string]adapters.Message{
		"none": {}, "an empty body": {Value: []byte{}}, "persistent": {Properties: &adapters.Properties{DeliveryMode: 2}}, "properties": {Properties: &adapters.Properties{}},
		"a text":   {Headers: []adapters.Header{{Name: "n", Value: []byte("7"), Structured: "7"}}},
		"a number": {Headers: []adapters.Header{{Name: "n", Value: []byte("7"), Structured: int64(7)}}},
	} {
		f := m.Fingerprint()
		if other, twice := seen[f]; twice {
			t.Errorf("%s and %s have one fingerprint", name, other)
		}
		seen[f] = name
		var again adapters.Fingerprint
		if err := again.UnmarshalText([]byte(f.String())); err != nil || again != f {
			t.Errorf("%s is read as %s: %v", f, again, err)
		}
	}
	for _, bad := range []string{"", "00", "zz", strings.Repeat("z", 32), strings.Repeat("0", 33)} {
		if err := new(adapters.Fingerprint).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is read as a fingerprint", bad)
		}
	}
}

// TestDigestIsFixed keeps a digest that was printed once readable for ever.
func TestDigestIsFixed(t *testing.T) {
	m := adapters.Message{
		Value: []byte(`{"order_id":"1009"}`), Headers: []adapters.Header{{Name: "tenant", Value: []byte("a")}},
		Properties: &adapters.Properties{Exchange: "orders", RoutingKey: "order.placed", MessageID: "m-1", Timestamp: time.Unix(1700000000, 0)},
	}
	if got := adapters.DigestPosition("orders", m.Digest()).String(); got != "orders#9260aa7d39c1c51d" {
		t.Errorf("position %s", got)
	}
}

func TestHeaderAndSize(t *testing.T) {
	m := adapters.Message{
		Key: []byte("key"), Value: []byte("value"),
		Headers: []adapters.Header{{Name: "a", Value: []byte("1")}, {Name: "a", Value: []byte("22")}},
	}
	if value, ok := m.Header("a"); !ok || string(value) != "1" {
		t.Errorf("first header is %q, %v", value, ok)
	}
	if _, ok := m.Header("A"); ok {
		t.Error("names are not exact")
	}
	if m.Size() != 3+5+1+1+1+2 {
		t.Errorf("size %d", m.Size())
	}
}

func TestReleaseOnce(t *testing.T) {
	released := 0
	batch := &adapters.Batch{Messages: make([]adapters.Message, 3), Recycle: func() { released++ }}
	batch.Release()
	if released != 1 || batch.Messages != nil {
		t.Errorf("recycled %d times, messages %v", released, batch.Messages)
	}
	(&adapters.Batch{}).Release()
}

func TestErrors(t *testing.T) {
	err := adapters.UnknownDestination("kafka", "host:9092", adapters.Topic, "ordres")
	if err.Error() != `cannot read kafka topic "ordres" at host:9092: the broker has no such topic; check the spelling` {
		t.Error(err)
	}
	if !errors.Is(err, adapters.ErrUnknownDestination) || !adapters.IsPermanent(err) {
		t.Errorf("%v is not permanent", err)
	}
	for _, err := range []error{nil, adapters.ErrNotConnected, adapters.ErrGone, context.Canceled} {
		if adapters.IsPermanent(err) {
			t.Errorf("%v is permanent", err)
		}
	}
	if !adapters.IsEnd(context.Canceled) || adapters.IsEnd(adapters.ErrGone) {
		t.Error("only an ended context is an end")
	}
}
