package adaptertest

import (
	"bytes"
	"errors"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

func testClusterIsTheSame(u *letterTest) {
	one, err := u.letters.Cluster(u.Context())
	if err != nil {
		u.Fatal(err)
	}
	if two, err := u.place.Open(u, false).Cluster(u.Context()); err != nil || one != two {
		u.Errorf("to one process it is %q, to another %q, %v", one, two, err)
	}
}

func testIsListed(u *letterTest) {
	u.bury("letter", 3)
	dlqs, err := u.letters.DLQs(u.Context())
	if err != nil || len(dlqs) == 0 {
		u.Fatalf("%v, %v", dlqs, err)
	}
	g := dlqs[0] // it was named when the adapter was opened
	if g.Name != u.place.Name || g.Kind != u.Kind || g.Messages >= 0 && g.Messages < 3 || g.Unsafe != nil {
		u.Errorf("listed as %+v", g)
	}
	if want := map[adapters.DestinationKind]deadletter.Settling{adapters.Topic: deadletter.ByLedger, adapters.Queue: deadletter.ByRemoval}[u.Kind]; g.Settling != want {
		u.Errorf("letters are settled by %v, want %v", g.Settling, want)
	}
	if g.Distinct != u.Distinct {
		u.Errorf("each letter has a position of its own: %v, want %v", g.Distinct, u.Distinct)
	}
	if (g.Cost.Marked == "") != (g.Cost.Says == "") {
		u.Errorf("a peek is said to cost %+v", g.Cost)
	}
	if u.Kind != adapters.Topic {
		if g.Partitions != nil {
			u.Errorf("a queue with partitions: %v", g.Partitions)
		}
		return
	}
	held := g.Partitions[adapters.Log{Destination: g.Name}]
	for i, l := range u.peek() {
		if l.Position.Offset < held.Start || l.Position.Offset >= held.End {
			u.Errorf("letter %d lies at %v, and the log holds %+v", i, l.Position, held)
		}
	}
	if g.Incarnation == "" {
		u.Error("nothing tells the topic from one that is made again")
	}
}

func testPeekIsWhole(u *letterTest) {
	bodies := u.bury("letter", 25)
	first := u.peek()
	if got := heldValues(first); !slices.Equal(got, bodies) {
		u.Fatalf("seen are %s, want %s", clip(got), clip(bodies))
	}
	positions := positionsOf(first)
	for i, position := range positions {
		if read, err := adapters.ParsePosition(position.String()); err != nil || read != position || position.Destination != u.place.Name {
			u.Errorf("letter %d lies at %v, which reads as %v, %v", i, position, read, err)
		}
		if tenant, _ := first[i].Header("tenant"); string(tenant) != "a" {
			u.Errorf("letter %d has the headers %q", i, first[i].Headers)
		}
		if u.Properties && (first[i].Properties == nil || first[i].Properties.MessageID != "id of "+bodies[i]) {
			u.Errorf("letter %d has the properties %+v", i, first[i].Properties)
		}
		clear(first[i].Value) // whoever was given it may do with it what it likes
		clear(first[i].Headers)
	}
	second := u.peek()
	if got := heldValues(second); !slices.Equal(got, bodies) || !slices.Equal(positionsOf(second), positions) {
		u.Errorf("seen again are %s at %v, and were at %v", clip(got), positionsOf(second), positions)
	}
}

func testPeekLetsGo(u *letterTest) {
	bodies := u.bury("letter", 5)
	dlqs, err := u.letters.DLQs(u.Context())
	if err != nil {
		u.Fatal(err)
	}
	before, after := u.peek(), u.peek()
	for i := range after {
		if costs := !dlqs[0].Cost.IsFree(); before[i].Redelivered || after[i].Redelivered != costs {
			u.Errorf("%s was handed out before: at first %v, then %v; a peek costs %+v", bodies[i], before[i].Redelivered, after[i].Redelivered, dlqs[0].Cost)
		}
	}
	u.letters = u.place.Open(u, true) // another process is in nobody's way
	if got := heldValues(u.rest(u.redrive(after))); !slices.Equal(got, bodies) {
		u.Errorf("taken after two looks: %s", clip(got))
	}
}

func testPeekEnds(u *letterTest) {
	bodies := u.bury("letter", 5)
	enough := errors.New("enough")
	calls := 0
	err := u.letters.Peek(u.Context(), deadletter.Peek{DLQ: u.place.Name}, func([]deadletter.Delivery) error {
		calls++
		return enough
	})
	if !errors.Is(err, enough) || calls != 1 {
		u.Errorf("an error of the first call of %d is told as %v", calls, err)
	}
	u.lie(bodies)
}

func testPeekIsBounded(u *letterTest) {
	bodies := u.bury("letter", 12)
	got := heldValues(u.peekAt(deadletter.Peek{Most: 5}))
	if u.Unordered && len(got) == 5 && !slices.ContainsFunc(got, func(body string) bool { return !slices.Contains(bodies, body) }) {
		got = bodies[:5] // any five
	}
	if u.Kind == adapters.Queue && len(got) > 5 { // which must be read whole, to keep its order
		got = got[:5]
	}
	if !slices.Equal(got, bodies[:5]) {
		u.Errorf("5 at most are %s", clip(got))
	}
	u.lie(bodies)
}

func testPeekGoesOn(u *letterTest) {
	bodies := u.bury("letter", 6)
	log := adapters.Log{Destination: u.place.Name}
	at := u.peek()[4].Position.Offset
	for from, want := range map[int64][]string{0: bodies, at: bodies[4:], at + 100: nil} {
		if got := heldValues(u.peekAt(deadletter.Peek{FromOffsets: map[adapters.Log]int64{log: from}})); !slices.Equal(got, want) {
			u.Errorf("from %d on there lie %s, want %s", from, clip(got), clip(want))
		}
	}
	other := adapters.Log{Destination: u.place.Name, Partition: 7}
	if got := heldValues(u.peekAt(deadletter.Peek{FromOffsets: map[adapters.Log]int64{other: 3}})); !slices.Equal(got, bodies) {
		u.Errorf("a log that is not named is read as %s", clip(got))
	}
}

func testEncoded(u *letterTest) {
	bodies := u.bury("letter", 3)
	reader := u.place.Open(u, false)
	var lines [][]byte
	var letters []deadletter.Delivery
	err := reader.Peek(u.Context(), deadletter.Peek{DLQ: u.place.Name}, func(part []deadletter.Delivery) error {
		for i := range part {
			line, err := reader.Encode([]byte("before "), &part[i])
			if err != nil {
				return err
			}
			lines, letters = append(lines, line), append(letters, part[i])
		}
		return nil
	})
	if err != nil || len(lines) != len(bodies) {
		u.Fatal(len(lines), err)
	}
	for i, line := range lines {
		line, appended := bytes.CutPrefix(line, []byte("before "))
		m, err := u.letters.Decode(line) // which never saw the letter
		if err != nil || !appended || bytes.ContainsRune(line, '\n') || m.Fingerprint() != letters[i].Fingerprint() {
			u.Errorf("%s is preserved as %.200s and read as %+v, %v", bodies[i], line, m, err)
		}
		for _, damaged := range [][]byte{line[:len(line)/2], nil, []byte("?")} {
			if _, err := u.letters.Decode(damaged); err == nil {
				u.Errorf("%q is read", damaged)
			}
		}
	}
}

func testEncodesNoLog(u *letterTest) {
	u.bury("letter", 1)
	letter := u.peek()[0]
	if _, err := u.letters.Encode(nil, &letter); !errors.Is(err, errors.ErrUnsupported) {
		u.Errorf("a letter of a log is preserved: %v", err)
	}
}

func testTargets(u *letterTest) {
	targets := []deadletter.Target{u.place.Target, u.place.Nowhere}
	if u.Exchanges {
		targets = append(targets,
			deadletter.Routed("", "urn:acme:orders"), deadletter.Routed(`a\b`, "k"), deadletter.Routed("a:b", "k:l"), deadletter.Routed("fanout", ""),
		)
	}
	home := u.place.TargetOf(&deadletter.Queue{Name: u.place.Name}, deadletter.Origin{Destination: u.place.Name})
	for _, target := range append(targets, home) {
		if read, err := u.letters.Target(u.Context(), string(target)); err != nil || read != target {
			u.Errorf("%s is read as %s, %v", target, read, err)
		}
	}
	if reached, err := u.letters.Recipients(u.Context(), []deadletter.Target{home}); err != nil || len(reached) != 1 || reached[0].Name != u.place.Name || reached[0].Kind == "" {
		u.Errorf("the dead-letter queue itself is named %+v, %v", reached, err)
	}
}

func testRecipients(u *letterTest) {
	reaches, err := u.letters.Recipients(u.Context(), []deadletter.Target{u.place.Nowhere, u.place.Target, u.place.Nowhere})
	if err != nil || len(reaches) != 3 || reaches[0].Exists || !reaches[1].Exists || reaches[2].Exists || reaches[1].Forbidden != "" || reaches[1].Denied != "" {
		u.Errorf("%+v, %v", reaches, err)
	}
	if none, err := u.letters.Recipients(u.Context(), nil); err != nil || len(none) != 0 {
		u.Errorf("of none: %+v, %v", none, err)
	}
}

func testReadOnly(u *letterTest) {
	bodies := u.bury("letter", 2)
	reader := u.place.Open(u, false)
	if _, err := reader.Redrive(u.Context(), deadletter.Order{DLQ: u.place.Name, Run: "run-1"}); !errors.Is(err, adapters.ErrReadOnly) {
		u.Errorf("a redrive: %v", err)
	}
	if _, err := reader.Publisher(u.Context()); !errors.Is(err, adapters.ErrReadOnly) {
		u.Errorf("a publisher: %v", err)
	}
	u.lie(bodies)
}
