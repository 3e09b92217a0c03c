package tui_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay"
	"eventscope/tui/tuitest"
)

// lonely is a dead-letter queue with one letter, shown in the list of its group.
func lonely(t *testing.T, s *tuitest.System, kind adapters.DestinationKind, change func(l *tuitest.Letters, letter *adapters.Message)) *tuitest.Screen {
	t.Helper()
	l := tuitest.EmptyDLQ(t, kind)
	l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-a"}`, "card declined")
	change(l, &l.Broker.Letters[0].Message)
	screen := tuitest.Open(t, l.Over(s.Options()), 170, 30).Press("4").Wait(time.Second)
	if kind == adapters.Queue {
		screen.Press("enter", "y").Wait(time.Second)
	}
	return screen.Press("enter").Wait(time.Second).Sees("☠ 1 letter")
}

// TestALetterSaysWhatIsKnownOfIt in its row, below it and on its own page; and what it does
// not know, it says that nobody knows.
func TestALetterSaysWhatIsKnownOfIt(t *testing.T) {
	for name, c := range map[string]struct {
		kind         adapters.DestinationKind
		change       func(l *tuitest.Letters, m *adapters.Message)
		row          []string // in its line
		list, letter []string // on the pages
		misses       []string // of the letter's page
	}{
		"a certificate": {adapters.Topic, func(*tuitest.Letters, *adapters.Message) {},
			[]string{"open", "ord-a", "OrderPlaced", "card declined", " orders ", "dlq/0@0"}, []string{"goes to orders, by ", "› OrderPlaced card declined", "r replay  x discard"},
			[]string{"state      open", "why        card declined", "replay to  orders", "died       "}, []string{"replays", "because", "a guess", "u restore"}},
		"no certificate": {adapters.Topic, func(_ *tuitest.Letters, m *adapters.Message) { m.Headers = nil },
			[]string{" unknown "}, []string{"nothing says where it was to go: t on the plan names a destination", "nothing says why it died"},
			[]string{"nothing says where it was to go", "nothing says why it died"}, []string{"a guess"}},
		"a guess by the queue's name": {adapters.Queue, func(l *tuitest.Letters, m *adapters.Message) {
			l.DLQ = func(g *deadletter.Queue) { g.Name = "orders.dlq" }
			m.Headers, m.Properties.Queue, m.Position.Destination = nil, "orders.dlq", "orders.dlq"
		}, []string{" ? orders "}, []string{"it may have been meant for orders, a guess from destination name orders.dlq: t on the plan names a destination"},
			[]string{"a guess from destination name orders.dlq"}, nil},
		"replayed before": {adapters.Topic, func(_ *tuitest.Letters, m *adapters.Message) {
			m.Headers = append(m.Headers, header("x-replay-count", "3")...)
		}, []string{"       3 "}, []string{"Replays"}, []string{"replays    3"}, nil},
		"a reason in detail": {adapters.Topic, func(_ *tuitest.Letters, m *adapters.Message) {
			m.Headers = header("dlq-original-topic", "orders", "dlq-reason", "timeout: limit of 5 s")
		}, []string{"timeout: limit of 5 s"}, []string{"› OrderPlaced timeout"}, []string{"why        timeout: limit of 5 s"}, nil},
		"an exception": {adapters.Topic, func(_ *tuitest.Letters, m *adapters.Message) {
			m.Headers = header("kafka_dlt-original-topic", "orders", "kafka_dlt-exception-fqcn", "com.example.pay.DeclinedException", "kafka_dlt-exception-message", "limit: 100 EUR")
		}, []string{"DeclinedException: limit: 100 EUR"}, []string{"› OrderPlaced DeclinedException"}, []string{"why        DeclinedException: limit: 100 EUR"}, []string{"why        com.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				screen := lonely(t, s, c.kind, c.change)
				screen.Selects(c.row...).Sees(c.list...).Misses("replay all").Press("enter").Wait(time.Second).Sees(c.letter...).Misses(c.misses...)
				if trail := screen.Line("› "); strings.Contains(trail, "limit") {
					t.Errorf("the trail has the whole reason: %s", trail)
				}
			})
		})
	}
}

// TestALetterThatNamesNoFlowLeadsToNone, from the list and from its page.
func TestALetterThatNamesNoFlowLeadsToNone(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := lonely(t, s, adapters.Topic, func(_ *tuitest.Letters, m *adapters.Message) { m.Value = []byte("?") })
		for range 2 {
			screen.Press("F").Wait(time.Second).Sees("this letter names no flow and no order").Press("esc", "enter").Wait(time.Second)
		}
	})
}

// TestAPackedBodyIsNotEdited, since what is sent is what was received.
func TestAPackedBodyIsNotEdited(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := lonely(t, s, adapters.Topic, func(_ *tuitest.Letters, m *adapters.Message) {
			m.Value = []byte(packed(t, `{"type":"OrderPlaced","order_id":"ord-a"}`))
		})
		screen.Press("enter").Wait(time.Second).Sees("as gzip").Press("e").Wait(time.Second).Sees("the body is compressed; only what is sent as it is can be edited").Misses("Plan")
	})
}

// TestABodyThatIsNoTextIsNotEdited: what comes back from an editor is text, which no reader of it
// takes.
func TestABodyThatIsNoTextIsNotEdited(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := lonely(t, s, adapters.Topic, func(_ *tuitest.Letters, m *adapters.Message) { m.Value = []byte("\x81\xa8order_id\xa5ord-a") })
		screen.Press("enter").Wait(time.Second).Sees("messagepack", "ord-a").Press("e").Wait(time.Second).Sees("so an edit would be text that no reader of it takes").Misses("Plan")
	})
}

// died gives a letter the time of its death.
func died(l *tuitest.Letters, number int, ago time.Duration) {
	l.Broker.Letters[number].Time = time.Now().Add(-ago)
}

// TestTheLetterThatDiedLastComesFirst, whatever its place in the dead-letter queue; of those
// that died at once, the one that came last.
func TestTheLetterThatDiedLastComesFirst(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 4, "no stock")
		l.Change(func() {
			died(l, 3, time.Hour)
			died(l, 4, time.Minute)
			died(l, 5, 2*time.Hour)
			died(l, 6, time.Hour)
		})
		screen.Wait(3*time.Second).Press("g", "enter").Wait(time.Second).Sees("4 letters")
		for _, wanted := range []string{"ord-00001", "ord-00003", "ord-00000", "ord-00002"} {
			screen.Selects(wanted).Press("j")
		}
	})
}

// TestMarksStayOnTheirLetters when letters come above them and go, as does the cursor.
func TestMarksStayOnTheirLetters(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 3, "no stock")
		screen.Wait(3*time.Second).Press("g", "enter").Wait(time.Second).Press("space").Selects("ord-00001").Sees("◆ 1")
		l.Change(func() {
			l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-00009"}`, "no stock")
			died(l, len(l.Broker.Letters)-1, 0)
		})
		screen.Wait(3*time.Second).Sees("4 letters", "ord-00009").Selects("ord-00001")
		if line := screen.Line("ord-00002"); !strings.Contains(line, "◆") {
			t.Fatalf("the mark has left its letter:\n%s", screen.Text())
		}
		screen.Press("r").Wait(time.Second).Sees("1 letter,").Press("esc", "esc").Misses("◆").Press("r").Wait(time.Second).Sees("4 letters,")
	})
}

// TestAFilterTakesTheMarksAway: what is not shown is not acted on, so what is shown is.
func TestAFilterTakesTheMarksAway(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Press("g", "space").Sees("◆ 1").Filter("ord-a").Sees("1 letter", "ord-a").Misses("◆")
		screen.Press("r").Wait(time.Second).Sees("Plan: replay", "1 letter,").Press("esc", "esc").Wait(time.Second).Sees("2 letters").Misses("◆")
	})
}

// TestAFilterKnowsTheLettersThatItHasRead: they are not read again for what changes.
func TestAFilterKnowsTheLettersThatItHasRead(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Filter(onlyB).Sees("1 letter", "ord-b")
		l.Change(func() { l.Broken = errors.New("connection refused") })
		screen.Press("a").Wait(time.Second).Sees("1 letter", "ord-b", "incl. resolved").Misses("refused").Press("a").Wait(time.Second).Sees("1 letter")
	})
}

// TestWhatAFilterHidesCannotBeReached: each key that acts on letters is for those that pass.
func TestWhatAFilterHidesCannotBeReached(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Filter(onlyB)
		screen.Press("r").Wait(time.Second).Press("enter").Sees("type 1 to replay 1 letter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done", "1 of 1")
		screen.Press("q").Wait(3*time.Second).Sees("No letter passes the filter", "0 letters").Misses("r replay", "x discard").Press("r", "x", "F", "y", "space", "enter").Wait(time.Second).Misses("Plan", "copied", "◆")
		if sent(l) != 1 || !strings.Contains(string(l.Copies[0].Value), "ord-b") {
			t.Fatalf("%d copies were sent, the first is %s", sent(l), l.Copies[0].Value)
		}
		screen.Press("esc", "esc", "esc").Wait(3 * time.Second).Sees("2 open")
	})
}

// TestAFilterByStatusFollowsTheStatus: a letter that was replayed is open no longer, although its
// message was read before.
func TestAFilterByStatusFollowsTheStatus(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Press("a").Wait(time.Second).Filter(`status == "open"`).Sees("2 letters")
		screen.Press("g", "space", "r").Wait(time.Second).Press("enter").Sees("type 1 to replay 1 letter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done", "1 of 1")
		screen.Press("q").Wait(3 * time.Second).Sees("1 letter").Misses("2 letters")
	})
}

// TestDLQsThatAreNotThereAreNotMissed: the page says what would be taken for one.
func TestDLQsThatAreNotThereAreNotMissed(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Topic)
		l.None = true
		screen := tuitest.Open(t, l.Over(s.Options()), 100, 24).Press("4").Wait(time.Second).Sees("No dead-letter topic or queue was found", "eventscope dlq list URL", "☠ 0 open").Misses("✓", "☠ 0 dead")
		screen.Press("enter", "r", "x", "L", "j", "G").Wait(time.Second).Misses("Plan", "y/N", "reason for")
		l.Change(func() { l.None = false })
		screen.Wait(5*time.Second).Sees("card declined", "3 open").Misses("was found")
	})
}

// TestNoOpenLettersIsGoodNews, with each place that was looked into, and what it lacks.
func TestNoOpenLettersIsGoodNews(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l, folder := tuitest.NewLetters(t, adapters.Queue), t.TempDir()
		l.Reopen(t, folder)
		screen := tuitest.Open(t, l.Over(s.Options()), 160, 30).Press("4").Wait(time.Second).Press("enter", "y").Wait(time.Second)
		for _, count := range []string{"2", "1"} {
			discard(screen.Press("g"), "test data", count).Press("4").Wait(3 * time.Second)
		}
		screen.Sees("✓ No open dead letters. a shows resolved ones.", "RabbitMQ dlq: named like one", "☠ 0 open").Misses("☠ 0 dead", "3 dead")
		screen.Press("a").Wait(3*time.Second).Sees("0 of 2", "0 of 1", "declined", "timeout", "incl. resolved").Press("g").Misses("r replay", "x discard")
		screen.Press("r").Wait(time.Second).Sees("none of these letters is open").Press("esc", "esc").Wait(3 * time.Second).Sees("✓ No open dead letters")
		if err := os.RemoveAll(filepath.Join(folder, "archive")); err != nil {
			t.Fatal(err)
		}
		screen.Press("a").Wait(3*time.Second).Sees("cannot restore 3 letters of dlq", "is not in the archive")
	})
}

// TestALogThatIsReadInPartSaysHowMuchIsLeft, and its letters count as open meanwhile.
func TestTheGroupsAreCountedWhileTheyAreRead(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		l.Change(func() { l.Broken = errors.New("connection refused") })
		buried(l, 1200, "no stock")
		screen.Wait(3*time.Second).Sees("connection refused", "1,200 not read yet", "1,203 open", "☠ 1.2k dead")
		l.Change(func() { l.Broken = nil })
		screen.Wait(5*time.Second).Sees("1,203 open", "1,200  OrderPlaced").Misses("not read yet", "refused")
	})
}

// tapped is a message of a tap, and the letter that it became.
func tapped(t *testing.T, s *tuitest.System, kind adapters.DestinationKind) (*tuitest.Letters, tuitest.Event) {
	t.Helper()
	l := tuitest.EmptyDLQ(t, kind)
	l.Source = string(l.Broker.Name())
	tuitest.Together(t, t.TempDir(), l)
	source := s.Kafka
	if kind == adapters.Queue {
		source = s.RabbitMQ
	}
	return l, tuitest.Event{Source: source, To: "morgue", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "ord-1001", ID: "e-1-1",
		Headers: header("dlq-original-topic", "orders", "dlq-reason", "card declined")}
}

// TestALetterIsFoundInTheQueueToWhichItWent: the event was seen on its way there.
func TestALetterIsFoundInTheQueueToWhichItWent(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l, event := tapped(t, s, adapters.Queue)
		put(t, s, tuitest.Event{Source: s.RabbitMQ, To: "morgue", At: time.Now(), Type: "Other", Value: "{}"}, event)
		l.Change(func() {
			l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-1001"}`, "card declined")
			l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-1002"}`, "card declined")
		})
		screen := tuitest.Open(t, l.Over(s.Options()), 130, 30).Press("enter").Wait(time.Second).Sees("Flow ord-1001").Press("D").Wait(time.Second)
		screen.Sees("it may lie in dlq, which was not looked into yet: 4 and enter do that").Misses("state      open")
		if l.Peeks > 0 {
			t.Fatal("the queue was looked into unasked")
		}
		l.Change(func() { // the second is the event
			l.Broker.Letters[1].Position = adapters.DigestPosition("dlq", 0x9e3779b97f4a7c15)
		})
		screen.Press("4").Wait(3*time.Second).Press("enter", "y").Wait(time.Second).Sees("2 open")
		screen.Press("1").Wait(time.Second).Press("enter").Wait(time.Second).Press("D").Wait(time.Second).Sees("state      open", "ord-1002").Press("esc")
		event.ID = "e-1-2"
		put(t, s, event)
		buried(l, 1, "late")
		screen.Press("esc").Wait(3*time.Second).Press("G", "v").Wait(time.Second).Press("D").Wait(time.Second).Sees("it may lie in dlq, which has changed since it was looked into: 4 and enter do that again")
	})
}

// TestWhyAnEventHasNoLetter is told in words that say what to do about it.
func TestWhyAnEventHasNoLetter(t *testing.T) {
	for name, c := range map[string]struct {
		change func(l *tuitest.Letters)
		sees   string
	}{
		"elsewhere": {func(*tuitest.Letters) {}, "morgue is not known as a place for dead letters; 4 lists those that are"},
		"gone":      {func(l *tuitest.Letters) { l.DLQ = func(g *deadletter.Queue) { g.Name = "morgue" } }, "it is not in morgue any more"},
		"unreadable": {func(l *tuitest.Letters) {
			l.DLQ, l.Broken = func(g *deadletter.Queue) { g.Name = "morgue" }, errors.New("no permission")
		}, "morgue: no permission"},
		"none": {func(l *tuitest.Letters) { l.None = true }, "morgue is not known as a place for dead letters"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				l, event := tapped(t, s, adapters.Topic)
				put(t, s, event)
				l.BuryFor("{}", "another")
				c.change(l)
				screen := tuitest.Open(t, l.Over(s.Options()), 130, 30).Press("enter").Wait(time.Second).Sees("Flow ord-1001").Press("D").Wait(time.Second)
				screen.Sees(c.sees, "Flow ord-1001").Misses("state      open").Press("esc", "v", "D").Wait(time.Second)
			})
		})
	}
}

// TestADeadLetterIsChosenOfSeveral: with one there is no doubt which is meant.
func TestADeadLetterIsChosenOfSeveral(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l, event := tapped(t, s, adapters.Topic)
		l.DLQ = func(g *deadletter.Queue) { g.Name = "morgue" }
		put(t, s, s.Order(1, time.Now(), 2)...)
		put(t, s, event)
		screen := tuitest.Open(t, l.Over(s.Options()), 130, 30).Press("enter").Wait(time.Second).Press("g", "D").Wait(time.Second).Sees("it is not in morgue any more")
		event.ID = "e-1-2"
		put(t, s, event)
		screen.Press("esc").Wait(2*time.Second).Press("g", "D").Wait(time.Second).Sees("put the cursor on a dead letter ☠ first").Press("esc", "j", "D").Wait(time.Second).Sees("it is not in morgue any more")
	})
}

// othersRun begins a run in another process and does it, for letters that its choice leaves.
func othersRun(t *testing.T, l *tuitest.Letters, action replay.Action, reason string, which func(*replay.Letter) bool) {
	t.Helper()
	var letters []replay.Letter
	for _, letter := range l.Service.Listing(t.Context(), nil, replay.ListingOptions{}).Letters() {
		if which(&letter) {
			letters = append(letters, letter)
		}
	}
	done(t, begun(t, l, action, letters, reason))
}

// begun is a run of another process that has begun.
func begun(t *testing.T, l *tuitest.Letters, action replay.Action, letters []replay.Letter, reason string) *replay.Run {
	t.Helper()
	plan, err := l.Service.Plan(t.Context(), action, replay.Chosen(letters), replay.PlanOptions{Reason: reason})
	if err != nil {
		t.Fatal(err)
	}
	run, err := l.Service.Begin(plan, replay.Confirmation{Count: plan.Count(), Plan: plan.ID, Write: true}, replay.Pace{})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// done carries a run out.
func done(t *testing.T, run *replay.Run) {
	t.Helper()
	if summary, err := run.Do(t.Context(), func(replay.Outcome) {}); err != nil || summary.State != "done" {
		t.Fatal(summary, err)
	}
}

// TestALetterThatSomebodyElseHasDealtWithIsSkipped, and the run says so; it is sent once.
func TestALetterThatSomebodyElseHasDealtWithIsSkipped(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("r").Wait(time.Second).Sees("2 letters, ").Press("enter").Type("2")
		othersRun(t, l, replay.Discard, "mine", func(letter *replay.Letter) bool { return strings.HasSuffix(letter.Entity, "-a") })
		screen.Press("enter").Wait(time.Second).Sees("✓ done", "1 skipped", "2 of 2").Selects("skipped", "discarded").Press("j").Selects("✓ replayed", "orders")
		if sent(l) != 1 {
			t.Fatalf("%d copies", sent(l))
		}
		screen.Press("k", "j").Click(20, 12).Misses("Numbers").Press("esc").Wait(3 * time.Second).Sees("1 open")
	})
}

// TestWhatWentWrongIsToldFirst, and clicks on it open nothing.
func TestWhatWentWrongIsToldFirst(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 6, "no stock")
		l.Poison[`{"type":"OrderPlaced","order_id":"ord-00002"}`] = true
		screen.Wait(3*time.Second).Press("g", "r").Wait(time.Second).Press("enter").Type("6").Press("enter").Wait(time.Second).Sees("✗ failed", "1 failed", "Go on with :resume, or end it with :abort").Selects("✗ failed", "dlq/0@5")
		rows := strings.Split(screen.Text(), "\n")
		for i, line := range rows {
			if strings.Contains(line, "✓ replayed") {
				screen.Click(20, i).Click(20, i).Misses("Numbers").Selects("✓ replayed")
			}
		}
		screen.Press("p", "A").Misses("it ends after", "paused").Sees("✗ failed").Misses("p pause", "A abort")
	})
}

// TestAPlanIsFrozen: what comes after it was made is not of it.
func TestAPlanIsFrozen(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("r").Wait(time.Second).Sees("2 letters,")
		buried(l, 3, "card declined")
		screen.Wait(20*time.Second).Sees("2 letters,", "☠ 6 dead").Press("enter").Sees("type 2 to replay 2 letters").Type(" 2 ").Press("enter").Wait(time.Second).Sees("✓ done", "2 of 2")
		screen.Press("q").Wait(3 * time.Second).Sees("4 open")
		if sent(l) != 2 {
			t.Fatalf("%d copies", sent(l))
		}
	})
}

// TestOnlyWhatIsAskedForConfirms: anything else leaves everything as it is.
func TestOnlyWhatIsAskedForConfirms(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("r").Wait(time.Second)
		for _, typed := range []string{"", " ", "1", "22", "2.0", "two", "orders", "y", "-2", "02"} {
			screen.Press("enter").Sees("type 2 to replay").Type(typed).Press("enter").Wait(time.Second).Sees("Plan: replay").Misses("✓ done", "at work").Press("esc")
			if !strings.Contains(screen.Text(), "Plan: replay") {
				screen.Press("r").Wait(time.Second)
			}
		}
		screen.Press("enter").Type("2").Press("esc").Wait(time.Second).Sees("nothing has happened yet")
		screen.Click(20, 6).Click(20, 6).Click(20, 6).Wait(time.Second).Misses("type 2").Sees("nothing has happened yet")
		if sent(l) != 0 {
			t.Fatalf("%d copies", sent(l))
		}
		if runs, _, err := l.Service.Runs(); err != nil || len(runs) > 0 {
			t.Fatalf("%d runs, %v", len(runs), err)
		}
	})
}

// TestManyLettersAreConfirmedByWhereTheyGo, and a discard by where they lie.
func TestManyLettersAreConfirmedByWhereTheyGo(t *testing.T) {
	for keys, wanted := range map[string]string{"r": "payments to replay", "x o l d enter": "dlq to discard"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			l := tuitest.EmptyDLQ(t, adapters.Topic)
			for i := range 200 {
				l.Broker.BuryFrom([]string{"orders", "payments", "payments"}[i%3], `{"type":"Paid"}`, header("dlq-reason", "no stock")...)
			}
			screen := tuitest.Open(t, l.Over(s.Options()), 120, 30).Press("4").Wait(time.Second).Press("g").Selects("133", "payments").Press(strings.Fields(keys)...).Wait(time.Second)
			for _, typed := range []string{"133", "orders", "payment", "DLQ"} {
				screen.Press("enter").Sees("type " + wanted + " 133 letters:").Type(typed).Press("enter").Sees("nothing was sent").Press("esc")
			}
			screen.Press("enter").Type(strings.Fields(wanted)[0]).Press("enter").Wait(time.Second).Sees("✓ done", "133 of 133")
		})
	}
}

// TestAPlanThatIsBeingMadeWaits for the brokers, can be left, and takes nobody's page.
func TestAPlanThatIsBeingMadeWaits(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		release := l.Hold()
		screen.Press("r").Wait(time.Second).Sees("Plan: replay", "asking the brokers who would receive this").Misses("⏎ confirm", "nothing has happened yet")
		screen.Press("enter", "c", "t", "j", "G").Misses("type 2", "send them to", "type its name").Press("esc").Wait(time.Second).Sees("3 open").Misses("asking")
		release()
		screen.Wait(time.Second).Sees("3 open").Misses("Plan")
		release = l.Hold()
		screen.Press("r").Wait(31*time.Second).Sees("✗ no answer in time").Misses("⏎ confirm", "nothing has happened yet").Press("enter").Misses("type 2")
		release()
		screen.Press("t").Type("orders").Press("enter").Wait(time.Second).Sees("nothing has happened yet", "orders, 2 letters")
	})
}

// TestOnlyWhatIsReplayedGoesSomewhere, so that a discard is asked for no destination.
func TestOnlyWhatIsReplayedGoesSomewhere(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("x").Sees("reason for the discard").Press("esc").Misses("Plan").Press("x").Type("   ").Press("enter").Misses("Plan")
		screen.Press("x").Type("old").Press("enter").Wait(time.Second).Sees("Plan: discard", "old").Misses("t to", "c claimed")
		screen.Press("t").Sees("only what is replayed goes somewhere").Misses("send them to").Press("c").Sees("no destination that only letters speak for")
	})
}

// TestALetterSaysWhenItFailedLast, where its writer tells.
func TestALetterSaysWhenItFailedLast(t *testing.T) {
	for at, sees := range map[string]string{"2026-01-31T12:04:05Z": "last       2026-01-31 12:04:05.000 +00:00", "soon": ""} {
		story(t, func(t *testing.T, s *tuitest.System) {
			screen := lonely(t, s, adapters.Topic, func(_ *tuitest.Letters, m *adapters.Message) {
				m.Headers = header("dlq-original-topic", "orders", "dlq-reason", "late", "dlq-failed-at", at)
			}).Press("enter").Wait(time.Second).Sees("Death", "reason     late").Misses("first      ")
			if screen.Sees(sees); sees == "" {
				screen.Misses("last       2")
			}
		})
	}
}

// TestAHundredLettersAreConfirmedByTheirNumber, and one more by where they go.
func TestAHundredLettersAreConfirmedByTheirNumber(t *testing.T) {
	for n, wanted := range map[int]string{100: "type 100 to replay 100 letters:", 101: "type orders to replay 101 letters:"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			l := tuitest.EmptyDLQ(t, adapters.Topic)
			buried(l, n, "no stock")
			tuitest.Open(t, l.Over(s.Options()), 120, 30).Press("4").Wait(time.Second).Press("r").Wait(time.Second).Press("enter").Sees(wanted)
		})
	}
}

// TestLettersThatNameNoTypeAreCalledByTheirQueue, in the trail and in their rows, which count one replay.
func TestLettersThatNameNoTypeAreCalledByTheirQueue(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := lonely(t, s, adapters.Topic, func(_ *tuitest.Letters, m *adapters.Message) {
			m.Value, m.Headers = []byte("?"), header("dlq-original-topic", "orders", "dlq-reason", "late", "x-replay-count", "1")
		})
		screen.Sees("› dlq late").Selects(" dlq ", "      1 ").Press("enter").Wait(time.Second).Sees("replays    1")
	})
}
