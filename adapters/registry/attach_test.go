package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/payload"
)

// history is a source with a history: the same batches each time.
type history struct{ batches [][]adapters.Message }

func (h *history) Run(ctx context.Context, _ adapters.Start, intake adapters.Intake) error {
	for _, messages := range h.batches {
		if err := intake.Put(ctx, &adapters.Batch{Messages: append([]adapters.Message{}, messages...)}); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) Scan(ctx context.Context, _ adapters.Range, intake adapters.Intake) error {
	return h.Run(ctx, adapters.Beginning, intake)
}

func (h *history) Fetch(_ context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for range positions {
			if !yield(h.batches[0][0], nil) {
				return
			}
		}
	}
}

// notes is a history of so many batches of a hundred values, whose ids go round.
func notes(batches int, ids ...byte) *history {
	h := &history{}
	for b := range batches {
		var messages []adapters.Message
		for i := range 100 {
			id := ids[(b*100+i)%len(ids)]
			messages = append(messages, adapters.Message{
				Position: adapters.Position{Destination: "orders", Offset: int64(b*100 + i)},
				Value:    []byte{0, 0, 0, 0, id, 4, 0x6f, 0x6b, 0},
			})
		}
		h.batches = append(h.batches, messages)
	}
	return h
}

const noteSchema = `{"type":"record","name":"Note","fields":[{"name":"text","type":"string"},{"name":"n","type":"int"}]}`

func attached(t *testing.T, c Config, h *history) *driver.Source {
	t.Helper()
	r, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	s := &driver.Source{Tailer: h, Scanner: h, Fetcher: h, Status: func() adapters.Status { return adapters.Status{} }, Close: func() error { return nil }}
	r.Attach(s)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// read reads the history of a source to its end and counts what could be read of it.
func read(t *testing.T, s *driver.Source) (all, decoded int) {
	t.Helper()
	return counted(t, func(intake adapters.Intake) error { return s.Scan(t.Context(), adapters.Range{}, intake) })
}

// follow is read for who follows a source, and waits for nothing.
func follow(t *testing.T, s *driver.Source) (all, decoded int) {
	t.Helper()
	return counted(t, func(intake adapters.Intake) error { return s.Run(t.Context(), adapters.Beginning, intake) })
}

func counted(t *testing.T, reading func(adapters.Intake) error) (all, decoded int) {
	t.Helper()
	seen := map[int64]bool{}
	err := reading(adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		for i := range batch.Messages {
			m := &batch.Messages[i]
			if seen[m.Position.Offset] {
				t.Errorf("offset %d came twice", m.Position.Offset)
			}
			seen[m.Position.Offset] = true
			if d := payload.Decode(m, 0); d.Reader != "" {
				decoded++
			}
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return len(seen), decoded
}

// TestManyEventsAskForEachSchemaOnce: as often as there are schemas.
func TestManyEventsAskForEachSchemaOnce(t *testing.T) {
	there := newRegistry(t, map[string]any{"/schemas/ids/1": schema(noteSchema), "/schemas/ids/2": schema(noteSchema), "/schemas/ids/3": schema(noteSchema)})
	s := attached(t, Config{URLs: []string{there.URL}}, notes(1000, 1, 2, 3))
	err := s.Scan(t.Context(), adapters.Range{}, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		for i := range batch.Messages {
			if d := payload.Decode(&batch.Messages[i], 0); d.Reader != "Note" || string(d.Data) != `{"text":"ok","n":0}` {
				t.Fatalf("%+v", d)
			}
		}
		return nil
	}))
	if err != nil || there.asked.Load() != 3 {
		t.Errorf("asked %d times, %v", there.asked.Load(), err)
	}
	if problems := s.Status().Problems; len(problems) > 0 {
		t.Error(problems)
	}
	if s.Schemas.(*Registry).asking.Wait(); there.all.Load() > 9 {
		t.Errorf("the registry had %d questions", there.all.Load())
	}
	for m, err := range s.Fetch(t.Context(), []adapters.Position{{}}) {
		if d := payload.Decode(&m, 0); err != nil || d.Reader != "Note" {
			t.Errorf("read again: %+v, %v", d, err)
		}
	}
}

// TestARegistryThatFailsHoldsNothingUp: every event comes, once, with the reason why it is not
// read.
func TestARegistryThatFailsHoldsNothingUp(t *testing.T) {
	for name, c := range map[string]struct {
		answer any
		says   string
	}{
		"refuses the login": {401, "refuses the login"},
		"is asked too much": {answerWith(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(429)
		}), "not able to answer now"},
		"is a login page":     {answerWith(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }), "no schema registry"},
		"answers without end": {answerWith(endless), "8 MiB"},
		"does not know it":    {nil, "no such schema"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]any{}
			if c.answer != nil {
				answers["/schemas/ids/1"] = c.answer
			}
			there := newRegistry(t, answers)
			s := attached(t, Config{URLs: []string{there.URL}}, notes(50, 1))
			if all, decoded := read(t, s); all != 5000 || decoded != 0 {
				t.Errorf("%d events, %d of them read", all, decoded)
			}
			if problems := s.Status().Problems; len(problems) != 1 || !strings.Contains(problems[0], c.says) || !strings.Contains(problems[0], "id 1") {
				t.Errorf("%q", problems)
			}
			if asked := there.asked.Load(); asked > 3 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

// TestARegistryThatHangs holds the first events up for a moment, and no others.
func TestARegistryThatHangs(t *testing.T) {
	release := make(chan struct{})
	var asked atomic.Int64
	there := newRegistry(t, map[string]any{})
	there.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		<-release
		_ = json.NewEncoder(w).Encode(schema(noteSchema))
	})
	ids := []byte{}
	for id := byte(1); id <= 60; id++ {
		ids = append(ids, id)
	}
	s := attached(t, Config{URLs: []string{there.URL}}, notes(60, ids...))
	if all, decoded := follow(t, s); all != 6000 || decoded != 0 {
		t.Errorf("%d events, %d of them read", all, decoded)
	}
	r := s.Schemas.(*Registry)
	if !r.late.Load() || asked.Load() > maxAtOnce {
		t.Errorf("late %v, asked %d times at once", r.late.Load(), asked.Load())
	}
	if problems := s.Status().Problems; len(problems) != mostTold+1 || !strings.Contains(problems[0], "not answered in time") {
		t.Errorf("%q", problems)
	}
	close(release)
	if got, err := r.Schema(t.Context(), id(1)); err != nil || got.Name != "Note" || r.late.Load() {
		t.Errorf("%v, %v, late %v", got, err, r.late.Load())
	}
	if m := notes(1, 1).batches[0][0]; true {
		m.Schemas = r
		if d := payload.Decode(&m, 0); d.Reader != "Note" {
			t.Errorf("looked at later: %+v", d)
		}
	}
}

// TestADestinationOfNumbers is one whose values begin with zeros: it does not keep the schemas of
// others from being asked for, and is given up.
func TestADestinationOfNumbers(t *testing.T) {
	var s strangers
	s.of = map[string]*stranger{}
	for range mostAsked {
		if why := s.refuse("numbers"); why != nil {
			t.Fatal(why)
		}
		s.asked("numbers")
	}
	if s.refuse("numbers") == nil || s.refuse("orders") != nil {
		t.Error("one destination takes the room of others")
	}
	for range mostStrangers {
		s.answered("numbers", true)
	}
	if s.refuse("numbers") == nil || s.refuse("orders") != nil {
		t.Error("numbers are still asked for")
	}
}

// TestASchemaSaysWhereItIs: of several subjects the one of the destination, and no message waits for it.
func TestASchemaSaysWhereItIs(t *testing.T) {
	there := newRegistry(t, map[string]any{"/schemas/ids/1": schema(noteSchema), "/schemas/ids/1/versions": []any{
		map[string]any{"subject": "other-value", "version": 9}, map[string]any{"subject": "x-Note", "version": 8}, map[string]any{"subject": "orders-value", "version": 3},
	}})
	r := open(t, Config{URLs: []string{there.URL}})
	if _, err := r.Find("orders", id(1)); err == nil {
		t.Fatal("it was known at once")
	}
	got, err := r.Schema(t.Context(), id(1))
	if err != nil {
		t.Fatal(err)
	}
	if got.Title() != "orders-value v3" {
		t.Errorf("it is %s", got.Title())
	}
}

// TestWhatIsNotReadIsCountedAndNamed, each schema once, by its own name and with its number.
func TestWhatIsNotReadIsCountedAndNamed(t *testing.T) {
	there := newRegistry(t, map[string]any{"/schemas/ids/1": 503, "/schemas/ids/2": 503, "/schemas/ids/3": 503})
	s := attached(t, Config{URLs: []string{there.URL}}, notes(30, 1, 2, 3))
	if all, decoded := read(t, s); all != 3000 || decoded != 0 {
		t.Errorf("%d came, %d decoded", all, decoded)
	}
	status := s.Status()
	if len(status.Problems) != 3 || len(status.Unread) != 3 {
		t.Fatalf("%q, %v", status.Problems, status.Unread)
	}
	for _, problem := range status.Problems {
		if what, _, _ := strings.Cut(problem, ":"); status.Unread[what] != 1000 || strings.Count(problem, " id ") != 1 {
			t.Errorf("%d: %s", status.Unread[what], problem)
		}
	}
	if asked := there.asked.Load(); asked > 3 {
		t.Errorf("the registry was asked %d times", asked)
	}
}

// TestMisfitsAreCounted: one value of a hundred is not what its schema says, and the others are
// read.
func TestMisfitsAreCounted(t *testing.T) {
	there := newRegistry(t, map[string]any{"/schemas/ids/1": schema(noteSchema)})
	h := notes(10, 1)
	for _, batch := range h.batches {
		batch[50].Value = append(batch[50].Value, 0)
	}
	s := attached(t, Config{URLs: []string{there.URL}}, h)
	if all, decoded := read(t, s); all != 1000 || decoded != 990 {
		t.Errorf("%d came, %d decoded", all, decoded)
	}
	status := s.Status()
	if len(status.Unread) != 1 || status.Unread["values of schema 1 do not fit it"] != 10 {
		t.Errorf("%+v", status.Unread)
	}
	if len(status.Problems) != 1 || !strings.HasSuffix(status.Problems[0], "the first at orders/0@50: the value ends, and 1 bytes follow at byte 4") {
		t.Errorf("%q", status.Problems)
	}
}

// TestAMisfitIsCountedOnce, although its message is looked at again since the schema of its key is new.
func TestAMisfitIsCountedOnce(t *testing.T) {
	there := newRegistry(t, map[string]any{"/schemas/ids/1": schema(noteSchema), "/schemas/ids/2": schema(noteSchema)})
	h := notes(2, 1)
	m := &h.batches[1][50]
	m.Key, m.Value = []byte{0, 0, 0, 0, 2, 4, 0x6f, 0x6b, 0}, append(m.Value, 0)
	s := attached(t, Config{URLs: []string{there.URL}}, h)
	misfits := 0
	if err := s.Scan(t.Context(), adapters.Range{}, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		for i := range batch.Messages {
			if batch.Messages[i].Misfit {
				misfits++
			}
		}
		return nil
	})); err != nil || misfits != 1 {
		t.Errorf("%d do not fit, %v", misfits, err)
	}
	if status := s.Status(); status.Unread["values of schema 1 do not fit it"] != 1 {
		t.Errorf("%+v", status.Unread)
	}
}

// TestWhatLacksItsSchemaSaysSo while it may come, and is no longer counted once it was read again.
func TestWhatLacksItsSchemaSaysSo(t *testing.T) {
	there := newRegistry(t, map[string]any{"/schemas/ids/2": schema(`{"type":"nothing"}`)})
	h := notes(1, 1, 2)
	h.batches[0][5].Value, h.batches[0][5].Key = []byte("{}"), h.batches[0][0].Value // whose key names the first
	s := attached(t, Config{URLs: []string{there.URL}}, h)
	lacking := 0
	err := s.Scan(t.Context(), adapters.Range{}, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		for i := range batch.Messages {
			if m := &batch.Messages[i]; m.Lacking {
				lacking++
				if m.Lacking != (i%2 == 0 || i == 5) {
					t.Errorf("message %d lacks its schema", i)
				}
			}
		}
		return nil
	}))
	if err != nil || lacking != 51 {
		t.Fatalf("%d lack their schema, %v", lacking, err)
	}
	r := s.Schemas.(*Registry)
	const what = "values that name the schema of id 1 were not read when they came"
	if r.ReadAgain(id(1), 20); s.Status().Unread[what] != 30 {
		t.Errorf("%v", s.Status().Unread)
	}
	r.GivenUp(id(1), "some were gone")
	if problems := strings.Join(s.Status().Problems, "\n"); !strings.Contains(problems, what) || !strings.Contains(problems, "; some were gone") {
		t.Error(problems)
	}
	if r.ReadAgain(id(1), 30); len(s.Status().Unread) != 1 || len(s.Status().Problems) != 1 {
		t.Errorf("all was read again, and there is %v: %v", s.Status().Unread, s.Status().Problems)
	}
	r.ReadAgain(id(9), 5) // of which nothing was counted
}

// TestJSONThatDoesNotFitIsCounted: of the values that are looked at, all of which are read.
func TestJSONThatDoesNotFitIsCounted(t *testing.T) {
	answer := schema(`{"type":"object","properties":{"total":{"type":"number"}}}`)
	answer["schemaType"] = "JSON"
	there := newRegistry(t, map[string]any{"/schemas/ids/1": answer})
	h := notes(1, 1)
	for i := range h.batches[0] {
		h.batches[0][i].Value = []byte("\x00\x00\x00\x00\x01{\"total\":1}")
		if i == 7 || i == 90 { // of which one is looked at
			h.batches[0][i].Value = []byte("\x00\x00\x00\x00\x01{\"total\":\"s3cr3t\"}")
		}
	}
	s := attached(t, Config{URLs: []string{there.URL}}, h)
	misfits := 0
	err := s.Scan(t.Context(), adapters.Range{}, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		for i := range batch.Messages {
			if m := &batch.Messages[i]; m.Misfit {
				misfits++
			}
			claims, err := payload.Fit(&batch.Messages[i])
			if d := payload.Decode(&batch.Messages[i], 0); d.Format != payload.JSON || !claims || (err != nil) != (i == 7 || i == 90) {
				t.Errorf("message %d: %v, %v, %v", i, d.Format, claims, err)
			}
		}
		return nil
	}))
	if err != nil || misfits != 1 {
		t.Errorf("%d do not fit, %v", misfits, err)
	}
	status := s.Status()
	if len(status.Unread) != 1 || status.Unread["values of schema 1 do not fit it"] != 1 || !strings.HasSuffix(status.Problems[0], "the first at orders/0@7: got string, want number at total") {
		t.Errorf("%v, %q", status.Unread, status.Problems)
	}
}

// TestValuesThatAreCompressedOrEmptyAreNoMisfits, whatever their schema is.
func TestValuesThatAreCompressedOrEmptyAreNoMisfits(t *testing.T) {
	answer := schema(`{"type":"object","properties":{"total":{"type":"number"}}}`)
	answer["schemaType"] = "JSON"
	there := newRegistry(t, map[string]any{"/schemas/ids/1": schema(noteSchema), "/schemas/ids/2": answer})
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(`{"total":1}`)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	h := notes(1, 1)
	for i := range h.batches[0] {
		m := &h.batches[0][i]
		m.Headers = []adapters.Header{{Name: "__value_schema_id", Value: []byte{0, 0, 0, 0, byte(1 + i/2%2)}}}
		if m.Value = nil; i%2 == 0 {
			m.Value = packed.Bytes()
		}
		if i%3 == 0 {
			m.Headers = append(m.Headers, adapters.Header{Name: "Content-Encoding", Value: []byte("gzip")})
		}
	}
	s := attached(t, Config{URLs: []string{there.URL}}, h)
	err := s.Scan(t.Context(), adapters.Range{}, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		for i := range batch.Messages {
			if m := &batch.Messages[i]; m.Misfit || m.Lacking {
				t.Errorf("message %d: misfit %v, lacking %v", i, m.Misfit, m.Lacking)
			}
		}
		return nil
	}))
	if status := s.Status(); err != nil || len(status.Unread)+len(status.Problems) > 0 {
		t.Errorf("%v, %q, %v", status.Unread, status.Problems, err)
	}
}
