package tui_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/deadletter"
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tui/tuitest"
)

// TestTheCursorStaysOnItsGroup when others come above it, grow past it, and go.
func TestTheCursorStaysOnItsGroupOfLetters(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("G").Selects("timeout")
		buried(l, 5, "no stock")
		screen.Wait(3 * time.Second).Sees("8 open").Selects("timeout").Press("r").Wait(time.Second).Sees("1 letter,").Press("esc")
		buried(l, 9, "timeout")
		screen.Wait(3*time.Second).Selects("10", "timeout").Press("j").Selects("no stock").Press("k", "k", "k").Selects("timeout")
		screen.Press("G").Selects("card declined")
		elsewhere(t, l, "test data") // the newest, of a timeout
		screen.Wait(20 * time.Second).Sees("16 open").Selects("card declined")
	})
}

// TestAQueueThatWasNotReadTakesItsOwnKeysOnly: what acts on letters does nothing there, and both
// keys that peek ask first.
func TestAQueueThatWasNotReadTakesItsOwnKeysOnly(t *testing.T) {
	dead(t, adapters.Queue, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Sees("⏎ peek", "  3  dlq  not inspected").Misses("r replay", "x discard", "older not listed", "not read yet")
		for _, key := range []string{"r", "x", "a", "a", "j", "G"} {
			screen.Press(key).Wait(3*time.Second).Misses("y/N", "Plan", "reason for", "none of these")
		}
		for _, key := range []string{"enter", "L"} {
			screen.Press(key).Sees("peek 3 messages of dlq? y/N", "each is taken, copied to this machine and given back").Press("n").Misses("y/N")
		}
		if l.Peeks != 0 {
			t.Fatal("it was looked into")
		}
		screen.Press("L", "Y").Wait(time.Second).Sees("card declined", "⏎ letters", "r replay", "x discard").Misses("not inspected", "⏎ peek")
		screen.Press("L").Sees("peek 3 messages of dlq? y/N").Press("y").Wait(time.Second)
		if l.Peeks != 2 {
			t.Fatalf("%d looks", l.Peeks)
		}
	})
}

// TestWhatIsNotKnownOfAQueueIsAQuestionMark, and nobody is asked about a number then.
func TestWhatIsNotKnownOfAQueueIsAQuestionMark(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.NewLetters(t, adapters.Queue)
		unsafe := &adapters.Problem{Doing: "look into dlq", Cause: "its policy is not known", Kind: deadletter.ErrUnsafePeek}
		l.DLQ = func(g *deadletter.Queue) { g.Messages, g.Unsafe = -1, unsafe }
		screen := tuitest.Open(t, l.Over(s.Options()), 140, 30).Press("4").Wait(time.Second).Sees("?  dlq  ! not inspected: cannot look into dlq: its policy is not known").Misses("⏎ peek", "-1", "☠ 1 dead")
		screen.Press("L").Sees("✗ cannot look into dlq: its policy is not known").Misses("y/N")
		l.Change(func() { l.DLQ = func(g *deadletter.Queue) { g.Messages = -1 } })
		screen.Press("esc").Wait(3*time.Second).Sees("⏎ peek", "?  dlq  not inspected: enter peeks").Misses("policy").Press("enter").Sees("peek all messages of dlq? y/N").Press("y").Wait(time.Second).Sees("3 open", "card declined")
		l.Change(func() { l.DLQ = func(g *deadletter.Queue) { g.Messages = 0 } })
		screen.Wait(3 * time.Second).Sees("has changed since it was looked at")
	})
}

// TestFiguresAreNeverCut: a number of which a part is missing is another number.
func TestFiguresAreNeverCut(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 2)...)
		l := tuitest.NewLetters(t, adapters.Queue)
		l.DLQ = func(g *deadletter.Queue) { g.Messages = 12_345_678 }
		c := tuitest.NewConsumers(s.Kafka, &tuitest.Group{Name: "billing", Topic: "orders", Members: make([]consumer.Member, 1), Partitions: []tuitest.Partition{{End: 1_234_567_890}}})
		options := c.Over(l.Over(s.Options()))
		options.Querier = altered{s.Store, func(f *tracing.Flow) { f.Events = 1_234_567 }, nil}
		screen := tuitest.Open(t, options, 80, 24)
		for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 24}} {
			screen.Resize(size[0], size[1])
			for page, sees := range map[string]string{"2": "1,234,567  ", "3": "1,234,567,890", "4": "12,345,678  dlq", "5": "1,234,567,890"} {
				screen.Press(page).Wait(3 * time.Second).Sees(sees)
			}
			screen.Press("3", "enter").Wait(3*time.Second).Sees("lag 1,234,567,890", "orders/0").Press("4", "enter").Sees("peek 12,345,678 messages").Press("n")
		}
	})
}

// TestTheListOfLettersKeepsUpWithTheirBroker: each change of what is known is drawn.
func TestTheListOfLettersKeepsUpWithTheirBroker(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		for _, step := range []struct {
			change       func()
			sees, misses string
		}{
			{func() { l.LedgerHidden = errors.New("the ledger is hidden") }, "the ledger is hidden", "no permission"},
			{func() { l.LedgerHidden = errors.New("the ledger is away") }, "the ledger is away", "hidden"},
			{func() { l.LedgerHidden = nil }, "3 open", "the ledger"},
			{func() { l.Down = errors.New("connection refused") }, "connection refused", "Nobody knows which"},
			{func() { l.Down = errors.New("connection reset") }, "connection reset", "refused"},
			{func() { l.Down = nil }, "3 open", "connection"},
			{func() { l.Broken = errors.New("no permission"); l.BuryFor("x", "y") }, "no permission", "connection"},
			{func() { l.Broken = errors.New("no leader") }, "no leader", "no permission"},
			{func() { l.Broken = nil }, "4 open", "no leader"},
		} {
			l.Change(step.change)
			screen.Wait(20 * time.Second).Sees(step.sees).Misses(step.misses)
		}
	})
}

// TestAgesGrowWhereTheyAreShown, and nobody makes one up.
func TestAgesGrowWhereTheyAreShown(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		l.Change(func() { died(l, 0, time.Hour); died(l, 1, 2*time.Minute) })
		l.Change(func() { l.Incarnation = "again" })
		screen.Wait(20*time.Second).Press("g").Selects(" 2m ", "card declined").Sees("oldest 1h").Press("G").SelectsNot("m ")
		screen.Press("g").Wait(time.Minute).Selects(" 3m ").Press("enter").Wait(time.Second).Selects("3m", "ord-b").Press("G").Selects("1h", "ord-a").Wait(time.Hour).Selects("2h", "ord-a")
	})
}

// TestOnlyWhatIsDifferentTakesRoom: of places that are the same for all the narrow screen shows
// the other ones.
func TestOnlyWhatIsDifferentTakesRoom(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		_, screen := queues(t, s, map[string]int{"alpha": 2, "beta": 1, "gamma": 3})
		for range 3 {
			screen.Press("g", "enter", "y").Wait(time.Second)
		}
		leaves(t, screen, "Failed in", "DLQ")
	})
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		for _, origin := range []string{"orders", "payments"} {
			l.Broker.BuryFrom(origin, "{}", header("dlq-reason", "late")...)
		}
		leaves(t, tuitest.Open(t, l.Over(s.Options()), 140, 24).Press("4").Wait(time.Second), "DLQ", "Failed in")
	})
}

// leaves fails unless the first text leaves a screen that becomes narrow before the other does.
func leaves(t *testing.T, screen *tuitest.Screen, first, other string) {
	t.Helper()
	for width := 140; width > 40; width-- {
		if text := screen.Resize(width, 24).Text(); !strings.Contains(text, first) || !strings.Contains(text, other) {
			screen.Sees(other).Misses(first)
			return
		}
	}
	t.Fatal("nothing has left")
}

// long are names that are as long as the columns are wide.
var long = struct{ service, kind, topic, flow, dlq, group string }{
	strings.Repeat("s", 15), strings.Repeat("k", 20), strings.Repeat("t", 20), strings.Repeat("f", 20), strings.Repeat("d", 22), strings.Repeat("g", 24),
}

// TestWhatThereIsRoomForIsNotCut: columns are as wide as what they show, and no wider.
func TestWhatThereIsRoomForIsNotCut(t *testing.T) {
	for page, keys := range map[string]string{
		"Stream": "", "Flows": "2", "Flow": "enter", "Lanes": "enter v", "Dead letters": "4", "Letters": "4 enter", "Journal": "6", "Steps": "6 enter", "Lag": "3", "Partitions": "3 enter", "Tree": "5", "Topology": "5 v", "Services": "5 v v",
	} {
		t.Run(page, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, tuitest.Event{Source: s.Kafka, To: long.topic, At: time.Now(), Type: long.kind, Service: long.service, Flow: long.flow, ID: "e-1", Value: "{}"},
					tuitest.Event{Source: s.Kafka, To: long.topic, At: time.Now(), Type: long.kind, Service: "short", Flow: long.flow, ID: "e-2", Cause: "e-1", Value: "{}"})
				l := tuitest.EmptyDLQ(t, adapters.Topic)
				l.DLQ = func(g *deadletter.Queue) {
					g.Name, g.Partitions = long.dlq, map[adapters.Log]deadletter.Offsets{{Destination: long.dlq}: {End: g.Messages}}
				}
				for range 2 {
					l.Broker.BuryFrom(long.topic, `{"type":"`+long.kind+`","order_id":"`+long.flow+`"}`, header("dlq-reason", "late")...)
				}
				for i := range l.Broker.Letters {
					l.Broker.Letters[i].Position.Destination = long.dlq
				}
				if page == "Journal" || page == "Steps" {
					elsewhere(t, l, "test data")
				}
				c := tuitest.NewConsumers(s.Kafka, &tuitest.Group{Name: long.group, Topic: long.topic, Partitions: []tuitest.Partition{{End: 1_234_567_890}}},
					&tuitest.Group{Name: "b", Topic: "t", Partitions: []tuitest.Partition{{}}})
				screen := tuitest.Open(t, c.Over(l.Over(s.Options())), 280, 24).Wait(time.Second)
				for key := range strings.FieldsSeq(keys) {
					screen.Press(key).Wait(3 * time.Second)
				}
				screen.Misses("…").Resize(120, 40).Wait(time.Second).Resize(80, 24).Wait(time.Second).Resize(40, 10).Wait(time.Second)
			})
		})
	}
}

// TestTwoQueuesOfOneNameAreTwo: what is asked of one broker's is not answered by the other's.
func TestTwoQueuesOfOneNameAreTwo(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		one, other := tuitest.EmptyDLQ(t, adapters.Topic), tuitest.EmptyDLQ(t, adapters.Topic)
		one.Source, other.Source = "east", "west"
		for i, l := range []*tuitest.Letters{one, other} {
			for _, order := range []string{"ord-a", "ord-b"} {
				l.BuryFor(`{"type":"OrderPlaced","order_id":"`+order+`","site":"`+l.Source+`"}`, "died in "+l.Source+strings.Repeat("!", i))
			}
		}
		tuitest.Together(t, t.TempDir(), one, other)
		screen := tuitest.Open(t, one.Over(s.Options()), 140, 30).Press("4").Wait(time.Second).Sees("4 open")
		screen.GoTo("j", "died in west")
		screen.Press("enter").Wait(time.Second).Filter(`json("site") == "west" && json("order_id") == "ord-b"`).Sees("1 letter", "ord-b")
		one.Change(func() { one.Down = errors.New("east is away") })
		screen.Wait(5 * time.Second).Misses("as of ")
		other.Change(func() { other.Down = errors.New("west is away") })
		screen.Wait(5 * time.Second).Sees("as of ")
		other.Change(func() { other.Down = nil })
		screen.Wait(5 * time.Second).Misses("as of ").Press("r").Wait(time.Second).Sees("1 letter,").Press("enter").Type("1").Press("enter").Wait(time.Second).Sees("✓ done")
		if sent(one) != 0 || sent(other) != 1 {
			t.Fatalf("%d copies in the east and %d in the west", sent(one), sent(other))
		}
	})
}

// TestTheCursorComesUpWithItsRow when all above it are dealt with elsewhere.
func TestTheCursorComesUpWithItsRow(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 3, "no stock")
		screen.Wait(3*time.Second).Press("g", "enter").Wait(time.Second).Press("j").Selects("ord-00001")
		elsewhere(t, l, "test data") // the newest, which is the first
		screen.Wait(20 * time.Second).Sees("2 letters").Selects("ord-00001").Press("k").Selects("ord-00001").Press("j").Selects("ord-00000").Press("esc").Wait(time.Second)
		screen.Press("G").Selects("timeout")
		for range 2 {
			othersRun(t, l, replay.Discard, "old", func(letter *replay.Letter) bool {
				return letter.State == replay.Open && letter.DeadLetter.Reason != "timeout"
			})
			screen.Wait(20 * time.Second).Selects("timeout").Sees("1 open")
			l.Change(func() { l.BuryFor("{}", "late") })
			screen.Wait(3 * time.Second).Selects("timeout")
		}
	})
}

// TestAClickOnAHeadingSelectsNothing, nor one on the title of a page.
func TestAClickOnAHeadingSelectsNothing(t *testing.T) {
	onEveryPage(t, asItIs, func(t *testing.T, page string, screen *tuitest.Screen) {
		if page == "Stream" || page == "Plan" {
			return // which have none
		}
		screen.Press("g", "j")
		at, lines := screen.Selected(), strings.Split(screen.Text(), "\n")
		first := slices.IndexFunc(lines[3:], func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), strings.TrimSpace(at)) }) + 3
		for row := 2; row < first-1; row++ {
			if line := strings.TrimSpace(lines[row]); page == "Event" || page == "Letter" || line == "" {
				continue // whose facts are no list
			}
			screen.Click(60, row)
		}
		screen.Selects(at)
	})
}

// TestLettersThatStayAreToldOf by the run that leaves them: each letter of the choice is one that
// was sent, or one of which it is said why not.
func TestLettersThatStayAreToldOf(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		l.Change(func() {
			l.Broker.Letters[0].Headers = append(l.Broker.Letters[0].Headers, header("x-replay-count", "99")...)
			l.Incarnation = "again"
		})
		screen.Wait(20*time.Second).Press("g", "r").Wait(time.Second).Sees("1 letter,", "stays").Press("enter").Sees("type 1 to replay 1 letter").Type("1").Press("enter").Wait(time.Second)
		screen.Sees("✓ done", "2 of 2", "1 skipped").Press("q").Wait(3 * time.Second).Sees("2 open")
		if sent(l) != 1 {
			t.Fatalf("%d copies", sent(l))
		}
	})
}

// TestAQueueIsCountedDownWhileARunEmptiesIt, without another look; and a letter that somebody else
// took out of it is told of, and not sent.
func TestAQueueIsCountedDownWhileARunEmptiesIt(t *testing.T) {
	dead(t, adapters.Queue, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		buried(l, 1200, "no stock")
		pass, all := l.Slow()
		t.Cleanup(all)
		screen.Wait(3*time.Second).Press("enter", "y").Wait(time.Second).Press("g").Selects("no stock", "1,200")
		l.Change(func() { l.Broker.Letters = slices.Delete(l.Broker.Letters, 100, 101) }) // one of those
		screen.Press("r").Wait(time.Second).Press("enter").Type("orders").Press("enter").Wait(time.Second).Sees("▷ at work")
		for range 3 { // the first half window is taken out of the queue when the third goes
			pass()
			screen.Wait(3 * time.Second)
		}
		screen.Press("4").Wait(5 * time.Second)
		if line := screen.Line(" open  "); strings.Contains(line, "1,203") || strings.Contains(line, "1,202") {
			t.Fatalf("letters that were sent are counted as open: %s", line)
		}
		all()
		screen.Wait(5*time.Second).Sees("3 open").Misses("no stock").Command("run").Sees("✓ done", "1 skipped", "1,200 of 1,200")
		if l.Peeks != 1 || sent(l) != 1199 {
			t.Fatalf("%d looks and %d copies", l.Peeks, sent(l))
		}
	})
}
