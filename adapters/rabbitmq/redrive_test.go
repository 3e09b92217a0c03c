package rabbitmq

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// takenKinds are the kinds of queues from which letters are taken.
var takenKinds = map[string]struct {
	kind      string
	arguments amqp.Table
}{
	"classic":          {"classic", nil},
	"quorum":           {"quorum", nil},
	"quorum limit 5":   {"quorum", amqp.Table{"x-delivery-limit": int32(5)}},
	"quorum limit 100": {"quorum", amqp.Table{"x-delivery-limit": int32(100)}},
	"quorum limit -1":  {"quorum", amqp.Table{"x-delivery-limit": int32(-1)}},
}

func onEachKind(t *testing.T, test func(t *testing.T, b *testBroker, queue string)) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for name, k := range takenKinds {
			t.Run(name, func(t *testing.T) { test(t, b, b.queue(t, k.kind, k.arguments)) })
		}
	})
}

// mayRefuse skips the rest of a test where the policy refuses, which has tests of its own.
func mayRefuse(t *testing.T, err error) (refused bool) {
	t.Helper()
	if errors.Is(err, deadletter.ErrUnsafePeek) {
		t.Logf("refused: %v", err)
		return true
	}
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// TestRedriveAll takes more letters than one consumer may hold.
func TestRedriveAll(t *testing.T) {
	onEachKind(t, func(t *testing.T, b *testBroker, queue string) {
		target := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", 1100)...)
		a := open(t, b.lettersOf())
		_, letters, err := looked(t, a, deadletter.Peek{DLQ: queue})
		if mayRefuse(t, err) {
			b.holds(t, queue, numbered("letter", 0, 1100))
			return
		}
		r := begin(t, a, queue, positionsOf(letters))
		if r.Guarantee() != deadletter.AtLeastOnce {
			t.Error(r.Guarantee())
		}
		taken := all(t, r, 400, sendAll(t, r, target))
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if got := valuesOf(taken); !slices.Equal(got, numbered("letter", 0, 1100)) {
			t.Errorf("taken: %s", short(got))
		}
		b.holds(t, target, numbered("letter", 0, 1100))
		b.holds(t, queue, nil)
	})
}

// TestRedriveAfterALargePeek: letters that a peek has just given back are all found.
func TestRedriveAfterALargePeek(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		const many = 20_000
		queue, target := b.queue(t, "classic", nil), b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", many)...)
		a := open(t, b.lettersOf())
		var positions []adapters.Position
		err := a.Peek(t.Context(), deadletter.Peek{DLQ: queue}, func(part []deadletter.Delivery) error {
			positions = append(positions, positionsOf(part)...)
			return nil
		})
		if err != nil || len(positions) != many {
			t.Fatalf("%d letters, %v", len(positions), err)
		}
		r := begin(t, a, queue, positions)
		if taken := all(t, r, 500, sendAll(t, r, target)); len(taken) != many {
			t.Errorf("%d of %d letters were taken", len(taken), many)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestAutoDeleteQueues go with their consumer, so they are looked at without one, and
// nothing is taken from them.
func TestAutoDeleteQueues(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for _, durable := range []bool{true, false} {
			queue := unique("auto-delete")
			channel := b.channel(t)
			if _, err := channel.QueueDeclare(queue, durable, true, false, false, nil); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _, _ = b.channel(t).QueueDelete(queue, false, false, false) })
			b.publish(t, "", queue, bodies("letter", 3)...)
			unmanaged := b.lettersOf()
			unmanaged.Management = ""
			for _, config := range []Config{b.lettersOf(), unmanaged} {
				config.Write = true
				a := open(t, config)
				_, letters, err := looked(t, a, deadletter.Peek{DLQ: queue})
				if err != nil || len(letters) != 3 {
					t.Fatalf("%d letters, %v", len(letters), err)
				}
				if _, err := a.Redrive(t.Context(), deadletter.Order{DLQ: queue, Run: "run", Letters: positionsOf(letters)}); !errors.Is(err, deadletter.ErrUnsafePeek) {
					t.Errorf("redriven: %v", err)
				}
			}
			b.holds(t, queue, numbered("letter", 0, 3))
		}
	})
}

// TestRedriveSome: what was not selected stays, in its order, whatever was looked at and
// redriven before.
func TestRedriveSome(t *testing.T) {
	onEachKind(t, func(t *testing.T, b *testBroker, queue string) {
		target := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", 60)...)
		a := open(t, b.lettersOf())
		_, letters, err := looked(t, a, deadletter.Peek{DLQ: queue})
		if mayRefuse(t, err) {
			return
		}
		left := numbered("letter", 0, 60)
		var moved []string
		for round, selected := range [][]int{{3, 4, 5}, {0, 59}, {20}} {
			var positions []adapters.Position
			for _, i := range selected {
				positions = append(positions, letters[i].Position)
				moved = append(moved, string(letters[i].Value))
				left = slices.DeleteFunc(left, func(value string) bool { return value == string(letters[i].Value) })
			}
			r := begin(t, a, queue, positions)
			send := sendAll(t, r, target)
			all(t, r, 7, func(part []deadletter.Delivery) {
				send(slices.DeleteFunc(part, func(h deadletter.Delivery) bool { return !slices.Contains(positions, h.Position) }))
			})
			if err := r.Close(); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		}
		b.holds(t, queue, left)
		b.holds(t, target, moved)
	})
}

// TestRedriveBehindManyOthers: letters that are not settled use up what a consumer may
// hold, and the selected ones lie behind more than that.
func TestRedriveBehindManyOthers(t *testing.T) {
	onEachKind(t, func(t *testing.T, b *testBroker, queue string) {
		target := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", 5100)...)
		a := open(t, b.lettersOf())
		positions := make([]adapters.Position, 100)
		for i := range positions {
			m := adapters.Message{Value: fmt.Appendf(nil, "letter %d", 5000+i), Properties: &adapters.Properties{RoutingKey: queue}}
			positions[i] = adapters.DigestPosition(queue, m.Digest())
		}
		r, err := a.Redrive(t.Context(), deadletter.Order{DLQ: queue, Run: "run", Letters: positions})
		if mayRefuse(t, err) {
			return
		}
		send := sendAll(t, r, target)
		taken := all(t, r, 256, func(part []deadletter.Delivery) {
			send(slices.DeleteFunc(slices.Clone(part), func(h deadletter.Delivery) bool { return !slices.Contains(positions, h.Position) }))
		})
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if got := valuesOf(taken); !slices.Equal(got, numbered("letter", 0, 5100)) {
			t.Errorf("taken: %s", short(got))
		}
		b.holds(t, target, numbered("letter", 5000, 5100))
		b.holds(t, queue, numbered("letter", 0, 5000))
	})
}

// TestRedriveEqualLetters: equal letters share a position, and an order is a multiset.
func TestRedriveEqualLetters(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue, target := b.queue(t, "classic", nil), b.queue(t, "classic", nil)
		b.publish(t, "", queue, amqp.Publishing{Body: []byte("same")}, amqp.Publishing{Body: []byte("same")}, amqp.Publishing{Body: []byte("other")}, amqp.Publishing{Body: []byte("same")})
		a := open(t, b.lettersOf())
		_, letters, err := looked(t, a, deadletter.Peek{DLQ: queue})
		if err != nil || letters[0].Position != letters[3].Position || letters[0].Handle == letters[3].Handle {
			t.Fatal(letters, err)
		}
		r := begin(t, a, queue, []adapters.Position{letters[0].Position, letters[0].Position})
		taken := all(t, r, 10, sendAll(t, r, target))
		if got := valuesOf(taken); !slices.Equal(got, []string{"same", "same"}) {
			t.Errorf("%q", got)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		b.holds(t, queue, []string{"other", "same"})
		b.holds(t, target, []string{"same", "same"})
	})
}

// TestRedriveOfWhatIsGone ends when the queue is empty, and gives back what it met.
func TestRedriveOfWhatIsGone(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", 5)...)
		r := begin(t, open(t, b.lettersOf()), queue, []adapters.Position{adapters.DigestPosition(queue, 1)})
		if taken := all(t, r, 10, nil); len(taken) != 5 {
			t.Errorf("%d letters", len(taken))
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		b.holds(t, queue, numbered("letter", 0, 5))
	})
}

func TestSendOutcomes(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue, target := b.queue(t, "classic", nil), b.queue(t, "classic", nil)
		full := b.queue(t, "classic", amqp.Table{"x-max-length": int32(1), "x-overflow": "reject-publish"})
		b.publish(t, "", full, bodies("full", 1)...)
		b.publish(t, "", queue, bodies("letter", 40)...)
		a := open(t, b.lettersOf())
		_, letters, err := looked(t, a, deadletter.Peek{DLQ: queue})
		if err != nil {
			t.Fatal(err)
		}
		r := begin(t, a, queue, positionsOf(letters))
		part, err := r.Next(t.Context(), 40)
		if err != nil || len(part) != 40 {
			t.Fatal(len(part), err)
		}
		targets := []deadletter.Target{deadletter.Routed("", target), deadletter.Routed("", unique("nowhere")), deadletter.Routed(unique("none"), "k"), deadletter.Routed("", full), ""}
		copies := make([]deadletter.Copy, len(part))
		for i := range part {
			copies[i] = deadletter.Copy{Of: &part[i], To: targets[i%len(targets)]}
		}
		copies[5].Add = []adapters.Header{{Name: string(make([]byte, 300))}}
		outcomes, err := r.Send(t.Context(), copies, nil)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var settle []deadletter.Delivery
		for i, outcome := range outcomes {
			kinds := []error{nil, deadletter.ErrUnroutable, adapters.ErrUnknownDestination, nil, adapters.ErrUsage}
			switch want := kinds[i%len(kinds)]; {
			case i == 5:
				if !errors.Is(outcome, adapters.ErrTooLarge) {
					t.Errorf("copy %d: %v", i, outcome)
				}
			case i%len(kinds) == 3:
				if outcome == nil {
					t.Errorf("copy %d was taken by a full queue", i)
				}
			case !errors.Is(outcome, want) || want == nil && outcome != nil:
				t.Errorf("copy %d: %v, want %v", i, outcome, want)
			}
			if outcome == nil {
				settle = append(settle, part[i])
			} else if i < 6 {
				t.Log(outcome)
			}
		}
		if err := r.Acknowledge(t.Context(), settle); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if got := b.contents(t, target); len(got) != len(settle) || len(settle) != 7 {
			t.Errorf("%d arrived, %d were settled", len(got), len(settle))
		}
		if left := b.contents(t, queue); len(left) != 40-len(settle) || !slices.IsSortedFunc(left, func(x, y amqp.Delivery) int { return numberIn(x) - numberIn(y) }) {
			t.Errorf("left: %q", bodiesOf(left))
		}
	})
}

func numberIn(d amqp.Delivery) (n int) {
	_, _ = fmt.Sscanf(string(d.Body), "letter %d", &n)
	return n
}

// TestAllUnroutable: not one copy of many that go nowhere looks delivered.
func TestAllUnroutable(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		p, err := open(t, b.lettersOf()).Publisher(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		target := b.queue(t, "classic", nil)
		copies := make([]deadletter.Copy, 5000)
		for i := range copies {
			m := adapters.Message{Value: fmt.Appendf(nil, "letter %d", i/2), Headers: []adapters.Header{{Name: "n", Structured: int64(i % 3)}}}
			copies[i] = deadletter.Copy{Message: &m, To: deadletter.Routed("", "nowhere"), Add: []adapters.Header{{Name: "a", Value: []byte("b")}, {Name: "bin", Value: []byte{0xff}}}}
			if i%100 == 0 {
				copies[i].To = deadletter.Routed("", target)
			}
		}
		outcomes, err := p.Send(t.Context(), copies, nil)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, outcome := range outcomes {
			if errors.Is(outcome, deadletter.ErrUnroutable) == (i%100 == 0) {
				t.Fatalf("copy %d: %v", i, outcome)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if got := b.contents(t, target); len(got) != 50 {
			t.Errorf("%d arrived", len(got))
		}
	})
}

func TestRedriveIsExclusive(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		for _, kind := range []string{"classic", "quorum"} {
			arguments := amqp.Table{}
			if kind == "quorum" {
				arguments["x-delivery-limit"] = int32(100)
			}
			queue := b.queue(t, kind, arguments)
			b.publish(t, "", queue, bodies("letter", 5)...)
			a := open(t, b.lettersOf())
			order := deadletter.Order{DLQ: queue, Letters: make([]adapters.Position, 5)}
			r := begin(t, a, queue, order.Letters)
			if _, err := open(t, b.lettersOf()).Redrive(t.Context(), order); !errors.Is(err, adapters.ErrBusy) {
				t.Errorf("%s: a second redrive: %v", kind, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			channel := b.channel(t)
			if _, err := channel.Consume(queue, "", false, false, false, false, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Redrive(t.Context(), order); !errors.Is(err, adapters.ErrBusy) {
				t.Errorf("%s: beside a consumer: %v", kind, err)
			}
		}
	})
}

func TestReadOnly(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue := b.queue(t, "classic", nil)
		b.publish(t, "", queue, bodies("letter", 1)...)
		c := b.lettersOf()
		c.Write = false
		a := open(t, c)
		if _, err := a.Redrive(t.Context(), deadletter.Order{DLQ: queue}); !errors.Is(err, adapters.ErrReadOnly) {
			t.Error(err)
		}
		if _, err := a.Publisher(t.Context()); !errors.Is(err, adapters.ErrReadOnly) {
			t.Error(err)
		}
		if _, err := a.Ledger(t.Context(), deadletter.LedgerQuery{}, nil); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
		if err := a.Run(t.Context(), adapters.End, nil); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
		d := b.contents(t, queue)
		if len(d) != 1 || d[0].Redelivered {
			t.Errorf("%+v", d)
		}
	})
}

// TestCopyKeepsTypes: a copy is the letter with the changes asked for, and no other.
func TestCopyKeepsTypes(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		queue, target := b.queue(t, "classic", nil), b.queue(t, "quorum", nil)
		table := amqp.Table{
			"int8": int8(-8), "int16": int16(-16), "int32": int32(-32), "int64": int64(1) << 60, "uint8": uint8(200), "float32": float32(1.5), "float64": 2.5,
			"decimal": amqp.Decimal{Scale: 2, Value: 12995}, "when": time.Unix(1_700_000_000, 0), "bool": true, "text": "päivää", "bytes": []byte{0, 255},
			"void": nil, "list": []any{int32(1), "two", amqp.Table{"three": int16(3)}}, "table": amqp.Table{"deep": []any{int8(1)}},
		}
		headers := amqp.Table{"x-death": []any{amqp.Table{"count": int64(1)}}, "CC": []any{queue}}
		for name, value := range table {
			headers[name] = value
		}
		letter := amqp.Publishing{Headers: headers, ContentType: "application/json", ContentEncoding: "identity", DeliveryMode: 1, Priority: 3, CorrelationId: "c-1",
			ReplyTo: "r", MessageId: "m-1", Timestamp: time.Unix(1_700_000_000, 0), Type: "OrderPlaced", UserId: "guest", AppId: "shop", Body: []byte(`{"n":1}`)}
		b.publish(t, "", queue, letter)
		a := open(t, b.lettersOf())
		deadThere := len(peeksOf(t, a, queue))
		r := begin(t, a, queue, make([]adapters.Position, deadThere))
		part, err := r.Next(t.Context(), 1)
		if err != nil || len(part) != 1 {
			t.Fatal(part, err)
		}
		line, err := a.Encode(nil, &part[0])
		if err != nil {
			t.Fatal(err)
		}
		change := deadletter.Copy{To: deadletter.Routed("", target), Remove: []string{"x-death"}, Add: []adapters.Header{{Name: "x-replay-id", Value: []byte("run")}}}
		first, second, third, fourth := change, change, change, change
		first.Of, second.Original, third.Message = &part[0], line, &part[0].Message
		fourth.Of, fourth.Value, fourth.MessageID = &part[0], []byte("edited"), "m-2"
		outcomes, err := r.Send(t.Context(), []deadletter.Copy{first, second, third, fourth}, nil)(t.Context())
		if err != nil || errors.Join(outcomes...) != nil {
			t.Fatal(outcomes, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		want := amqp.Table{"x-replay-id": "run"}
		for name, value := range table {
			want[name] = value
		}
		got := b.contents(t, target)
		if len(got) != 4 {
			t.Fatalf("%d copies", len(got))
		}
		for i, d := range got {
			delete(d.Headers, "x-delivery-count") // the target's own
			wantBody, wantID := `{"n":1}`, "m-1"
			if i == 3 {
				wantBody, wantID = "edited", "m-2"
			}
			if d.ContentType != "application/json" || d.ContentEncoding != "identity" || d.DeliveryMode != 1 || d.Priority != 3 || d.CorrelationId != "c-1" || d.ReplyTo != "r" ||
				d.MessageId != wantID || !d.Timestamp.Equal(letter.Timestamp) || d.Type != "OrderPlaced" || d.UserId != "" || d.AppId != "shop" || string(d.Body) != wantBody {
				t.Errorf("copy %d: %+v", i, d)
			}
			if i == 2 {
				continue // of a message, which has no exact types
			}
			if diff := cmp.Diff(want, d.Headers, cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0)); diff != "" {
				t.Errorf("copy %d: %s", i, diff)
			}
		}
	})
}

func peeksOf(t *testing.T, a *Adapter, queue string) []deadletter.Delivery {
	t.Helper()
	_, letters, err := looked(t, a, deadletter.Peek{DLQ: queue})
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

// TestRedriveOfStream: letters of a stream are copied and stay.
func TestRedriveOfStream(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		stream, target := b.queue(t, "stream", nil), b.queue(t, "classic", nil)
		b.publish(t, "", stream, bodies("letter", 700)...)
		c := b.lettersOf()
		c.Streams = []string{stream}
		a := open(t, c)
		letters := peeksOf(t, a, stream)
		if len(letters) != 700 || letters[699].Position.Offset != 699 {
			t.Fatalf("%d letters", len(letters))
		}
		if _, err := a.Encode(nil, &letters[0]); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
		r := begin(t, a, stream, []adapters.Position{letters[650].Position, letters[3].Position, letters[4].Position})
		all(t, r, 2, sendAll(t, r, target))
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		b.holds(t, target, []string{"letter 3", "letter 4", "letter 650"})
		if got := peeksOf(t, a, stream); len(got) != 700 {
			t.Errorf("%d letters are left", len(got))
		}
	})
}
