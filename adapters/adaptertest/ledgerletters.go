package adaptertest

import (
	"bytes"
	"errors"
	"maps"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// mark is an entry of the ledger about a letter of the place.
func (lt *letterTest) mark(offset int64, value string) deadletter.Entry {
	position := adapters.Position{Destination: lt.place.Name, Offset: offset}
	return deadletter.Entry{Key: position.AppendTo(nil), Value: []byte(value)}
}

// ledger reads what is recorded about the letters of the place, from a point on.
func (lt *letterTest) ledger(from deadletter.LedgerPoint) (map[int64]string, deadletter.LedgerPoint) {
	lt.Helper()
	entries := map[int64]string{}
	own := append([]byte(lt.place.Name), '/')
	query := deadletter.LedgerQuery{From: from, Patient: true, Wanted: func(key []byte) bool { return bytes.HasPrefix(key, own) }}
	point, err := lt.letters.Ledger(lt.Context(), query, func(e deadletter.Entry) error {
		position, err := adapters.ParsePosition(string(e.Key))
		if _, twice := entries[position.Offset]; twice || err != nil || position.Destination != lt.place.Name {
			lt.Errorf("the ledger has %s: twice %v, %v", e.Key, twice, err)
		}
		entries[position.Offset] = string(e.Value)
		return nil
	})
	if err != nil {
		lt.Fatal(err)
	}
	return entries, point
}

// recorded requires what the ledger says from a point on.
func (lt *letterTest) recorded(what string, from deadletter.LedgerPoint, want map[int64]string) deadletter.LedgerPoint {
	lt.Helper()
	got, point := lt.ledger(from)
	if !maps.Equal(got, want) {
		lt.Errorf("%s, the ledger says %v, want %v", what, got, want)
	}
	return point
}

func testLedgerIsReadOn(u *letterTest) {
	u.recorded("before anything", deadletter.LedgerPoint{}, map[int64]string{})
	r := u.redrive(nil)
	record := func(entries ...deadletter.Entry) {
		u.Helper()
		if _, err := r.Send(u.Context(), nil, entries)(u.Context()); err != nil {
			u.Fatal(err)
		}
	}
	record(u.mark(1, "one"), u.mark(2, "two"))
	record(u.mark(2, "two again"), u.mark(9, "nine"))
	point := u.recorded("from the beginning", deadletter.LedgerPoint{}, map[int64]string{1: "one", 2: "two again", 9: "nine"})
	if point.IsZero() {
		u.Fatal("where it was read is the beginning")
	}
	u.recorded("when nothing came", point, map[int64]string{})
	record(u.mark(1, ""), u.mark(3, "three"))
	record(u.mark(3, "three again"))
	next := u.recorded("from where it was read", point, map[int64]string{1: "", 3: "three again"})
	u.recorded("from there once more", point, map[int64]string{1: "", 3: "three again"})
	u.recorded("from where that ended", next, map[int64]string{})
	u.recorded("from the beginning", deadletter.LedgerPoint{}, map[int64]string{2: "two again", 3: "three again", 9: "nine"})
	next.Incarnation = "another"
	if _, err := u.letters.Ledger(u.Context(), deadletter.LedgerQuery{From: next}, func(deadletter.Entry) error { return nil }); !errors.Is(err, adapters.ErrGone) {
		u.Errorf("to go on in another ledger: %v", err)
	}
	enough := errors.New("enough")
	if _, err := u.letters.Ledger(u.Context(), deadletter.LedgerQuery{}, func(deadletter.Entry) error { return enough }); !errors.Is(err, enough) {
		u.Errorf("an error of whoever reads is told as %v", err)
	}
}

func testLedgerWithCopies(u *letterTest) {
	bodies := u.bury("letter", 2)
	r := u.redrive(u.peek())
	held := append(u.next(r, 2), u.rest(r)...)
	copies := u.copies(held)
	copies[1].To = u.place.Nowhere
	if _, err := r.Send(u.Context(), copies, []deadletter.Entry{u.mark(0, "sent"), u.mark(1, "sent")})(u.Context()); err != nil {
		u.Fatal(err)
	}
	u.came()
	u.recorded("when a copy was refused", deadletter.LedgerPoint{}, map[int64]string{})
	u.send(r, held, u.mark(0, "sent"), u.mark(1, "sent"))
	u.came(bodies...)
	u.recorded("when all were sent", deadletter.LedgerPoint{}, map[int64]string{0: "sent", 1: "sent"})
}

func testNoLedger(u *letterTest) {
	if _, err := u.letters.Ledger(u.Context(), deadletter.LedgerQuery{}, nil); !errors.Is(err, errors.ErrUnsupported) {
		u.Errorf("a ledger of a queue: %v", err)
	}
}
