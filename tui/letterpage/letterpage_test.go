package letterpage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/tui/eventpage"
	"eventscope/tui/letterpage"
	"eventscope/tui/page"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// morgue is the pages about the letters of a model broker.
type morgue struct {
	*tuitest.Alone
	*tuitest.Letters
	t     *testing.T
	model *letterpage.Model
}

// visit tells a story of dead letters in virtual time, on a screen that may write or not.
func visit(t *testing.T, kind adapters.DestinationKind, write bool, tell func(m *morgue)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &morgue{Alone: tuitest.NewAlone(t, 160, 30), Letters: tuitest.EmptyDLQ(t, kind), t: t}
		words := page.Words{"kafka": driver.Words{Product: "Kafka", Target: "a topic"}, "rabbitmq": driver.Words{Product: "RabbitMQ", Target: "a queue, or exchange:routing-key"}}
		m.model = letterpage.NewModel(&letterpage.Config{Screen: m.Alone, Service: m.Service, Write: write, Words: words, Events: &eventpage.Config{Screen: m.Alone, Words: words}})
		tell(m)
	})
}

// dead are letters of a type that died for a reason and go to a destination, as many as are said.
func (m *morgue) dead(n int, origin, kind, reason string) *morgue {
	for i := range n {
		m.BuryFrom(origin, fmt.Sprintf(`{"type":%q,"order_id":"ord-%s-%03d"}`, kind, origin, i), adapters.Header{Name: "dlq-reason", Value: []byte(reason)})
	}
	return m
}

// listed shows the first page about dead letters, after a peek where one is asked for.
func (m *morgue) listed() *morgue {
	m.Show(letterpage.NewDLQs(m.model))
	if m.Kind == adapters.Queue {
		m.Press("enter").Sees("each is taken, copied to this machine and given back").Press("y")
	}
	m.Press("g")
	return m
}

// confirm types what a plan asks for, some time after it was listed.
func (m *morgue) confirm(word string) *tuitest.Alone {
	m.t.Helper()
	return m.Pass(time.Second).Press("enter").Write(word)
}

// sent is how many copies there are, by where they went.
func (m *morgue) sent() string {
	count := map[string]int{}
	for i := range m.Copies {
		count[m.Copies[i].Position.Destination]++
	}
	var all []string
	for to, n := range count {
		all = append(all, fmt.Sprintf("%d to %s", n, to))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func (m *morgue) wasSent(want string) {
	m.t.Helper()
	if got := m.sent(); got != want {
		m.t.Errorf("sent are %q, want %q", got, want)
	}
}

// TestAFewLettersAreConfirmedByTheirNumber: anything else does nothing, and says so.
func TestAFewLettersAreConfirmedByTheirNumber(t *testing.T) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue} {
		visit(t, kind, true, func(m *morgue) {
			m.dead(3, "orders", "OrderPlaced", "timeout").listed().Press("r").Sees("3 letters,", "nothing has happened yet")
			for _, wrong := range []string{"2", "4", "30", "y", "orders", "3 3"} {
				m.Press("enter").Sees("type 3 to replay 3 letters:", "esc leaves everything as it is").Write(wrong).Sees("that does not match 3; nothing was sent", "nothing has happened yet")
			}
			m.Press("enter").Write(" ")
			m.wasSent("")
			m.confirm(" 3 ").Sees("✓ done", "3 of 3", "✓ replayed").Misses("p pause", "A abort")
			m.wasSent("3 to orders")
			m.Press("esc").Pass(3 * time.Second).Sees("No open dead letters")
		})
	}
}

// TestManyLettersAreConfirmedByWhereMostOfThemGo, and those that go nowhere by where they lie: a number
// is typed too easily.
func TestManyLettersAreConfirmedByWhereMostOfThemGo(t *testing.T) {
	many := func(m *morgue) {
		m.dead(40, "audit", "OrderPlaced", "timeout").dead(70, "orders", "OrderPlaced", "timeout").listed()
	}
	visit(t, adapters.Topic, true, func(m *morgue) {
		m.dead(100, "orders", "OrderPlaced", "timeout").listed().Press("r", "enter").Sees("type 100 to replay 100 letters:").Write("")
		m.dead(1, "orders", "OrderPlaced", "timeout")
		m.Press("esc").Pass(3*time.Second).Press("r", "enter").Sees("type orders to replay 101 letters:").Write("101").Sees("that does not match orders; nothing was sent")
		m.wasSent("")
	})
	visit(t, adapters.Topic, true, func(m *morgue) {
		many(m)
		m.Press("g", "x").Sees("reason for the discard:").Write("").Misses("Plan").Press("x").Write("test data").Sees("reason      test data")
	})
	visit(t, adapters.Queue, true, func(m *morgue) {
		m.dead(101, "orders", "OrderPlaced", "timeout").listed().Press("x").Write("test data").Press("enter").Sees("type dlq to discard 101 letters:").Write("orders").Sees("that does not match dlq").Press("enter").Write("dlq").Sees("✓ done", "101 of 101", "✓ discarded")
		if m.wasSent(""); m.Left() != 0 {
			t.Errorf("%d are left", m.Left())
		}
	})
}

// TestOfAPlanWithSeveralDestinationsTheLargestIsTyped, whatever is said first.
func TestOfAPlanWithSeveralDestinationsTheLargestIsTyped(t *testing.T) {
	visit(t, adapters.Topic, true, func(m *morgue) {
		for _, origin := range []string{"audit", "orders", "zoo"} {
			n := map[string]int{"audit": 40, "orders": 41, "zoo": 40}[origin]
			for i := range n {
				m.BuryFrom("orders", fmt.Sprintf(`{"type":"OrderPlaced","order_id":"%s-%d"}`, origin, i), adapters.Header{Name: "dlq-reason", Value: []byte("timeout")}, adapters.Header{Name: "dlq-original-topic", Value: []byte(origin)})
			}
		}
		m.listed().Press("r").Press("enter").Sees("type orders to replay")
	})
}

// TestNothingIsConfirmedWhereNothingMayBeWritten: the plan says so first, and enter says why.
func TestNothingIsConfirmedWhereNothingMayBeWritten(t *testing.T) {
	visit(t, adapters.Topic, false, func(m *morgue) {
		m.dead(2, "orders", "OrderPlaced", "timeout").listed().Press("r").Sees("✗ refused", "everything is read-only", "read-only: start with --write to carry it out").Selects("refused").Looks(theme.Bad, "refused")
		m.Press("enter").Sees("✗ cannot replay 2 letters: everything is read-only").Misses("type 2")
		m.wasSent("")
	})
}

// TestMarksSayForWhichLettersAKeyIs: the marked ones, all that are shown, or all that are listed; and a
// filter takes marks away, since what is not shown must not be acted on.
func TestMarksSayForWhichLettersAKeyIs(t *testing.T) {
	visit(t, adapters.Topic, true, func(m *morgue) {
		m.dead(4, "orders", "OrderPlaced", "timeout").listed().Press("enter").Sees("☠ 4 letters", "r replay all", "x discard all").Press("space", "space").Sees("◆ 2", "r replay ◆2").Selects("ord-orders-001")
		m.Press("r").Sees("2 letters,").Press("esc").Sees("◆ 2").Press("k", "space").Sees("◆ 1", "r replay ◆1")
		m.Press("/").Write("ord-orders-000").Sees("☠ 1 letter", "/ord-orders-000", "r replay  x discard").Misses("◆").Press("r").Sees("1 letter,")
		m.confirm("1").Sees("✓ done", "1 of 1")
		m.wasSent("1 to orders")
		m.Press("esc").Pass(3 * time.Second).Sees("No letter passes the filter. / changes it; esc clears it.").Misses("r replay").Press("esc").Sees("☠ 3 letters")
		m.Press("/").Write(`type ==`).Sees("✗ ", "☠ 3 letters").Misses("/type")
		m.Press("y").Sees("copied the position").Press("F")
		if !strings.HasPrefix(m.Copied, "dlq/0@") || !slices.Equal(m.Went, []string{"look up ord-orders-003"}) {
			t.Errorf("copied %q, and it leads to %q", m.Copied, m.Went)
		}
	})
}

// TestLettersThatWereDealtWithAreShownWhenAsked, and only those can be restored; what a key has nothing
// to do for is said.
func TestLettersThatWereDealtWithAreShownWhenAsked(t *testing.T) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue} {
		visit(t, kind, true, func(m *morgue) {
			m.dead(2, "orders", "OrderPlaced", "timeout").listed().Press("enter", "space", "x").Write("test data")
			m.confirm("1").Sees("✓ discarded").Press("esc").Pass(3 * time.Second).Sees("☠ 1 letter").Misses("discarded")
			m.Press("u").Sees("none of these letters is discarded; a shows resolved ones, too").Press("a").Pass(3*time.Second).Sees("☠ 2 letters", "incl. resolved", "discarded").Press("u").Sees("restore", "1 letter,").Press("t").Sees("only what is replayed goes somewhere")
			m.confirm("1").Sees("✓ restored").Press("esc").Pass(20 * time.Second)
			if m.Kind == adapters.Queue {
				m.Press("esc", "esc", "esc").Pass(3*time.Second).Sees("has changed since it was looked at").Press("g", "enter", "y").Pass(3 * time.Second)
			} else {
				m.Press("esc").Pass(3*time.Second).Sees("☠ 2 letters").Misses("discarded").Press("esc", "esc")
			}
			m.Sees("2  OrderPlaced")
		})
	}
}

// TestAnotherDestinationIsNamedOnThePlan, for all of its letters; none is named by nothing.
func TestAnotherDestinationIsNamedOnThePlan(t *testing.T) {
	visit(t, adapters.Topic, true, func(m *morgue) {
		m.dead(2, "gone", "OrderPlaced", "timeout")
		m.Missing["gone"] = true
		m.listed().Press("r").Sees("✗ refused", "they WOULD BE LOST, since gone does not exist", "names a destination for all letters of the plan").Press("enter").Sees("✗ cannot replay")
		m.Press("t").Sees("a topic, for all letters of the plan", "send them to:").Write("  ").Sees("WOULD BE LOST").Press("t").Write(" orders ").Sees("orders, 2 letters").Misses("✗ refused", "names a destination for all")
		m.confirm("2").Sees("✓ done")
		m.wasSent("2 to orders")
	})
}

// TestADestinationThatOnlyLettersSpeakForIsTyped letter for letter, and only one of those.
func TestADestinationThatOnlyLettersSpeakForIsTyped(t *testing.T) {
	visit(t, adapters.Topic, true, func(m *morgue) {
		m.dead(40, "orders", "OrderPlaced", "timeout").dead(1, "payments", "OrderPlaced", "timeout").listed().Press("enter").Sees("☠ 40 letters").Press("r").Press("c").Sees("the plan has no destination that only letters speak for").Press("esc", "esc")
		m.Press("G").Press("enter").Sees("☠ 1 letter").Press("r").Sees("✗ refused", "only they say that they belong to payments", "takes the name of a destination that only letters speak for")
		m.Press("c").Sees("type its name:").Write("payment").Sees("that is none of them; nothing was changed", "✗ refused").Press("c").Write("orders").Sees("that is none of them").Press("c").Write(" payments").Misses("refused").Sees("payments, 1 letter")
		m.confirm("1").Sees("✓ done")
		m.wasSent("1 to payments")
	})
}

// TestWhatFailedStandsFirstOnItsRun, with the reason, and the newest of the others below it.
func TestWhatFailedStandsFirstOnItsRun(t *testing.T) {
	visit(t, adapters.Queue, true, func(m *morgue) {
		m.dead(4, "orders", "OrderPlaced", "timeout")
		m.Poison[`{"type":"OrderPlaced","order_id":"ord-orders-002"}`] = true
		m.listed().Press("r", "enter").Write("4").Sees("✗ failed", "1 failed", "What is not settled is as it was. Go on with :resume, or end it with :abort.").Press("g").Selects("✗ failed", "too large").Press("j").Selects("✓ replayed").Looks(theme.Bad, "✗ failed").Looks(theme.Good, "✓ replayed")
		m.Poison = map[string]bool{}
		m.model.Resume("")
		m.Press("enter").Sees("steps of ", "begun", "failed")
	})
}

// TestAGroupIsFoundAgainWhereverItsRowGoes, by the letters that it is of, and one that is gone leaves the
// cursor in its place.
func TestAGroupIsFoundAgainWhereverItsRowGoes(t *testing.T) {
	visit(t, adapters.Topic, true, func(m *morgue) {
		m.dead(3, "orders", "OrderPlaced", "timeout").dead(2, "orders", "OrderPaid", "declined").dead(1, "orders", "OrderShipped", "lost").listed().Selects("OrderPlaced").Press("j").Selects("OrderPaid", "declined")
		m.dead(5, "orders", "OrderPaid", "declined").Pass(3*time.Second).Selects("OrderPaid", " 7").Press("g").Selects("OrderPaid").Press("G").Selects("OrderShipped")
		m.dead(9, "orders", "OrderShipped", "lost").Pass(3*time.Second).Selects("OrderShipped", " 10").Sees("☠ 20 open")
		m.Press("x").Write("test data")
		m.confirm("10").Sees("✓ done").Press("esc").Pass(3*time.Second).Sees("☠ 10 open", "▸").Misses("OrderShipped").Press("a").Pass(3*time.Second).Sees("0 of 10  OrderShipped", "incl. resolved").Press("esc").Pass(3 * time.Second).Misses("OrderShipped")
	})
}

// TestLettersOfWhichNothingIsKnownSaySo: neither why nor where they died, nor where they were to go.
func TestLettersOfWhichNothingIsKnownSaySo(t *testing.T) {
	visit(t, adapters.Topic, true, func(m *morgue) {
		m.BuryMessage(adapters.Message{Value: []byte("?")})
		m.listed().Selects("dlq", " ? ").Sees("failed in an unknown place, now in Kafka dlq", "nothing says why they died").Press("enter").Sees("nothing says why it died", "nothing says where it was to go: t on the plan names a destination", "unknown").Looks(theme.Warn, "unknown")
		if name := m.Top().Name().String(); name != "dlq" {
			t.Errorf("the page is called %q", name)
		}
		m.Press("r").Sees("1 letter", "nothing but a guess says where they were to go")
	})
}
