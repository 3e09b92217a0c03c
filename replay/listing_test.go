package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope"
	"eventscope/replay/replaytest"
)

// counted is a broker that counts what is read of it, and fails where it is told to.
type counted struct {
	*replaytest.Broker
	letters int // that peeks handed over
	entries int // of the ledger
	down    error
	stall   bool // looks hand over one part, and then wait until their time is over
}

func (c *counted) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	if c.down != nil {
		return nil, c.down
	}
	return c.Broker.DLQs(ctx)
}

func (c *counted) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	return c.Broker.Peek(ctx, peek, func(part []deadletter.Delivery) error {
		c.letters += len(part)
		if err := keep(part); err != nil || !c.stall {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	})
}

func (c *counted) Ledger(ctx context.Context, query deadletter.LedgerQuery, each func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	return c.Broker.Ledger(ctx, query, func(e deadletter.Entry) error { c.entries++; return each(e) })
}

// count is how much was read since it was asked last.
func (c *counted) count() (letters, entries int) {
	letters, entries = c.letters, c.entries
	c.letters, c.entries = 0, 0
	return letters, entries
}

// observed is a story whose broker is counted.
func observed(t testing.TB, kind adapters.DestinationKind, bodies ...string) (*Service, *counted) {
	t.Helper()
	c := &counted{Broker: replaytest.New(kind, bodies...)}
	source := sourceOf(c.Broker)
	source.DeadLetters = c
	service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{source}, By: "ann@host"})
	if err != nil {
		t.Fatal(err)
	}
	return service, c
}

// settle replays or discards some letters, by a service of somebody else.
func settle(t testing.TB, c *counted, action Action, chosen ...adapters.Position) {
	t.Helper()
	service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{sourceOf(c.Broker)}, By: "bob@host"})
	if err != nil {
		t.Fatal(err)
	}
	var letters []Letter
	only := map[adapters.Position]bool{}
	for _, position := range chosen {
		only[position] = true
	}
	err = service.Read(t.Context(), dlqOf(t, service), func(l *Letter, _ *adapters.Message, _ *envelope.Identity) error {
		letters = append(letters, *l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := service.Plan(t.Context(), action, Chosen(letters), PlanOptions{Only: only, Reason: "test"})
	if err != nil || plan.Count() == 0 {
		t.Fatalf("%v, %v", plan, err)
	}
	run, err := service.Begin(plan, Confirmation{Count: plan.Count(), Write: true}, Pace{})
	if err == nil {
		_, err = run.Do(t.Context(), func(Outcome) {})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func dlqOf(t testing.TB, service *Service) DLQ {
	t.Helper()
	dlqs, err := service.DLQs(t.Context())
	if err != nil || len(dlqs) != 1 {
		t.Fatalf("%v, %v", dlqs, err)
	}
	return dlqs[0]
}

func at(offset int64) adapters.Position { return adapters.Position{Destination: "dlq", Offset: offset} }

// TestAListingCostsWhatChanged: neither letters nor ledger are read again.
func TestAListingCostsWhatChanged(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b", "c")
	settle(t, c, Discard, at(0))
	listing := service.Listing(t.Context(), nil, ListingOptions{})
	if letters, entries := c.count(); letters != 3 || entries == 0 {
		t.Fatalf("the first survey read %d letters and %d entries", letters, entries)
	}
	expect := func(what string, open, letters, entries int) {
		t.Helper()
		listing = service.Listing(t.Context(), listing, ListingOptions{})
		gotLetters, gotEntries := c.count()
		if got := listing.DLQs[0].Open(); got != open || gotLetters != letters || gotEntries != entries {
			t.Errorf("%s: %d open, and %d letters and %d entries were read; want %d, %d and %d", what, got, gotLetters, gotEntries, open, letters, entries)
		}
	}
	expect("nothing happened", 2, 0, 0)
	c.Bury("d")
	expect("a letter came", 3, 1, 0)
	settle(t, c, Replay, at(1))
	expect("one was replayed", 2, 0, 1)
	settle(t, c, Restore, at(0))
	expect("a discard was taken back", 3, 0, 1)
}

// TestAListingThatGoesOnSaysWhatANewOneDoes, whatever came, was done and is listed.
func TestAListingThatGoesOnSaysWhatANewOneDoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		service, c := observed(t, adapters.Topic)
		most := rapid.SampledFrom([]int{2, 5, 1000}).Draw(r, "most")
		var listing *Listing
		for range rapid.IntRange(1, 8).Draw(r, "rounds") {
			for range rapid.IntRange(0, 4).Draw(r, "come") {
				c.BuryFor(fmt.Sprint(len(c.Letters)), rapid.SampledFrom([]string{"timeout", "declined"}).Draw(r, "reason"))
			}
			if open := openPositions(c); len(open) > 0 && rapid.Bool().Draw(r, "act") {
				settle(t, c, rapid.SampledFrom([]Action{Replay, Discard}).Draw(r, "action"), rapid.SampledFrom(open).Draw(r, "letter"))
			}
			listing = service.Listing(t.Context(), listing, ListingOptions{Most: most})
		}
		fresh := service.Listing(t.Context(), nil, ListingOptions{Most: most})
		got, want := &listing.DLQs[0], &fresh.DLQs[0]
		if len(got.Letters) != len(want.Letters) || got.More != want.More || len(got.Letters) > most {
			r.Fatalf("%d are listed and %d are not, want %d and %d", len(got.Letters), got.More, len(want.Letters), want.More)
		}
		if got.behind { // what is not listed was dealt with; it says so, and reads all again in time
			return
		}
		if got.Open() != want.Open() || !reflect.DeepEqual(groups(got), groups(want)) {
			r.Fatalf("%d open in %+v, want %d in %+v", got.Open(), groups(got), want.Open(), groups(want))
		}
	})
}

func openPositions(c *counted) (open []adapters.Position) {
	for i := range c.Letters {
		if p := c.Letters[i].Position; c.LedgerEntries[p.String()] == nil {
			open = append(open, p)
		}
	}
	return open
}

func groups(s *Listed) []Group {
	var grouping Grouping
	s.GroupInto(&grouping, true)
	all := grouping.Groups()
	slices.SortFunc(all, func(a, b Group) int { return strings.Compare(a.Reason, b.Reason) })
	return all
}

// TestTheNewestAreListed, the others are counted, with their groups whole.
func TestTheNewestAreListed(t *testing.T) {
	service, c := observed(t, adapters.Topic)
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 200 {
		c.BuryFor(fmt.Sprint(i), "timeout")
		c.Letters[i].Time = day.Add(time.Duration(i) * time.Hour)
	}
	listing := service.Listing(t.Context(), nil, ListingOptions{Most: 10})
	for range 20 { // and those that come are
		c.BuryFor("late", "timeout")
		c.Letters[len(c.Letters)-1].Time = day.Add(time.Duration(len(c.Letters)) * time.Hour)
		listing = service.Listing(t.Context(), listing, ListingOptions{Most: 10})
	}
	got := &listing.DLQs[0]
	if len(got.Letters) != 10 || got.Letters[0].Position.Offset != 210 || got.More != 210 {
		t.Fatalf("%d letters from %s on are listed, %d are not", len(got.Letters), got.Letters[0].Position, got.More)
	}
	if all := groups(got); len(all) != 1 || all[0].Count != 220 || !all[0].Oldest.Equal(day) || !all[0].Newest.Equal(day.Add(220*time.Hour)) {
		t.Errorf("groups %+v", all)
	}
}

// TestALargeDestinationLeavesRoomForTheOthers.
func TestALargeDestinationLeavesRoomForTheOthers(t *testing.T) {
	for _, c := range []struct {
		most  int
		needs []int64
		want  []int
	}{
		{10, []int64{1000, 3}, []int{7, 3}}, {10, []int64{3, 1000, 1000}, []int{3, 3, 4}}, {10, []int64{2, 2}, []int{5, 5}},
		{10, []int64{-1, 4}, []int{6, 4}}, {0, []int64{5}, []int{0}}, {10, nil, nil},
	} {
		if got := shares(c.most, c.needs); !slices.Equal(got, c.want) {
			t.Errorf("%d for %v: %v, want %v", c.most, c.needs, got, c.want)
		}
	}
}

// TestASourceThatDoesNotAnswerKeepsItsLetters, with the time from which they are.
func TestASourceThatDoesNotAnswerKeepsItsLetters(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b")
	before := service.Listing(t.Context(), nil, ListingOptions{})
	c.down = errors.New("connection refused")
	during := service.Listing(t.Context(), before, ListingOptions{})
	again := service.Listing(t.Context(), during, ListingOptions{})
	for _, listing := range []*Listing{during, again} {
		if len(listing.DLQs) != 1 || listing.DLQs[0].Open() != 2 || !errors.Is(listing.Err, c.down) || !listing.Old().Equal(before.At) {
			t.Errorf("%d destinations, old since %v, %v", len(listing.DLQs), listing.Old(), listing.Err)
		}
	}
	c.down = nil
	c.Bury("c")
	if after := service.Listing(t.Context(), again, ListingOptions{}); after.DLQs[0].Open() != 3 || !after.Old().IsZero() || after.Err != nil {
		t.Errorf("after it: %d open, old since %v, %v", after.DLQs[0].Open(), after.Old(), after.Err)
	}
}

// TestLettersAreListedWithoutTheLedger, and it is said that nobody knows what was dealt with.
func TestLettersAreListedWithoutTheLedger(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b")
	settle(t, c, Discard, at(0))
	c.LedgerHidden = adapters.ErrNotAuthorized
	listing := service.Listing(t.Context(), nil, ListingOptions{})
	if got := &listing.DLQs[0]; len(got.Letters) != 2 || got.Letters[0].State != Unknown || got.Err != nil || !errors.Is(got.MarksErr, c.LedgerHidden) || len(listing.Unmarked()) != 1 {
		t.Fatalf("%d letters, %v, %v", len(got.Letters), got.Err, got.MarksErr)
	}
	c.LedgerHidden = nil // it was granted
	listing = service.Listing(t.Context(), listing, ListingOptions{})
	if got := &listing.DLQs[0]; got.Open() != 1 || got.Letters[1].State != Open || got.MarksErr != nil || len(listing.Unmarked()) != 0 {
		t.Errorf("%d open, %v", got.Open(), got.MarksErr)
	}
}

// TestADestinationThatIsSlowToReadIsReadBitByBit: what was read is kept, what is left is said.
func TestADestinationThatIsSlowToReadIsReadBitByBit(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b", "c", "d", "e", "f", "g")
	settle(t, c, Discard, at(5))
	c.stall = true
	var listing *Listing
	for _, left := range []int64{4, 1, 0} {
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		listing = service.Listing(short, listing, ListingOptions{})
		cancel()
		if got := &listing.DLQs[0]; got.Unread != left || got.Err != nil || int64(len(got.Letters)) != 7-left {
			t.Fatalf("%d are listed and %d are not read yet, want %d: %v", len(got.Letters), got.Unread, left, got.Err)
		}
	}
	if open := listing.DLQs[0].Open(); open != 6 {
		t.Errorf("%d open; one was discarded", open)
	}
}

// TestAnotherLedgerIsReadFromItsBeginning.
func TestAnotherLedgerIsReadFromItsBeginning(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b")
	settle(t, c, Discard, at(0))
	listing := service.Listing(t.Context(), nil, ListingOptions{})
	c.LedgerHidden = adapters.ErrGone
	listing = service.Listing(t.Context(), listing, ListingOptions{})
	c.LedgerHidden = nil
	clear(c.LedgerEntries) // somebody has removed the topic
	c.LedgerRecords = nil
	if listing = service.Listing(t.Context(), listing, ListingOptions{}); listing.DLQs[0].Open() != 2 {
		t.Errorf("%d open; the ledger that had a mark is gone", listing.DLQs[0].Open())
	}
}

// TestWhatTheBrokerHasRemovedLeavesTheList.
func TestWhatTheBrokerHasRemovedLeavesTheList(t *testing.T) {
	n := Newest{Letters: []Letter{{Position: at(1)}, {Position: at(2)}, {Position: at(5)}}}
	kept := n
	n.forget(map[adapters.Log]deadletter.Offsets{{Destination: "dlq"}: {Start: 2, End: 9}})
	if len(n.Letters) != 2 || n.Letters[0].Position != at(2) || kept.Letters[0].Position != at(1) {
		t.Errorf("%v are left, and %v were", n.Letters, kept.Letters)
	}
	marks := maps.Clone(map[adapters.Position]*Mark{at(5): {State: Discarded}, at(1): {State: Replayed}})
	if !n.mark(marks, false) || len(marks) != 1 || marks[at(1)] == nil || n.Letters[1].State != Discarded || kept.Letters[2].State != Open {
		t.Errorf("%v are not listed, and the list is %v", marks, n.Letters)
	}
}

// TestAListingIsNotChangedByALaterOne, nor by what the ledger says of letters that neither has read.
func TestAListingIsNotChangedByALaterOne(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b", "c", "d", "e", "f", "g", "h")
	c.stall = true
	listing := func(before *Listing) *Listing {
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		return service.Listing(short, before, ListingOptions{})
	}
	settle(t, c, Discard, at(6))
	first := listing(nil) // has read three, and knows of a mark beyond
	settle(t, c, Discard, at(7))
	second := listing(first)
	if got := len(first.DLQs[0].early); got != 1 {
		t.Errorf("the first survey has %d marks of letters beyond it", got)
	}
	third := listing(second)
	if open := third.DLQs[0].Open(); third.DLQs[0].Unread != 0 || open != 6 {
		t.Errorf("%d open, and %d not read; two of 8 were discarded", open, third.DLQs[0].Unread)
	}
}

// TestAListingTellsATopicMadeAgainFromTheOneBefore: neither its letters nor its marks are those
// of the new one.
func TestAListingTellsATopicMadeAgainFromTheOneBefore(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b", "c")
	c.Incarnation = "first"
	old := service.Listing(t.Context(), nil, ListingOptions{})
	settle(t, c, Discard, at(0))
	marks := maps.Clone(c.LedgerEntries)
	c.Letters, c.Incarnation = nil, "second"
	c.Bury("d")
	listing := service.Listing(t.Context(), old, ListingOptions{})
	if got := &listing.DLQs[0]; len(got.Letters) != 1 || got.Open() != 1 || got.Letters[0].Content != contentOf(c, 0) {
		t.Fatalf("%d letters, %d open", len(got.Letters), got.Open())
	}
	for key, mark := range marks { // of the one before, and it is told now
		c.LedgerRecords = append(c.LedgerRecords, deadletter.Entry{Key: []byte(key), Value: mark})
	}
	if listing = service.Listing(t.Context(), listing, ListingOptions{}); listing.DLQs[0].Open() != 1 {
		t.Error("a mark of the topic before counts")
	}
}

func contentOf(c *counted, i int) adapters.Fingerprint { return c.Letters[i].Fingerprint() }

// pair is a broker with a second dead-letter destination, which is empty, and whose ledger
// somebody writes to between two readings.
type pair struct {
	*counted
	second  bool
	between func()
}

func (p *pair) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	dlqs, err := p.counted.DLQs(ctx)
	if p.second {
		dlqs = append(dlqs, deadletter.Queue{Name: "other.dlq", Kind: adapters.Topic, Settling: deadletter.ByLedger, Partitions: map[adapters.Log]deadletter.Offsets{}})
	}
	return dlqs, err
}

func (p *pair) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	if peek.DLQ == "other.dlq" {
		return nil
	}
	return p.counted.Peek(ctx, peek, keep)
}

func (p *pair) Ledger(ctx context.Context, query deadletter.LedgerQuery, each func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	point, err := p.counted.Ledger(ctx, query, each)
	if p.between != nil {
		p.between()
		p.between = nil
	}
	return point, err
}

// TestADestinationThatComesCostsTheOthersNoMark: the ledger is read on for those that are known,
// and from its beginning for the new one, and what is written in between is not passed over.
func TestADestinationThatComesCostsTheOthersNoMark(t *testing.T) {
	_, c := observed(t, adapters.Topic, "a", "b")
	p := &pair{counted: c}
	source := sourceOf(c.Broker)
	source.DeadLetters = p
	service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{source}, By: "ann@host"})
	if err != nil {
		t.Fatal(err)
	}
	listing := service.Listing(t.Context(), nil, ListingOptions{})
	p.second, p.between = true, func() { settle(t, c, Discard, at(0)) }
	for range 2 {
		listing = service.Listing(t.Context(), listing, ListingOptions{})
	}
	if len(listing.DLQs) != 2 || listing.DLQs[0].Open() != 1 {
		t.Errorf("%d destinations, and %d open; one of two was discarded", len(listing.DLQs), listing.DLQs[0].Open())
	}
}

// TestAListingIsNotChangedByALaterOneThatListsFewer: what leaves the list then is counted in
// the later one alone.
func TestAListingIsNotChangedByALaterOneThatListsFewer(t *testing.T) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue} {
		service, c := observed(t, kind, "a", "b", "c", "d", "e", "f", "g", "h")
		peek := map[string]bool{"s dlq": true}
		first := service.Listing(t.Context(), nil, ListingOptions{Most: 5, Peek: peek})
		c.count()
		second := service.Listing(t.Context(), first, ListingOptions{Most: 2})
		if letters, _ := c.count(); letters > 0 {
			t.Errorf("%d letters were read again", letters)
		}
		for listing, listed := range map[*Listing]int{first: 5, second: 2} {
			var all Grouping
			g := &listing.DLQs[0]
			g.GroupInto(&all, true)
			if len(g.Letters) != listed || g.More != 8-listed || g.Open() != 8 || all.Groups()[0].Count != 8 {
				t.Errorf("%s: %d are listed, %d more, %d open, %d in groups", kind, len(g.Letters), g.More, g.Open(), all.Groups()[0].Count)
			}
		}
	}
}

// TestWhatLettersSayIsCountedOnce, however often they are read, and also where they were read
// bit by bit.
func TestWhatLettersSayIsCountedOnce(t *testing.T) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue} {
		service, c := observed(t, kind, "a", "b", "c", "d")
		peek := map[string]bool{"s dlq": true}
		var listing *Listing
		said := func() int { return service.said.get(dlqKey{"s", "dlq"}).said["orders"] }
		for i := range 3 {
			listing = service.Listing(t.Context(), listing, ListingOptions{Peek: peek})
			if got := said(); got != 4 {
				t.Errorf("%s: read %d times, %d of 4 letters say orders", kind, i+1, got)
			}
		}
		c.Bury("e")
		service.Listing(t.Context(), listing, ListingOptions{Peek: map[string]bool{"s dlq": kind == adapters.Queue}})
		if got := said(); got != 5 {
			t.Errorf("%s: with the one that came, %d of 5 say orders", kind, got)
		}
		if _, err := list(service); err != nil || said() != 5 {
			t.Errorf("%s: listed, %d of 5 say orders: %v", kind, said(), err)
		}
	}
	service, c := observed(t, adapters.Topic, "a", "b", "c", "d", "e", "f", "g")
	c.stall = true
	var listing *Listing
	for _, want := range []int{3, 6, 7} {
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		listing = service.Listing(short, listing, ListingOptions{})
		cancel()
		if got := service.said.get(dlqKey{"s", "dlq"}); got == nil || got.said["orders"] != want {
			t.Errorf("of 7 that are read bit by bit, %+v are counted, want %d", got, want)
		}
	}
}

// TestAQueueIsReadUnaskedWhereThatIsFree: who may look without being asked is for its broker to say.
func TestAQueueIsReadUnaskedWhereThatIsFree(t *testing.T) {
	for _, free := range []bool{false, true} {
		service, broker := observed(t, adapters.Queue, "a", "b")
		broker.Free = free
		listing := service.Listing(t.Context(), nil, ListingOptions{})
		if read := len(listing.Letters()) == 2; read != free {
			t.Errorf("free: %v, and %d letters are listed", free, len(listing.Letters()))
		}
		broker.Bury("c")
		now := service.Listing(t.Context(), listing, ListingOptions{Peek: map[string]bool{"s dlq": true}})
		broker.Bury("d")
		later := service.Listing(t.Context(), now, ListingOptions{})
		if dlq := &later.DLQs[0]; len(dlq.Letters) < 3 || dlq.Stale() == free {
			t.Errorf("free: %v, and of four letters %d are listed, stale: %v", free, len(dlq.Letters), dlq.Stale())
		}
		for _, l := range later.Letters() {
			if m, err := service.Message(t.Context(), &l); err != nil || len(m.Value) != 1 {
				t.Errorf("free: %v, and letter %v is %q, %v", free, l.Position, m.Value, err)
			}
		}
	}
}

// TestASourceThatIsAwayIsNotAskedForItsLedger: that it is away is said once, and where from the
// letters are that are still listed.
func TestASourceThatIsAwayIsNotAskedForItsLedger(t *testing.T) {
	var all []*counted
	var sources []Source
	for _, name := range []string{"one", "two"} {
		c := &counted{Broker: replaytest.New(adapters.Topic, "a", "b")}
		all = append(all, c)
		sources = append(sources, Source{Name: name, Cluster: "model://" + name, Broker: c.Name(), DeadLetters: c, TargetOf: replaytest.TargetOf})
	}
	service, err := NewService(Config{Folder: t.TempDir(), Sources: sources, By: "ann@host"})
	if err != nil {
		t.Fatal(err)
	}
	listings := []*Listing{service.Listing(t.Context(), nil, ListingOptions{})}
	for _, c := range []*counted{all[1], all[0]} {
		c.down, c.LedgerHidden = adapters.ErrNotConnected, adapters.ErrNotConnected
		listings = append(listings, service.Listing(t.Context(), listings[len(listings)-1], ListingOptions{}))
	}
	for i, since := range []time.Time{{}, listings[0].At, listings[0].At} {
		now := listings[i]
		if len(now.Letters()) != 4 || len(now.Unmarked()) > 0 || !now.Old().Equal(since) || (now.Err != nil) != (i > 0) {
			t.Errorf("with %d away, %d letters, %v; old since %v, want %v; %v", i, len(now.Letters()), now.Unmarked(), now.Old(), since, now.Err)
		}
	}
	if now := &listings[2].DLQs[0]; !now.AsOf.Equal(listings[1].At) {
		t.Errorf("what was there the last time is listed as of %v", now.AsOf)
	}
}

// TestOfAQueueTheLedgerIsNotAsked, however often it is listed: it has none.
func TestOfAQueueTheLedgerIsNotAsked(t *testing.T) {
	service, _ := observed(t, adapters.Queue, "a", "b")
	var listing *Listing
	for range 3 {
		listing = service.Listing(t.Context(), listing, ListingOptions{Peek: map[string]bool{"s dlq": listing == nil}})
		if got := listing.Letters(); len(got) != 2 || got[0].State != Open || len(listing.Unmarked()) > 0 {
			t.Errorf("%d letters, %v", len(got), listing.Unmarked())
		}
	}
}

// TestANewLedgerIsReadOnceFromItsBeginning, and then goes on like the one before.
func TestANewLedgerIsReadOnceFromItsBeginning(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b", "c")
	settle(t, c, Discard, at(0))
	listing := service.Listing(t.Context(), nil, ListingOptions{})
	c.LedgerHidden = adapters.ErrGone
	listing = service.Listing(t.Context(), listing, ListingOptions{})
	c.LedgerHidden = nil
	listing = service.Listing(t.Context(), listing, ListingOptions{})
	c.count()
	settle(t, c, Discard, at(1))
	for range 2 {
		listing = service.Listing(t.Context(), listing, ListingOptions{})
	}
	if letters, entries := c.count(); letters > 0 || entries != 1 || listing.DLQs[0].Open() != 1 {
		t.Errorf("%d letters and %d entries were read again, and %d are open", letters, entries, listing.DLQs[0].Open())
	}
}

// TestAMarkOfAListedLetterMakesNoOtherBeReadAgain, and the list says that it is newer.
func TestAMarkOfAListedLetterMakesNoOtherBeReadAgain(t *testing.T) {
	service, c := observed(t, adapters.Topic, "a", "b", "c", "d")
	listing := service.Listing(t.Context(), nil, ListingOptions{Most: 2})
	before := listing.DLQs[0].ReadAt
	if listing = service.Listing(t.Context(), listing, ListingOptions{Most: 2}); !listing.DLQs[0].ReadAt.Equal(before) {
		t.Error("nothing was read, and the list says that it is newer")
	}
	settle(t, c, Discard, at(3))
	listing = service.Listing(t.Context(), listing, ListingOptions{Most: 2})
	if now := &listing.DLQs[0]; now.behind || now.Open() != 3 || !now.ReadAt.After(before) {
		t.Errorf("of a listed letter: to be read again: %v; %d open, as of %v", now.behind, now.Open(), now.ReadAt)
	}
	settle(t, c, Discard, at(0))
	if listing = service.Listing(t.Context(), listing, ListingOptions{Most: 2}); !listing.DLQs[0].behind {
		t.Error("one that is not listed was discarded, and nothing is to be read again")
	}
}
