package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// another is a broker whose ledger was removed and made again since somebody read it.
type another struct {
	*counted
	made bool
}

func (a *another) Ledger(ctx context.Context, query deadletter.LedgerQuery, each func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	if a.made && !query.From.IsZero() {
		return query.From, adapters.ErrGone
	}
	return a.counted.Ledger(ctx, query, each)
}

// marked writes a mark, or takes it away where state is Open.
func (c *counted) marked(t *testing.T, offset int64, state State) {
	t.Helper()
	e, err := entry(at(offset), &Mark{State: state, Run: "20260101-000000-abcd", By: "bob@host", At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if state == Open {
		e.Value = nil
		delete(c.LedgerEntries, string(e.Key))
	} else {
		c.LedgerEntries[string(e.Key)] = e.Value
	}
	c.LedgerRecords = append(c.LedgerRecords, e)
}

// TestALedgerIsReadOn from where it was read before: a mark that was taken away is none, and of a
// ledger that was made again nothing that the one before said is left.
func TestALedgerIsReadOn(t *testing.T) {
	_, c := observed(t, adapters.Topic, "a", "b", "c")
	a := &another{counted: c}
	l := newLedger(a, "dlq")
	says := func(when string, states ...State) {
		t.Helper()
		if err := l.update(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		for i, want := range states {
			got := Open
			if mark := l.marks[at(int64(i))]; mark != nil {
				got = mark.State
			}
			if got != want {
				t.Errorf("%s, letter %d is %s, want %s", when, i, got, want)
			}
		}
	}
	says("at first", Open, Open, Open)
	c.marked(t, 0, Replayed)
	c.marked(t, 1, Discarded)
	says("when two were marked", Replayed, Discarded, Open)
	c.marked(t, 1, Open)
	c.LedgerRecords = append(c.LedgerRecords, deadletter.Entry{Key: claimKey("dlq"), Value: []byte(`{"run":"r"}`)})
	if says("when one mark was taken away", Replayed, Open, Open); l.claimed == nil || l.claimed.Run != "r" {
		t.Errorf("the claim is %+v", l.claimed)
	}
	clear(c.LedgerEntries)
	c.LedgerRecords, a.made = nil, true
	c.marked(t, 2, Replayed)
	if says("of the ledger that was made again", Open, Open, Replayed); l.claimed != nil {
		t.Errorf("the claim is %+v; that was in the ledger before", l.claimed)
	}
}

// TestALedgerThatIsGoneIsToldOf, and a broker that keeps none has said nothing of any letter.
func TestALedgerThatIsGoneIsToldOf(t *testing.T) {
	_, c := observed(t, adapters.Topic, "a")
	for _, hidden := range []error{adapters.ErrGone, adapters.ErrNotAuthorized, nil} {
		c.LedgerHidden = hidden
		if err := newLedger(c, "dlq").update(t.Context(), false); !errors.Is(err, hidden) {
			t.Errorf("%v, want %v", err, hidden)
		}
	}
	c.LedgerHidden = errors.ErrUnsupported
	l := newLedger(c, "dlq")
	if err := l.update(t.Context(), false); err != nil || len(l.marks) > 0 {
		t.Errorf("%v, %d marks", err, len(l.marks))
	}
}

// TestMarksOfALedgerThatWasMadeAgainCount at once, in a listing that goes on: those that the new one
// has, and none of those before.
func TestMarksOfALedgerThatWasMadeAgainCount(t *testing.T) {
	_, c := observed(t, adapters.Topic, "a", "b", "c")
	a := &another{counted: c}
	source := sourceOf(c.Broker)
	source.DeadLetters = a
	service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{source}, By: "ann@host"})
	if err != nil {
		t.Fatal(err)
	}
	c.marked(t, 0, Discarded)
	listing := service.Listing(t.Context(), nil, ListingOptions{})
	clear(c.LedgerEntries)
	c.LedgerRecords, a.made = nil, true
	c.marked(t, 1, Replayed)
	c.marked(t, 2, Replayed)
	listing = service.Listing(t.Context(), listing, ListingOptions{})
	if got := &listing.DLQs[0]; got.Open() != 1 || got.Letters[0].State != Open || got.Letters[1].State != Replayed || got.MarksErr != nil {
		t.Errorf("%d open, %v", got.Open(), got.MarksErr)
	}
}

// TestWhyNobodyKnowsIsSaidOnce for all the destinations that one reason is about.
func TestWhyNobodyKnowsIsSaidOnce(t *testing.T) {
	listing := &Listing{DLQs: []Listed{{MarksErr: errors.New("a")}, {}, {MarksErr: errors.New("b")}, {MarksErr: errors.New("a")}}}
	if got := listing.Unmarked(); len(got) != 2 || got[0].Error() != "a" || got[1].Error() != "b" {
		t.Errorf("%v", got)
	}
}

// TestAMarkIsOfItsOwnLetterAlone, whatever else stands in the ledger: another destination's, or a
// state that no mark has.
func TestAMarkIsOfItsOwnLetterAlone(t *testing.T) {
	b := replaytest.New(adapters.Topic, "a", "b")
	put := func(key, value string) { b.LedgerEntries[key] = []byte(value) }
	put("other/0@0", `{"state":"replayed"}`)
	put("dlq/0@1", `{"state":"sent"}`)
	put("dlq/0@x", `{"state":"replayed"}`)
	put("claim:other", `{"run":"r"}`)
	l := newLedger(b, "dlq")
	if err := l.update(t.Context(), false); err != nil || len(l.marks) != 0 || l.claimed != nil {
		t.Errorf("%v, %v, %v", l.marks, l.claimed, err)
	}
	mark, err := json.Marshal(&Mark{State: Replayed})
	if err != nil {
		t.Fatal(err)
	}
	put("dlq/0@0", string(mark))
	if err := l.update(t.Context(), false); err != nil || len(l.marks) != 0 {
		t.Errorf("what the ledger had when it was read last is read again: %v, %v", l.marks, err)
	}
	if l = newLedger(b, "dlq"); l.update(t.Context(), false) != nil || len(l.marks) != 1 || l.marks[at(0)].State != Replayed {
		t.Errorf("%v", l.marks)
	}
}

// TestMarksTakeNoMoreThanIsCounted where a ledger is bounded.
func TestMarksTakeNoMoreThanIsCounted(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		return int64(now.HeapAlloc)
	}
	for letters := 48_000; letters <= 64_000; letters += 4_000 { // a table is fuller or emptier
		b := replaytest.New(adapters.Topic)
		for i := range letters {
			b.LedgerEntries[at(int64(i)).String()] = fmt.Appendf(nil, `{"state":"replayed","run":"r-%d"}`, i/DefaultWindow)
		}
		before := heap()
		ledger := newLedger(b, "dlq")
		if err := ledger.update(t.Context(), false); err != nil || len(ledger.marks) != letters {
			t.Fatalf("%d marks, %v", len(ledger.marks), err)
		}
		if took := heap() - before; took > int64(letters)*deadletter.EntryBytes {
			t.Errorf("%d marks take %d bytes, which is %d each", letters, took, took/int64(letters))
		} else {
			t.Logf("%d marks take %d bytes each", letters, took/int64(letters))
		}
		runtime.KeepAlive(ledger)
		runtime.KeepAlive(b)
	}
}

// overtaken is a broker on which somebody else acts just before a redrive begins.
type overtaken struct {
	*counted
	meanwhile func()
}

func (o *overtaken) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	if o.meanwhile != nil {
		o.meanwhile()
	}
	return o.counted.Redrive(ctx, order)
}

// TestWhatOthersDidUpToTheRedriveIsHeeded: a run reads the ledger before it begins, and again when
// nobody else can write it any more.
func TestWhatOthersDidUpToTheRedriveIsHeeded(t *testing.T) {
	_, c := observed(t, adapters.Topic, "a", "b", "c")
	o := &overtaken{counted: c}
	source := sourceOf(c.Broker)
	source.DeadLetters = o
	service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{source}, By: "ann@host"})
	if err != nil {
		t.Fatal(err)
	}
	s := &story{T: t, broker: c.Broker, service: service}
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	o.meanwhile = func() { c.marked(t, 1, Replayed) }
	summary, err := run.Do(t.Context(), func(Outcome) {})
	if got := s.copies(); err != nil || summary.Settled != 2 || summary.Skipped != 1 || got != "a c" {
		t.Errorf("%+v, %v, sent are %s", summary, err, got)
	}
}
