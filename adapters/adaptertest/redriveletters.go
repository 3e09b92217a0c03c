package adaptertest

import (
	"errors"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

func testRedriveTakes(u *letterTest) {
	bodies := u.bury("letter", 8)
	letters := u.peek()
	wanted := []deadletter.Delivery{letters[1], letters[2], letters[6]}
	r := u.redrive(wanted)
	first := u.next(r, 2)
	taken := u.sorted(append(first, u.rest(r)...))
	if u.Kind == adapters.Queue && u.Unordered { // others may be among them
		taken = slices.DeleteFunc(taken, func(l deadletter.Delivery) bool { return !slices.Contains(positionsOf(wanted), l.Position) })
	} else if u.Kind == adapters.Queue && !u.Distinct { // which is read in order, and hands over what lies between
		for i, l := range taken {
			if string(l.Value) != bodies[i] {
				u.Errorf("number %d is %s, want %s", i, l.Value, bodies[i])
			}
		}
		taken = slices.DeleteFunc(taken, func(l deadletter.Delivery) bool { return !slices.Contains(positionsOf(wanted), l.Position) })
	}
	if got := heldValues(taken); !slices.Equal(got, heldValues(wanted)) {
		u.Errorf("taken are %s, want %s", clip(got), clip(heldValues(wanted)))
	}
	if again, err := r.Next(u.Context(), 5); err != nil || len(again) > 0 {
		u.Errorf("at the end there are %d more, %v", len(again), err)
	}
	if err := r.Close(); err != nil {
		u.Error(err)
	}
	u.lie(bodies)
}

func testRedriveSends(u *letterTest) {
	bodies := u.bury("letter", 5)
	r := u.redrive(u.peek())
	held := u.next(r, 5)
	held = u.sorted(append(held, u.rest(r)...))
	copies := u.copies(held)
	copies[3].Value = []byte("edited")
	outcomes, err := r.Send(u.Context(), copies, nil)(u.Context())
	if err != nil || len(outcomes) != 5 || errors.Join(outcomes...) != nil {
		u.Fatal(outcomes, err)
	}
	want := slices.Clone(bodies)
	want[3] = "edited"
	for i, m := range u.came(want...) {
		tenant, kept := m.Header("tenant")
		id, added := m.Header("x-replay-id")
		if _, there := m.Header("died-of"); there || !kept || !added || string(tenant) != "a" || string(id) != "r" {
			u.Errorf("copy %d has the headers %q", i, m.Headers)
		}
		if u.Properties && m.Properties.MessageID != "id of "+bodies[i] {
			u.Errorf("copy %d has the properties %+v", i, m.Properties)
		}
	}
}

func testRedriveSendsAgain(u *letterTest) {
	bodies := u.bury("letter", 4)
	r := u.redrive(u.peek())
	if r.Guarantee() != deadletter.AtLeastOnce {
		return // one copy that cannot be sent holds back the other
	}
	var arrived []string
	for range 2 {
		held := u.next(r, 2)
		if len(held) < 2 { // it may give fewer
			held = append(held, u.next(r, 1)...)
		}
		copies := u.copies(held)
		arrived = append(arrived, string(held[0].Value))
		copies[1].To = u.place.Nowhere
		answer := r.Send(u.Context(), copies, nil)
		if outcomes, err := answer(u.Context()); err != nil || len(outcomes) != 2 || outcomes[0] != nil || !errors.Is(outcomes[1], deadletter.ErrUnroutable) {
			u.Errorf("%v, %v", outcomes, err)
		}
	}
	if !u.Unordered && !slices.Equal(arrived, []string{bodies[0], bodies[2]}) {
		u.Errorf("taken first were %s", clip(arrived))
	}
	u.came(arrived...)
}

func testRedriveOutcomes(u *letterTest) {
	bodies := u.bury("letter", 3)
	r := u.redrive(u.peek())
	held := u.sorted(append(u.next(r, 3), u.rest(r)...))
	copies := u.copies(held)
	copies[1].To = u.place.Nowhere
	outcomes, err := r.Send(u.Context(), copies, nil)(u.Context())
	if err != nil || len(outcomes) != 3 || !errors.Is(outcomes[1], deadletter.ErrUnroutable) {
		u.Fatalf("%v, %v", outcomes, err)
	}
	if r.Guarantee() == deadletter.AtLeastOnce {
		if outcomes[0] != nil || outcomes[2] != nil {
			u.Errorf("those that arrive are told as %v", outcomes)
		}
		u.came(bodies[0], bodies[2])
		return
	}
	if !errors.Is(outcomes[0], deadletter.ErrNotSent) || !errors.Is(outcomes[2], deadletter.ErrNotSent) {
		u.Errorf("all or nothing: %v", outcomes)
	}
	u.came()
	u.send(r, []deadletter.Delivery{held[0], held[2]}) // and without the one at fault they go
	u.came(bodies[0], bodies[2])
}

func testRedriveSettles(u *letterTest) {
	bodies := u.bury("letter", 6)
	r := u.redrive(u.peek())
	held := u.sorted(append(u.next(r, 4), u.rest(r)...))
	settled := []deadletter.Delivery{held[0], held[1], held[4]}
	if err := errors.Join(r.Acknowledge(u.Context(), settled), r.Acknowledge(u.Context(), nil), r.Close()); err != nil {
		u.Fatal(err)
	}
	left := bodies
	if u.Kind == adapters.Queue {
		left = []string{bodies[2], bodies[3], bodies[5]}
	}
	u.lie(left)
}

func testRedriveGivesBack(u *letterTest) {
	bodies := u.bury("letter", 6)
	r := u.redrive(u.peek())
	held := u.next(r, 3)
	if err := errors.Join(r.Acknowledge(u.Context(), held[1:2]), r.Close()); err != nil {
		u.Fatal(err)
	}
	settled := slices.Index(bodies, string(held[1].Value))
	left := slices.Delete(slices.Clone(bodies), settled, settled+1)
	letters := u.peek()
	if got := heldValues(letters); !slices.Equal(got, left) {
		u.Fatalf("left are %s, want %s", clip(got), clip(left))
	}
	if !u.Unordered && settled != 1 || letters[0].Redelivered == u.Unmarked || letters[1].Redelivered == u.Unmarked {
		u.Error("nothing says that they were handed out")
	}
}

func testRedriveEqual(u *letterTest) {
	same, other := adapters.Message{Value: []byte("same")}, adapters.Message{Value: []byte("other")}
	u.place.Bury(u, same, same, other, same)
	letters := u.peek()
	if u.Unordered { // other is longer
		letters[2], letters[3] = letters[3], letters[2]
	}
	if (letters[0].Position == letters[3].Position) == u.Distinct || letters[0].Handle == letters[3].Handle {
		u.Fatalf("equal letters lie at %v and %v", letters[0].Position, letters[3].Position)
	}
	r := u.redrive([]deadletter.Delivery{letters[0], letters[1]})
	taken := u.rest(r)
	if u.Unordered { // others may be among them
		taken = slices.DeleteFunc(taken, func(l deadletter.Delivery) bool { return !slices.Contains(positionsOf(letters[:2]), l.Position) })
	}
	if got := heldValues(taken); !slices.Equal(got, []string{"same", "same"}) {
		u.Fatalf("two of three were ordered, and taken are %s", clip(got))
	}
	if err := errors.Join(r.Acknowledge(u.Context(), taken), r.Close()); err != nil {
		u.Fatal(err)
	}
	left := []string{"other", "same"}
	if u.Unordered {
		slices.Reverse(left)
	}
	u.lie(left)
}

func testRedriveExclusive(u *letterTest) {
	bodies := u.bury("letter", 3)
	letters := u.peek()
	first := u.redrive(letters)
	held := u.next(first, 2)
	second, err := u.place.Open(u, true).Redrive(u.Context(), deadletter.Order{DLQ: u.place.Name, Run: "run-2", Letters: positionsOf(letters)})
	if u.Kind == adapters.Queue {
		if u.Shared {
			err = errors.Join(err, second.Close())
		}
		if errors.Is(err, adapters.ErrBusy) == u.Shared || u.Shared && err != nil {
			u.Errorf("a second redrive: %v", err)
		}
		if err := first.Close(); err != nil {
			u.Fatal(err)
		}
		if got := heldValues(u.rest(u.redriveBy(u.place.Open(u, true), letters))); !slices.Equal(got, bodies) {
			u.Errorf("when the first has ended, the second takes %s", clip(got))
		}
		return
	}
	if err != nil {
		u.Fatal(err)
	}
	defer second.Close()
	outcomes, err := first.Send(u.Context(), u.copies(held), nil)(u.Context())
	if !errors.Is(err, adapters.ErrBusy) || len(outcomes) != len(held) || !errors.Is(errors.Join(outcomes...), deadletter.ErrNotSent) {
		u.Errorf("the first goes on beside the second: %v, %v", outcomes, err)
	}
	u.send(second, u.next(second, 3))
	u.came(bodies...)
}

func testRedriveMadeAgain(u *letterTest) {
	u.bury("letter", 1)
	_, err := u.letters.Redrive(u.Context(), deadletter.Order{DLQ: u.place.Name, Incarnation: "another", Run: "run-1", Letters: positionsOf(u.peek())})
	if !errors.Is(err, adapters.ErrGone) {
		u.Errorf("a redrive of letters of an earlier topic: %v", err)
	}
}

func testPublisher(u *letterTest) {
	p, err := u.letters.Publisher(u.Context())
	if err != nil {
		u.Fatal(err)
	}
	one, two := adapters.Message{Key: []byte("k"), Value: []byte("one")}, adapters.Message{Key: []byte("k"), Value: []byte("two"), Headers: []adapters.Header{{Name: "died-of", Value: []byte("x")}}}
	outcomes, err := p.Send(u.Context(), []deadletter.Copy{
		{Message: &one, To: u.place.Target}, {Message: &one, To: u.place.Nowhere}, {Message: &two, To: u.place.Target, Remove: []string{"died-of"}},
	}, nil)(u.Context())
	if err != nil || len(outcomes) != 3 || outcomes[0] != nil || !errors.Is(outcomes[1], deadletter.ErrUnroutable) || outcomes[2] != nil {
		u.Errorf("%v, %v", outcomes, err)
	}
	if err := p.Close(); err != nil {
		u.Error(err)
	}
	copies := u.came("one", "two")
	if len(copies) == 2 {
		if _, there := copies[1].Header("died-of"); there {
			u.Errorf("a header that was to go: %q", copies[1].Headers)
		}
	}
}

// testPublisherPutsBack takes a letter out of its queue and puts it back as it was preserved, or is told
// that nobody can.
func testPublisherPutsBack(u *letterTest) {
	bodies := u.bury("letter", 2)
	r := u.redrive(u.peek())
	held := u.sorted(append(u.next(r, 2), u.rest(r)...))
	line, err := u.letters.Encode(nil, &held[0])
	if err := errors.Join(err, r.Acknowledge(u.Context(), held[:1]), r.Close()); err != nil {
		u.Fatal(err)
	}
	p, err := u.place.Open(u, true).Publisher(u.Context())
	if err != nil {
		u.Fatal(err)
	}
	home := u.place.TargetOf(&deadletter.Queue{Name: u.place.Name}, deadletter.Origin{Destination: u.place.Name})
	outcomes, err := p.Send(u.Context(), []deadletter.Copy{{Original: line, To: home}}, nil)(u.Context())
	if u.OneWay {
		reached, asked := u.letters.Recipients(u.Context(), []deadletter.Target{home})
		if err := errors.Join(err, asked, p.Close()); err != nil || !errors.Is(errors.Join(outcomes...), deadletter.ErrUnroutable) || reached[0].Forbidden == "" {
			u.Errorf("nobody can send there: %v, %v, %+v", outcomes, err, reached)
		}
		u.lie(bodies[1:])
		return
	}
	if err := errors.Join(err, errors.Join(outcomes...), p.Close()); err != nil {
		u.Fatal(err)
	}
	back := u.peek()
	if u.Unordered {
		slices.Reverse(back)
	}
	if got := heldValues(back); !slices.Equal(got, []string{bodies[1], bodies[0]}) {
		u.Fatalf("there lie %s", clip(got))
	}
	was, is := &held[0], &back[1]
	tenant, _ := is.Header("tenant")
	if string(tenant) != "a" || len(is.Headers) != len(was.Headers) || is.Redelivered {
		u.Errorf("%+v is back as %+v", was.Message, is.Message)
	}
	if u.Properties && is.Properties.MessageID != was.Properties.MessageID {
		u.Errorf("%+v is back as %+v", was.Properties, is.Properties)
	}
}
