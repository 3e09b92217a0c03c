package tui_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/tui/tuitest"
)

// dead runs a story over three dead letters behind a screen that may write.
func dead(t *testing.T, kind adapters.DestinationKind, tell func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen)) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, kind)
		tell(t, l, tuitest.Open(t, l.Over(s.Options()), 120, 30).Press("4").Wait(time.Second))
	})
}

// buried adds n letters of one kind.
func buried(l *tuitest.Letters, n int, reason string) {
	l.Change(func() {
		for i := range n {
			l.BuryFor(fmt.Sprintf(`{"type":"OrderPlaced","order_id":"ord-%05d"}`, i), reason)
		}
	})
}

// sent is how many copies the broker has.
func sent(l *tuitest.Letters) (n int) {
	l.Change(func() { n = len(l.Copies) })
	return n
}

// TestMoreLettersThanAreListed: what is planned for all is planned for those that are listed,
// and the page says so.
func TestMoreLettersThanAreListed(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Topic)
		buried(l, 40, "timeout")
		l.Listed = 12
		l.Reopen(t, t.TempDir())
		screen := tuitest.Open(t, l.Over(s.Options()), 140, 30).Press("4").Wait(time.Second).Sees("31 older not listed", "43 open", "41  OrderPlaced", "2  OrderPlaced")
		screen.Press("g", "enter").Wait(time.Second).Sees("☠ 12 letters", "29 older not listed", "r replay listed", "ord-00039").Misses("replay all", "ord-00001")
		screen.Press("r").Wait(time.Second).Sees("12 letters", "nothing has happened yet")
	})
}

func TestAQueueIsNotTouchedBeforeSomebodyAsks(t *testing.T) {
	dead(t, adapters.Queue, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Sees("not inspected", "each message is taken and given back", "enter peek", "3 open", "☠ 3 dead")
		screen.Wait(time.Minute)
		if l.Peeks != 0 || l.Broker.Letters[0].Redelivered {
			t.Fatal("the queue was looked into unasked")
		}
		screen.Press("enter").Sees("peek 3 messages of dlq? y/N", "the broker marks it as redelivered")
		for _, no := range []string{"esc", "n", "enter"} {
			screen.Press(no).Wait(time.Second).Misses("y/N").Press("enter").Sees("y/N")
		}
		if l.Peeks != 0 {
			t.Fatal("the queue was looked into before anybody said yes")
		}
		screen.Press("y").Wait(time.Second).Sees("card declined", "timeout").Misses("not inspected")
		if screen.Wait(time.Minute); l.Peeks != 1 {
			t.Fatalf("%d looks", l.Peeks)
		}
		buried(l, 1, "timeout")
		screen.Wait(3*time.Second).Press("g").Sees("has changed since it was looked at", "taken and given back", "☠ 4 dead")
		if l.Peeks != 1 {
			t.Fatal("it was looked into again unasked")
		}
		screen.Press("enter", "y").Wait(time.Second).Misses("has changed").Sees("4 open")
	})
}

func TestAQueueThatIsUnsafeToLookInto(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Queue)
		l.DLQ = func(g *deadletter.Queue) {
			g.Unsafe = &adapters.Problem{Doing: "look into dlq", Cause: "a look counts as a delivery, and letters that were delivered 20 times are dropped", Remedy: "raise the delivery limit by a policy, then look", Kind: deadletter.ErrUnsafePeek}
		}
		screen := tuitest.Open(t, l.Over(s.Options()), 80, 24).Press("4").Wait(time.Second).Sees("not inspected", "raise the delivery limit", "policy, then look").Misses("enter peek")
		screen.Press("enter").Sees("✗ cannot look into dlq", "policy, then look")
		if l.Peeks != 0 {
			t.Fatal("it was looked into")
		}
	})
}

func TestADLQThatCannotBeReadSaysWhy(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Topic)
		l.Broken = errors.New("cannot read dlq: not authorised; grant READ")
		screen := tuitest.Open(t, l.Over(s.Options()), 80, 24).Press("4").Wait(time.Second).Sees("✗ cannot read dlq", "grant READ")
		l.Change(func() { l.Broken = nil })
		screen.Press("enter").Wait(time.Second).Sees("card declined").Misses("cannot read")
	})
}

func TestOneLetterAllOrTheMarkedOnesAreReplayed(t *testing.T) {
	for _, c := range []struct {
		keys  string
		count int
		left  string
	}{
		{"enter enter r", 1, "2 open"}, {"enter space r", 1, "2 open"}, {"enter space space r", 2, "1 open"}, {"r", 2, "1 open"}, {"enter r", 2, "1 open"},
	} {
		t.Run(c.keys, func(t *testing.T) {
			dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
				for key := range strings.FieldsSeq(c.keys) {
					screen.Press(key).Wait(100 * time.Millisecond)
				}
				screen.Wait(time.Second).Sees("nothing has happened yet", "read by", "payment", "exactly once", "removes")
				screen.Press("enter").Sees("esc leaves everything as it is").Type("7").Press("enter").Sees("that does not match "+fmt.Sprint(c.count), "nothing was sent")
				if sent(l) != 0 {
					t.Fatal("something was sent after a wrong number")
				}
				screen.Press("enter").Type(fmt.Sprint(c.count)).Press("enter").Wait(time.Second).Sees("✓ done", fmt.Sprintf("%d of %d", c.count, c.count), "✓ replayed")
				screen.Misses("p pause", "A abort")
				if sent(l) != c.count {
					t.Fatalf("%d copies", sent(l))
				}
				screen.Press("4").Wait(time.Second).Sees(c.left)
				screen.Press("6").Wait(3*time.Second).Sees("1 run", "✓ done", "ann@host", fmt.Sprintf("%d of %d", c.count, c.count))
			})
		})
	}
}

func TestALetterOfAQueueLeavesTheListWithoutAnotherLook(t *testing.T) {
	dead(t, adapters.Queue, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter", "y").Wait(time.Second).Press("r").Wait(time.Second).Press("enter").Type("2").Press("enter").Wait(time.Second).Sees("✓ done")
		screen.Press("4").Wait(5*time.Second).Sees("1 open", "timeout").Misses("declined", "has changed")
		if l.Peeks != 1 {
			t.Fatalf("%d looks", l.Peeks)
		}
	})
}

func TestManyLettersAreConfirmedByTheirDestination(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 101, "no stock")
		screen.Resize(80, 24).Wait(3*time.Second).Press("g", "r").Wait(time.Second).Press("enter").Sees("type orders to replay 101 letters:")
		screen.Type("101").Press("enter").Sees("that does not match orders; nothing was sent")
		if sent(l) != 0 {
			t.Fatal("something was sent")
		}
		screen.Press("enter").Type("orders").Press("enter").Wait(time.Second).Sees("✓ done", "101 of 101")
	})
}

func TestALongDestinationLeavesRoomToTypeIt(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		buried(l, 101, "no stock")
		long := strings.Repeat("long.", 48) + "topic"
		for i := range l.Broker.Letters {
			l.Broker.Letters[i].Headers[0].Value = []byte(long)
		}
		screen := tuitest.Open(t, l.Over(s.Options()), 80, 24).Press("4").Wait(time.Second).Press("r").Wait(time.Second)
		screen.Sees("101 letters").Press("enter").Type("here it is").Sees("to replay 101 letters: here it is")
	})
}

func TestReadOnlySaysWhatToDo(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Topic)
		options := l.Over(s.Options())
		options.Write, options.ReadOnly = false, "READ-ONLY"
		screen := tuitest.Open(t, options, 80, 24).Press("4").Wait(time.Second).Press("r").Wait(time.Second)
		screen.Sees("refused", "everything is read-only; add --write", "start with --write").Misses("confirm")
		screen.Press("enter").Wait(8 * time.Second).Sees("add --write")
		if sent(l) != 0 {
			t.Fatal("something was sent")
		}
	})
}

func TestADiscardIsShownAndTakenBack(t *testing.T) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue} {
		t.Run(string(kind), func(t *testing.T) {
			dead(t, kind, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
				if kind == adapters.Queue {
					screen.Press("enter", "y").Wait(time.Second)
				}
				screen.Press("x").Sees("reason for the discard:").Press("enter").Misses("Plan")
				screen.Press("x").Type("test data").Press("enter").Wait(time.Second).Sees("Plan: discard", "test data", "restorable")
				screen.Press("enter").Type("2").Press("enter").Wait(time.Second).Sees("✓ done", "discarded")
				screen.Press("4").Wait(3 * time.Second).Sees("1 open").Misses("declined")
				screen.Press("a").Wait(3*time.Second).Sees("0 of 2", "declined", "incl. resolved")
				screen.Press("G").Wait(time.Second)
				if !strings.Contains(screen.Selected(), "declined") {
					screen.Press("k")
				}
				screen.Press("enter").Wait(3*time.Second).Sees("2 letters", "discarded by ann@host", "test data")
				screen.Press("enter").Wait(time.Second).Sees("test data", "u restore", "because").Misses("r replay", "x discard")
				screen.Press("esc", "u").Wait(time.Second).Sees("Plan: restore").Press("enter").Type("2").Press("enter").Wait(time.Second).Sees("✓ done", "restored")
				screen.Press("4").Wait(3 * time.Second)
				if kind == adapters.Queue { // what was put back is only seen when somebody looks
					screen.Sees("has changed since it was looked at", "3 open").Press("g", "enter", "y").Wait(time.Second).Misses("has changed")
				}
				screen.Sees("3 open")
			})
		})
	}
}

// editor is a command that does what a person would do to a file: sed in place.
func editor(t *testing.T, script string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nsed "+script+" \"$1\" >\"$1.new\" && mv \"$1.new\" \"$1\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{path}
}

func TestALetterIsEditedBeforeItIsSent(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		l.BuryFor("{\n  \"type\": \"OrderPlaced\",\n  \"total\": \"12\"\n}\n", "total is text")
		l.Broker.Letters[0].Headers = append(l.Broker.Letters[0].Headers, adapters.Header{Name: "event_id", Value: []byte("evt-1")})
		options := l.Over(s.Options())
		options.Editor = editor(t, `'s/"12"/12/'`)
		screen := tuitest.Open(t, options, 100, 40).Press("4").Wait(time.Second).Press("enter").Wait(time.Second).Press("enter").Wait(time.Second)
		screen.Press("e").Wait(time.Second).Sees("Plan: replay", `-  "total": "12"`, `+  "total": 12`, "new id")
		screen.Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done")
		id, _ := l.Copies[0].Header("event_id")
		of, _ := l.Copies[0].Header("x-replay-of")
		if string(of) != "evt-1" || len(id) != 36 || !strings.Contains(string(l.Copies[0].Value), `"total": 12`) {
			t.Fatalf("the copy has id %q of %q and body %s", id, of, l.Copies[0].Value)
		}
	})
}

func TestAnEditThatChangesNothingPlansNothing(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := tuitest.NewLetters(t, adapters.Topic).Over(s.Options())
		options.Editor = editor(t, "s/x/x/")
		screen := tuitest.Open(t, options, 100, 40).Press("4").Wait(time.Second).Press("enter").Wait(time.Second).Press("enter").Wait(time.Second)
		screen.Press("e").Wait(time.Second).Sees("nothing was changed").Misses("Plan")
	})
}

func TestAFailingLetterStopsTheRunAndItGoesOn(t *testing.T) {
	dead(t, adapters.Queue, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 300, "no stock")
		bad := string(l.Broker.Letters[200].Value)
		l.Poison[bad] = true
		screen.Press("enter", "y").Wait(time.Second).Press("r").Wait(time.Second).Press("enter").Type("orders").Press("enter").Wait(time.Second)
		screen.Sees("✗ failed", "1 failed", "Go on with :resume")
		if line := screen.Selected(); !strings.Contains(line, "✗ failed") {
			t.Fatalf("the failure is not the first line but\n%s", line)
		}
		screen.Press("6").Wait(3*time.Second).Sees("✗ failed", "go on with :resume")
		screen.Press(":").Type("resume").Press("enter").Wait(time.Second).Sees("✗ failed")
		l.Change(func() { delete(l.Poison, bad) })
		screen.Press(":").Type("resume").Press("enter").Wait(time.Second).Sees("✓ done", "1 of 1", "299 done before")
		if sent(l) != 300 {
			t.Fatalf("%d copies", sent(l))
		}
		screen.Press("4").Wait(3 * time.Second).Sees("3 open")
	})
}

// atWork begins a replay of many letters and stops it after the first.
func atWork(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) (pass, all func()) {
	t.Helper()
	buried(l, 1200, "no stock")
	pass, all = l.Slow()
	t.Cleanup(all) // else a test that fails would not end
	screen.Wait(3*time.Second).Press("g", "r").Wait(time.Second).Press("enter").Type("orders").Press("enter").Wait(time.Second).Sees("▷ at work", "p pause", "A abort", "0 of 1,200")
	pass()
	screen.Wait(time.Second).Sees("1 of 1,200")
	return pass, all
}

func TestARunIsPausedAndGoesOn(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		pass, all := atWork(t, l, screen)
		screen.Press("p").Sees("‖ paused", "p go on")
		pass()
		screen.Wait(time.Minute).Sees("501 of 1,200", "‖ paused")
		screen.Press("p").Sees("▷ at work")
		all()
		screen.Wait(5*time.Second).Sees("✓ done", "1,200 of 1,200").Misses("p pause")
	})
}

func TestARunIsAborted(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		_, all := atWork(t, l, screen)
		screen.Press("A").Sees("it ends after the window in hand", "▷ ending").Misses("A abort")
		all()
		screen.Wait(5*time.Second).Sees("✗ aborted", "501 of 1,200")
		screen.Press("4").Wait(5 * time.Second).Sees("702 open") // 699 that were not sent, and 3 others
		screen.Press("6").Wait(3*time.Second).Sees("✗ aborted", "501 of 1,200")
	})
}

func TestARunGoesOnBehindOtherPages(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		pass, all := atWork(t, l, screen)
		screen.Press("1").Wait(5*time.Second).Sees("▷ replay 1 of 1,200", "☠ 1.2k dead")
		pass()
		screen.Press("4").Wait(5*time.Second).Sees("▷ replay 501 of 1,200", "702 open")
		all()
		screen.Wait(5*time.Second).Sees("3 open", "☠ 3 dead").Misses("▷ replay")
		screen.Press(":").Type("run").Press("enter").Sees("✓ done")
	})
}

func TestQuittingPausesTheRun(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		_, all := atWork(t, l, screen)
		screen.Press("ctrl+c")
		if screen.Ended() {
			t.Fatal("the program has ended with a window in hand")
		}
		all()
		if screen.Wait(time.Second); !screen.Ended() {
			t.Fatal("the program goes on")
		}
		if n := sent(l); n != 501 {
			t.Fatalf("%d copies, and the window in hand ended at 501", n)
		}
		records, _, err := l.Service.Runs()
		if err != nil || len(records) != 1 || records[0].State != "paused" || records[0].Settled != 501 {
			t.Fatalf("the journal says %+v (%v)", records[0], err)
		}
	})
}

func TestLettersThatArriveAppear(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("enter").Wait(time.Second).Sees("2 letters", "ord-b")
		selected := screen.Selected()
		l.Change(func() {
			l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-new"}`, "card declined")
			l.Broker.Letters[3].Time = time.Now()
		})
		screen.Wait(3*time.Second).Sees("3 letters", "ord-new", "☠ 4 dead")
		if now := screen.Selected(); !strings.Contains(now, strings.Fields(selected)[2]) {
			t.Fatalf("the cursor was on\n%s\nand is on\n%s", selected, now)
		}
		newest, older := strings.Index(screen.Text(), "ord-new"), strings.Index(screen.Text(), "ord-b")
		if newest > older {
			t.Fatalf("the newest is not the first:\n%s", screen.Text())
		}
	})
}

func TestLettersAreFilteredAsTheStreamIs(t *testing.T) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue} {
		t.Run(string(kind), func(t *testing.T) {
			dead(t, kind, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
				if kind == adapters.Queue {
					screen.Press("enter", "y").Wait(time.Second)
				}
				screen.Press("enter").Wait(time.Second)
				filter := func(text string) *tuitest.Screen { return screen.Press("/").Type(text) }
				filter(`json("order_id") == "ord-b"`).Press("enter").Wait(time.Second).Sees("1 letter", "ord-b").Misses("ord-a ")
				screen.Press("esc").Wait(time.Second).Sees("2 letters")
				filter(`header("tenant") == "z"`).Press("enter").Wait(time.Second).Sees("No letter passes the filter").Press("esc")
				filter("declined ORD-A").Press("enter").Wait(time.Second).Misses("2 letters").Press("esc").Wait(time.Second)
				filter("declined tenant-x").Press("enter").Wait(time.Second).Sees("0 letters").Press("esc").Wait(time.Second)
				filter("declined ord-a").Press("enter").Wait(time.Second).Sees("1 letter", "ord-a").Misses("ord-b")
				screen.Press("r").Wait(time.Second).Sees("1 letter,").Press("esc", "esc").Wait(time.Second)
				filter(`json("a" == `).Press("enter").Sees("▾ incomplete expression", `/json("a" ==`)
				peeks := l.Peeks
				screen.Press("esc").Wait(time.Second)
				if kind == adapters.Queue && peeks != 1 {
					t.Fatalf("filtering has looked into the queue: %d looks", peeks)
				}
			})
		})
	}
}

func TestALetterWithoutDestinationIsGivenOne(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		l.BuryFor("no certificate", "")
		l.Broker.Letters[0].Headers = nil
		screen := tuitest.Open(t, l.Over(s.Options()), 80, 24).Press("4").Wait(time.Second).Sees("failed in an unknown place", "nothing says why they died")
		screen.Press("enter").Wait(time.Second).Sees("unknown", "t on the plan names a").Press("r").Wait(time.Second).Sees("refused", "nothing but a guess").Misses("confirm")
		screen.Press("t").Type("orders").Press("enter").Wait(time.Second).Sees("orders, 1 letter").Misses("refused")
		screen.Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done")
		if sent(l) != 1 {
			t.Fatal("nothing was sent")
		}
	})
}

// TestADestinationThatOnlyALetterClaimsIsTyped before anything goes there.
func TestADestinationThatOnlyALetterClaimsIsTyped(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		for range 20 {
			l.BuryFor("honest", "rejected")
		}
		l.Broker.BuryFrom("payments", "forged")
		screen := tuitest.Open(t, l.Over(s.Options()), 120, 40).Press("4").Wait(time.Second).Press("j", "r").Wait(time.Second)
		screen.Sees("refused", "only they say that they belong to payments", "20 letters here say orders")
		screen.Press("c").Sees("type its name").Type("orders").Press("enter").Wait(time.Second).Sees("that is none of them", "refused")
		screen.Press("c").Type(" payments ").Press("enter").Wait(time.Second).Sees("payments, 1 letter").Misses("refused")
		screen.Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done")
		if sent(l) != 1 {
			t.Fatal("nothing was sent")
		}
	})
}

func TestADeadLetterOfAFlowLeadsToItsLetter(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		put(t, s, s.Order(1, time.Now(), 2)...)
		headers := []adapters.Header{{Name: "dlq-original-topic", Value: []byte("orders")}, {Name: "dlq-reason", Value: []byte("card declined")}}
		put(t, s, tuitest.Event{Source: s.Kafka, To: "dlq", Key: "ord-1001", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "ord-1001", ID: "e-1-1", Headers: headers})
		screen := tuitest.Open(t, l.Over(s.Options()), 120, 30).Press("enter").Wait(time.Second).Sees("Flow ord-1001", "D dead letter")
		screen.Press("D").Wait(time.Second).Sees("it is not in dlq any more")
		l.Change(func() { l.BuryFor(`{"type":"OrderPlaced","order_id":"ord-1001"}`, "card declined") })
		screen.Press("esc", "D").Wait(time.Second).Sees("state      open", "r replay", "card declined")
		screen.Press("F").Wait(time.Second).Sees("Flow ord-1001")
		screen.Press("g", "enter").Wait(time.Second).Misses("D dead letter").Press("D").Sees("this event is no dead letter")
	})
}

func TestNothingIsCalledDeadWhereNothingCanBeDone(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, tuitest.Event{Source: s.Kafka, To: "dlq", At: time.Now(), Type: "A", Flow: "f", ID: "1", Headers: []adapters.Header{{Name: "dlq-original-topic", Value: []byte("orders")}}})
		tuitest.Open(t, s.Options(), 120, 30).Press("enter").Wait(time.Second).Press("D").Sees("no source here has dead letters")
	})
}

// queue of dead letters is a dead-letter queue of letters that died of several things, some of them long and ugly.
func graveyard(t *testing.T) *tuitest.Letters {
	l := tuitest.EmptyDLQ(t, adapters.Topic)
	begun := time.Now()
	for i, why := range []string{
		"card declined", "card declined", "timeout after 5s", "card declined",
		"\x1b[31mred\x1b[0m alert\x07 " + strings.Repeat("at com.example.Very.Long.Trace(Trace.java:1) ", 6), "", "timeout after 5s",
	} {
		l.BuryFor(fmt.Sprintf(`{"type":"OrderPlaced","payload":{"order_id":"ord-%d","total":%d}}`, 1000+i, 10*i), why)
		l.Broker.Letters[i].Time = begun.Add(time.Duration(i) * 7 * time.Second)
	}
	ugly := &l.Broker.Letters[4]
	ugly.Value = []byte(`{"type":"` + strings.Repeat("VeryLongName", 21) + `"}`)
	l.Broker.Letters[5].Headers, l.Broker.Letters[5].Value = nil, []byte("\xff\x00")
	l.Broker.Letters[6].Headers = append(l.Broker.Letters[6].Headers, adapters.Header{Name: "x-replay-count", Value: []byte("2")})
	return l
}

func TestLetterFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		for _, page := range []struct{ name, keys string }{
			{"graves", ""}, {"letters", "enter space"}, {"plan", "r"}, {"run", "r enter 3 enter"},
		} {
			t.Run(name(page.name, size), func(t *testing.T) {
				story(t, func(t *testing.T, s *tuitest.System) {
					l := graveyard(t)
					<-time.After(3 * time.Minute)
					screen := tuitest.Open(t, l.Over(s.Options()), size[0], size[1]).Press("4").Wait(time.Second)
					for key := range strings.FieldsSeq(page.keys) {
						screen.Press(key).Wait(100 * time.Millisecond)
					}
					golden(t, screen.Wait(3*time.Second), name(page.name, size))
				})
			})
		}
	}
}
