package aws

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
)

// letters opens queues for their letters, for writing.
func (p *place) letters(t testing.TB, names ...string) deadletter.Queues {
	t.Helper()
	source := p.open(t, func(c *Config) { c.Names, c.Purpose, c.Write = names, driver.ToInspect, true })
	t.Cleanup(func() { _ = source.Close() })
	return source.DeadLetters
}

func peek(t testing.TB, letters deadletter.Queues, dlq string) []deadletter.Delivery {
	t.Helper()
	all, err := peekSome(t, letters, dlq)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// peekSome is peek where something may be missing.
func peekSome(t testing.TB, letters deadletter.Queues, dlq string) (some []deadletter.Delivery, err error) {
	t.Helper()
	err = letters.Peek(t.Context(), deadletter.Peek{DLQ: dlq}, func(part []deadletter.Delivery) error {
		some = append(some, part...)
		return nil
	})
	return some, err
}

func redriveAll(t testing.TB, letters deadletter.Queues, dlq string, wanted []deadletter.Delivery) deadletter.Redrive {
	t.Helper()
	order := deadletter.Order{DLQ: dlq, Run: "run-1"}
	for i := range wanted {
		order.Letters = append(order.Letters, wanted[i].Position)
	}
	r, err := letters.Redrive(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func bodies(letters []deadletter.Delivery) (all []string) {
	for i := range letters {
		all = append(all, string(letters[i].Value))
	}
	slices.Sort(all)
	return all
}

// die lets messages of a queue die as they do: by being received too often.
func (p *place) die(t testing.TB, origin, dead string, n int64) {
	t.Helper()
	url, err := p.client.QueueURL(t.Context(), origin)
	if err != nil {
		t.Fatal(err)
	}
	adaptertest.Await(t, "deaths", func() bool {
		for _, m := range p.receive(t, url, 60, 10) {
			if _, err := p.client.SQS.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
		q, err := p.client.Queue(t.Context(), dead)
		return err == nil && q.Visible == n
	})
}

// TestALetterKnowsWhereItDied: the origin comes from SQS itself, and that SQS had handed it out
// before it died is no look.
func TestALetterKnowsWhereItDied(t *testing.T) {
	for _, p := range []*place{localStack(t), elasticMQ(t)} {
		origin, dead := p.buried(t, "", 2)
		p.send(t, origin, adapters.Message{Value: []byte("one")}, adapters.Message{Value: []byte("two")})
		p.die(t, origin, dead, 2)
		letters := p.letters(t, dead)
		dlqs, err := letters.DLQs(t.Context())
		if err != nil || len(dlqs) != 1 || !dlqs[0].Configured || !slices.Equal(dlqs[0].Sources, []string{origin}) || dlqs[0].Unsafe != nil {
			t.Fatalf("%+v, %v", dlqs, err)
		}
		for i, redelivered := range []bool{false, true} {
			for _, letter := range peek(t, letters, dead) {
				source, _ := letter.Header("DeadLetterQueueSourceArn")
				if !strings.HasSuffix(string(source), ":"+origin) || letter.Redelivered != redelivered {
					t.Errorf("look %d: it died at %s, handed out before: %v", i, source, letter.Redelivered)
				}
			}
		}
	}
}

// TestOnlyDeadLettersAreLookedAt: whatever a look could move on, or block.
func TestOnlyDeadLettersAreLookedAt(t *testing.T) {
	p := localStack(t)
	origin, dead := p.buried(t, "", 3)
	fifo, named, busy := p.name("-dlq.fifo"), p.name("-dlq"), p.name("-dlq")
	for _, name := range []string{fifo, named} {
		p.queue(t, name, nil)
		p.send(t, name, adapters.Message{Value: []byte("letter")})
	}
	busyURL := p.queue(t, busy, nil)
	p.send(t, busy, adapters.Message{Value: []byte("letter")})
	p.receive(t, busyURL, 60, 1)
	work := p.name("-work")
	p.queue(t, work, nil)
	for name, want := range map[string]string{dead: "", named: "", origin: "after 3 receives it moves", fifo: "its consumers are given none", busy: "somebody consumes it", work: "a consumer that starts"} {
		letters := p.letters(t, name)
		err := letters.Peek(t.Context(), deadletter.Peek{DLQ: name}, func([]deadletter.Delivery) error { return nil })
		dlqs, listErr := letters.DLQs(t.Context())
		if listErr != nil || len(dlqs) != 1 || (dlqs[0].Unsafe == nil) != (want == "") {
			t.Errorf("%s is listed as %+v, %v", name, dlqs, listErr)
		}
		if want == "" && err != nil || want != "" && (!errors.Is(err, deadletter.ErrUnsafePeek) || !strings.Contains(err.Error(), want)) {
			t.Errorf("a look at %s: %v, want %q", name, err, want)
		}
		if want == "" {
			continue
		}
		if _, err := letters.Redrive(t.Context(), deadletter.Order{DLQ: name, Run: "run-1"}); !errors.Is(err, deadletter.ErrUnsafePeek) {
			t.Errorf("a redrive of %s: %v", name, err)
		}
	}
}

// TestAMoveThatRunsIsLeftAlone: SQS moves letters away by itself.
func TestAMoveThatRunsIsLeftAlone(t *testing.T) {
	p := localStack(t)
	_, dead := p.buried(t, "", 3)
	p.send(t, dead, slices.Repeat([]adapters.Message{{Value: []byte("letter")}}, 30)...)
	q, err := p.client.Queue(t.Context(), dead)
	if err != nil {
		t.Fatal(err)
	}
	target := p.name("-target")
	p.queue(t, target, nil)
	to, err := p.client.Queue(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	task, err := p.client.SQS.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: sdk.String(q.ARN.String()), DestinationArn: sdk.String(to.ARN.String()), MaxNumberOfMessagesPerSecond: sdk.Int32(1)})
	if err != nil {
		t.Fatal(err)
	}
	letters := p.letters(t, dead)
	if err := letters.Peek(t.Context(), deadletter.Peek{DLQ: dead}, nil); !errors.Is(err, adapters.ErrBusy) || !strings.Contains(err.Error(), "moving them away") {
		t.Errorf("a look meanwhile: %v", err)
	}
	if _, err := letters.Redrive(t.Context(), deadletter.Order{DLQ: dead, Run: "run-1"}); !errors.Is(err, adapters.ErrBusy) {
		t.Errorf("a redrive meanwhile: %v", err)
	}
	if _, err := p.client.SQS.CancelMessageMoveTask(t.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: task.TaskHandle}); err != nil {
		t.Fatal(err)
	}
}

// TestHeldLettersStayHeld for longer than one time-out of the queue, and come back when the redrive
// ends.
func TestHeldLettersStayHeld(t *testing.T) {
	for _, p := range []*place{localStack(t), elasticMQ(t)} {
		_, dead := p.buried(t, "", 3)
		p.send(t, dead, adapters.Message{Value: []byte("one")}, adapters.Message{Value: []byte("two")})
		letters := p.letters(t, dead)
		r := redriveAll(t, letters, dead, peek(t, letters, dead))
		held, err := r.Next(t.Context(), 2)
		if err != nil || len(held) != 2 {
			t.Fatal(held, err)
		}
		url, err := p.client.QueueURL(t.Context(), dead)
		if err != nil {
			t.Fatal(err)
		}
		began, hold := time.Now(), p.config().hold
		adaptertest.Await(t, "two time-outs", func() bool {
			if came := p.receive(t, url, 60, 10); len(came) > 0 {
				t.Fatalf("after %v others are given %d of what is held", time.Since(began), len(came))
			}
			return time.Since(began) > 2*hold
		})
		if r.Overdue() {
			t.Error("what is renewed is overdue")
		}
		if err := r.Acknowledge(t.Context(), held[:1]); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if left := peek(t, letters, dead); len(left) != 1 || left[0].Position != held[1].Position {
			t.Errorf("left are %q", bodies(left))
		}
	}
}

// TestSeveralRedrivesShareTheLetters: none is given to two.
func TestSeveralRedrivesShareTheLetters(t *testing.T) {
	p := localStack(t)
	_, dead := p.buried(t, "", 3)
	var sent []adapters.Message
	for i := range 30 {
		sent = append(sent, adapters.Message{Value: fmt.Appendf(nil, "letter %d", i)})
	}
	p.send(t, dead, sent...)
	letters := p.letters(t, dead)
	all := peek(t, letters, dead)
	one, two := redriveAll(t, letters, dead, all), redriveAll(t, p.letters(t, dead), dead, all)
	seen := map[adapters.Position]int{}
	for _, r := range []deadletter.Redrive{one, two, one, two} {
		held, err := r.Next(t.Context(), 5)
		if err != nil {
			t.Fatal(err)
		}
		for i := range held {
			seen[held[i].Position]++
		}
	}
	for position, times := range seen {
		if times > 1 {
			t.Errorf("%v was given out %d times", position, times)
		}
	}
	if len(seen) != 20 {
		t.Errorf("given out were %d letters, want 20", len(seen))
	}
}

// TestAGroupIsSettledTenByTen: of a group of a queue that keeps order nothing more comes while some
// of it are held, and the order is kept.
func TestAGroupIsSettledTenByTen(t *testing.T) {
	for _, p := range []*place{localStack(t), elasticMQ(t)} {
		_, dead := p.buried(t, ".fifo", 3)
		var sent []adapters.Message
		for i := range 12 {
			sent = append(sent, adapters.Message{Key: []byte("g"), Value: fmt.Appendf(nil, "letter %02d", i)})
		}
		p.send(t, dead, sent...)
		target := p.name("-target.fifo")
		p.queue(t, target, nil)
		letters := p.letters(t, dead)
		for _, want := range []int{10, 2} {
			seen, err := peekSome(t, letters, dead)
			if len(seen) != want || errors.Is(err, adapters.ErrIncomplete) != (want == 10) || err != nil && want != 10 {
				t.Fatalf("a look sees %d of the group, want %d: %v", len(seen), want, err)
			}
			r := redriveAll(t, letters, dead, seen)
			held, err := r.Next(t.Context(), want)
			if err != nil || len(held) != want {
				t.Fatalf("%d come of %d, %v", len(held), want, err)
			}
			var copies []deadletter.Copy
			for i := range held {
				copies = append(copies, deadletter.Copy{Of: &held[i], To: deadletter.Target(target), Add: []adapters.Header{{Name: "x-replay-id", Value: fmt.Appendf(nil, "r-%s", held[i].Value)}}})
			}
			for range 2 { // as after a crash: the second is dropped
				outcomes, err := r.Send(t.Context(), copies, nil)(t.Context())
				if err := errors.Join(err, errors.Join(outcomes...)); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(r.Acknowledge(t.Context(), held), r.Close()); err != nil {
				t.Fatal(err)
			}
		}
		var came []string
		for _, m := range p.take(t, target) {
			if group := m.Attributes["MessageGroupId"]; group != "g" {
				t.Errorf("a copy is of group %q", group)
			}
			came = append(came, sdk.ToString(m.Body))
		}
		if len(came) != 12 || !slices.IsSorted(came) {
			t.Errorf("there came %q", came)
		}
	}
}

// TestMarksShareAnAttribute where there is no room for one each, and are read back as they were.
func TestMarksShareAnAttribute(t *testing.T) {
	p := elasticMQ(t)
	origin, dead := p.buried(t, "", 3)
	own := func(n int) (headers []adapters.Header) {
		for i := range n {
			headers = append(headers, adapters.Header{Name: fmt.Sprint("own-", i), Value: []byte("v")})
		}
		return headers
	}
	p.send(t, dead, adapters.Message{Value: []byte("few"), Headers: own(5)}, adapters.Message{Value: []byte("many"), Headers: own(9)}, adapters.Message{Value: []byte("full"), Headers: own(10)})
	letters := p.letters(t, dead)
	r := redriveAll(t, letters, dead, peek(t, letters, dead))
	held, err := r.Next(t.Context(), 3)
	if err != nil || len(held) != 3 {
		t.Fatal(held, err)
	}
	var copies []deadletter.Copy
	for i := range held {
		c := deadletter.Copy{Of: &held[i], To: deadletter.Target(origin)}
		for _, mark := range []string{"id", "count", "at", "by", "from"} {
			c.Add = append(c.Add, adapters.Header{Name: "x-replay-" + mark, Value: []byte("r")})
		}
		copies = append(copies, c)
	}
	outcomes, err := r.Send(t.Context(), copies, nil)(t.Context())
	if err := errors.Join(err, errors.Join(outcomes...)); err != nil {
		t.Fatal(err)
	}
	came := p.take(t, origin)
	for _, m := range came {
		want := map[string]int{"few": 10, "many": 10, "full": 10}[sdk.ToString(m.Body)]
		if _, shared := m.MessageAttributes["x-replay"]; len(m.MessageAttributes) != want || shared != (sdk.ToString(m.Body) == "many") {
			t.Errorf("%s has %d attributes, shared: %v", sdk.ToString(m.Body), len(m.MessageAttributes), shared)
		}
	}
	if len(came) != 3 {
		t.Errorf("%d came", len(came))
	}
}

// TestWhatSQSDoesNotTakeIsNotSent, and keeps nothing else from being sent.
func TestWhatSQSDoesNotTakeIsNotSent(t *testing.T) {
	for _, p := range []*place{localStack(t), elasticMQ(t)} {
		target, ordered := p.name("-target"), p.name("-target.fifo")
		p.queue(t, target, nil)
		p.queue(t, ordered, nil)
		publisher, err := p.letters(t, target).Publisher(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		message := func(value string, headers ...adapters.Header) *adapters.Message {
			return &adapters.Message{Value: []byte(value), Headers: headers}
		}
		refused := []deadletter.Copy{
			{Message: message(""), To: deadletter.Target(target)}, {Message: message("\x00"), To: deadletter.Target(target)},
			{Message: message(strings.Repeat("x", 1<<20+1)), To: deadletter.Target(target)}, {Message: message("no group"), To: deadletter.Target(ordered)},
			{Message: message("odd", adapters.Header{Name: "a b", Value: []byte("v")}), To: deadletter.Target(target)},
		}
		copies := append(refused, deadletter.Copy{Message: message("good", adapters.Header{Name: "raw", Value: []byte{0xff, 0}}), To: deadletter.Target(target)})
		outcomes, err := publisher.Send(t.Context(), copies, nil)(t.Context())
		if err != nil || len(outcomes) != len(copies) || outcomes[len(copies)-1] != nil || !errors.Is(outcomes[2], adapters.ErrTooLarge) {
			t.Fatalf("%v, %v", outcomes, err)
		}
		for i := range refused {
			if outcomes[i] == nil || errors.Is(outcomes[i], deadletter.ErrUnknownOutcome) {
				t.Errorf("copy %d: %v", i, outcomes[i])
			}
		}
		if came := p.take(t, target); len(came) != 1 || string(came[0].MessageAttributes["raw"].BinaryValue) != "\xff\x00" {
			t.Errorf("there came %v", came)
		}
	}
}

// TestTypesOfAttributesAreKept, by a copy and by what is preserved on disk.
func TestTypesOfAttributesAreKept(t *testing.T) {
	p := localStack(t)
	origin, dead := p.buried(t, "", 3)
	url, err := p.client.QueueURL(t.Context(), dead)
	if err != nil {
		t.Fatal(err)
	}
	attributes := map[string]types.MessageAttributeValue{
		"number": {DataType: sdk.String("Number.int"), StringValue: sdk.String("42")}, "bytes": {DataType: sdk.String("Binary.png"), BinaryValue: []byte{0, 255}},
	}
	trace := "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1"
	if _, err := p.client.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: sdk.String("letter"), MessageAttributes: attributes,
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: sdk.String("String"), StringValue: &trace}}}); err != nil {
		t.Fatal(err)
	}
	letters := p.letters(t, dead)
	var line []byte
	r := redriveAll(t, letters, dead, peek(t, letters, dead))
	held, err := r.Next(t.Context(), 1)
	if err != nil || len(held) != 1 {
		t.Fatal(held, err)
	}
	if line, err = letters.Encode(nil, &held[0]); err != nil {
		t.Fatal(err)
	}
	outcomes, err := r.Send(t.Context(), []deadletter.Copy{{Of: &held[0], To: deadletter.Target(origin)}, {Original: line, To: deadletter.Target(origin)}}, nil)(t.Context())
	if err := errors.Join(err, errors.Join(outcomes...)); err != nil {
		t.Fatal(err)
	}
	came := p.take(t, origin)
	for _, m := range came {
		if n, b := m.MessageAttributes["number"], m.MessageAttributes["bytes"]; sdk.ToString(n.DataType) != "Number.int" || sdk.ToString(b.DataType) != "Binary.png" || string(b.BinaryValue) != "\x00\xff" || m.Attributes["AWSTraceHeader"] != trace {
			t.Errorf("a copy has %+v and %v", m.MessageAttributes, m.Attributes)
		}
	}
	if len(came) != 2 {
		t.Errorf("%d came", len(came))
	}
}
