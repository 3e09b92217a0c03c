package message

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/Azure/go-amqp"
	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/servicebus/client"
)

var orders = client.Entity{Name: "orders", Part: client.Dead}

func letter() *amqp.Message {
	source, id := "shop", "order-1"
	return &amqp.Message{
		Header:      &amqp.MessageHeader{Durable: true, Priority: usualPriority, TTL: time.Minute, DeliveryCount: 10},
		Annotations: amqp.Annotations{noteNumber: int64(7), noteEnqueued: time.UnixMilli(1700000000000), notePartKey: "p"},
		Properties:  &amqp.MessageProperties{MessageID: amqp.UUID{1, 2}, GroupID: &id, Subject: &source},
		ApplicationProperties: map[string]any{
			Reason: "TTLExpiredException", Description: "too late", "n": int32(-3), "u": uint64(9), "f": 1.5, "yes": true, "bytes": []byte{0, 0xff}, "text": "é",
		},
		Data: [][]byte{[]byte("{}")},
	}
}

func header(t *testing.T, m *adapters.Message, name string) string {
	t.Helper()
	value, there := m.Header(name)
	if !there {
		t.Errorf("there is no header %s among %q", name, m.Headers)
	}
	return string(value)
}

func TestALetterTellsWhyItDied(t *testing.T) {
	m := From(letter(), orders)
	for name, want := range map[string]string{Reason: "TTLExpiredException", Description: "too late", Source: "orders", Deliveries: "10", "n": "-3", "u": "9", "f": "1.5", "yes": "true", "bytes": "\x00\xff", "text": "é"} {
		if got := header(t, &m, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if m.Position.String() != "orders%2f$DeadLetterQueue@7" || string(m.Key) != "order-1" || m.Properties.Type != "shop" || !m.Time.Equal(time.UnixMilli(1700000000000)) || m.Redelivered {
		t.Errorf("it is %+v with %+v", m, m.Properties)
	}
}

// TestALineIsTheSameLetter, and what is damaged is none.
func TestALineIsTheSameLetter(t *testing.T) {
	line, err := Append([]byte("before "), letter(), orders)
	line, found := bytes.CutPrefix(line, []byte("before "))
	if err != nil || !found {
		t.Fatal(err)
	}
	raw, e, number, err := Read(line)
	if err != nil || e != orders || number != 7 {
		t.Fatalf("%v %d: %v", e, number, err)
	}
	is, was := FromWire(raw, e, number), From(letter(), orders)
	if is.Fingerprint() != was.Fingerprint() || is.Position != was.Position {
		t.Errorf("%+v is read as %+v", was, is)
	}
	for _, damaged := range []string{"", "{}", `{"servicebus_entity":"a"}`, string(line[:len(line)-2]), string(line) + "x", strings.Replace(string(line), "orders", "*", 1)} {
		if _, _, _, err := Read([]byte(damaged)); err == nil {
			t.Errorf("%q is read", damaged)
		}
	}
}

// TestBrokenTextGoesOn: the protocol has no such text, so that it is sent, and preserved, as bytes.
func TestBrokenTextGoesOn(t *testing.T) {
	was := letter()
	was.ApplicationProperties["text"] = "\xff"
	line, err := Append(nil, was, orders)
	if err != nil {
		t.Fatal(err)
	}
	raw, _, _, err := Read(line)
	if m := FromWire(raw, orders, 7); err != nil || header(t, &m, "text") != "\xff" {
		t.Errorf("%v, %v", m.Headers, err)
	}
	if _, err := Copy(was, &Change{}).MarshalBinary(); err != nil {
		t.Error(err)
	}
}

// TestACopyIsWhatWasSent: nothing of the service stays, all of the sender's does, and the letter is as it was.
func TestACopyIsWhatWasSent(t *testing.T) {
	was := letter()
	is := Copy(was, &Change{Remove: []string{"n"}, Add: []adapters.Header{{Name: "x-replay-id", Value: []byte("r")}}, Value: []byte("edited"), ID: "r"})
	if len(is.Annotations) != 1 || is.Annotations[notePartKey] != "p" || is.Header.DeliveryCount != 0 || is.Header.TTL != time.Minute || *is.Properties.GroupID != "order-1" {
		t.Errorf("it has %v, %+v", is.Annotations, is.Header)
	}
	for name, want := range map[string]any{Reason: nil, Description: nil, "n": nil, "u": uint64(9), "x-replay-id": "r"} {
		if is.ApplicationProperties[name] != want {
			t.Errorf("%s is %v", name, is.ApplicationProperties[name])
		}
	}
	if string(is.GetData()) != "edited" || is.Properties.MessageID != "r" {
		t.Errorf("%s, %v", is.GetData(), is.Properties.MessageID)
	}
	if string(was.GetData()) != "{}" || was.ApplicationProperties["n"] != int32(-3) || was.Properties.MessageID != any(amqp.UUID{1, 2}) {
		t.Error("the letter was changed")
	}
}

// TestWhatNobodyCanReadIsShown as it is, with the reason and its number, and is never a panic.
func TestWhatNobodyCanReadIsShown(t *testing.T) {
	raw, err := letter().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	odd := FromWire(bytes.Replace(raw, []byte("é"), []byte{0xff, 0xfe}, 1), orders, 3)
	if got := header(t, &odd, "text"); got != "\xff\xfe" || string(odd.Value) != "{}" {
		t.Errorf("broken UTF-8 is shown as %q", got)
	}
	broken := raw[:len(raw)-1]
	m := FromWire(broken, orders, 3)
	if header(t, &m, Unreadable); !bytes.Equal(m.Value, broken) || m.Position.Offset != 7 {
		t.Errorf("it is shown as %q at %v", m.Value, m.Position)
	}
	rapid.Check(t, func(t *rapid.T) {
		damaged := bytes.Clone(raw)
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			damaged[rapid.IntRange(0, len(damaged)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		damaged = damaged[:rapid.IntRange(0, len(damaged)).Draw(t, "length")]
		if m := FromWire(damaged, orders, 3); m.Position.Destination != orders.String() || m.Value == nil {
			t.Fatalf("%q is shown as %+v", damaged, m)
		}
	})
}

// TestOnlyTheServiceSaysWhereALetterDied: whoever sends can call a property as the service's own facts
// are called.
func TestOnlyTheServiceSaysWhereALetterDied(t *testing.T) {
	for name, want := range map[string]string{Source: "orders", "deadlettersource": "orders", Deliveries: "10"} {
		m := letter()
		m.ApplicationProperties[name] = "refunds"
		told, sender := "", ""
		for _, h := range From(m, orders).Headers {
			switch {
			case h.Name == ofSender+name:
				sender = string(h.Value)
			case strings.EqualFold(h.Name, name):
				told += string(h.Value)
			}
		}
		if told != want || sender != "refunds" {
			t.Errorf("%s: the service says %q, want %q, and the sender %q", name, told, want, sender)
		}
	}
}
