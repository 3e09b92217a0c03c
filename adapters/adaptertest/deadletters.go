package adaptertest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// DeadLetterBroker is how the suite of dead letters reaches one kind of destination of one
// broker: a real one, or a model that other tests stand on.
type DeadLetterBroker struct {
	// Kind is Topic or Queue.
	Kind adapters.DestinationKind

	// Properties says that the AMQP basic properties travel with a letter.
	Properties bool

	// Exchanges says that a target may be an exchange and a routing key, and have any name.
	Exchanges bool

	// Distinct says that equal letters have positions of their own, since the broker gives each an id.
	Distinct bool

	// Shared says that several redrives at once are let in, and given different letters.
	Shared bool

	// Unordered says that letters are handed out in any order. They are then compared by their bodies.
	Unordered bool

	// Unmarked says that a letter which was taken and given back is as it was, and nothing tells of it.
	Unmarked bool

	// OneWay says that nobody can send to the dead-letter queue itself.
	OneWay bool

	// Make creates a destination for dead letters that nobody else uses and that has one log,
	// and another one to send copies to. Both go at the end of t.
	Make func(t testing.TB) DeadLetterPlace
}

// DeadLetterPlace is a destination for dead letters, and what the suite needs beside it.
type DeadLetterPlace struct {
	// Name is that of the destination.
	Name string

	// Bury publishes dead letters, and returns when the broker has them. Value and Headers
	// are given, and Properties with a MessageID where those travel.
	Bury func(t testing.TB, letters ...adapters.Message)

	// Open opens the broker as another process would, until the end of t.
	Open func(t testing.TB, write bool) deadletter.Queues

	// Target takes copies, and Nowhere is a target that is not there.
	Target, Nowhere deadletter.Target
	// TargetOf is that of the driver.
	TargetOf deadletter.TargetOf

	// Received are the copies that committed readers of Target have seen so far, in order. It
	// may take them away.
	Received func(t testing.TB) []adapters.Message
}

// RunDeadLetters runs the suite of dead letters.
func RunDeadLetters(t *testing.T, broker DeadLetterBroker) {
	for _, test := range deadLetterTests {
		if test.only == "" || test.only == broker.Kind {
			t.Run(test.name, func(t *testing.T) {
				place := broker.Make(t)
				test.run(&letterTest{T: t, DeadLetterBroker: broker, place: place, letters: place.Open(t, true)})
			})
		}
	}
}

var deadLetterTests = []struct {
	name string
	only adapters.DestinationKind // empty is any
	run  func(*letterTest)
}{
	{"ClusterIsTheSame", "", testClusterIsTheSame},
	{"IsListed", "", testIsListed},
	{"PeekIsWholeAndInOrder", "", testPeekIsWhole},
	{"PeekLeavesLettersToTheirReader", "", testPeekLetsGo},
	{"PeekEndsWithAnError", "", testPeekEnds},
	{"PeekIsBounded", "", testPeekIsBounded},
	{"PeekGoesOnFromOffsets", adapters.Topic, testPeekGoesOn},
	{"EncodedIsTheSame", adapters.Queue, testEncoded},
	{"EncodesNoLog", adapters.Topic, testEncodesNoLog},
	{"TargetsAreReadBack", "", testTargets},
	{"Recipients", "", testRecipients},
	{"ReadOnly", "", testReadOnly},
	{"RedriveTakesWhatWasOrdered", "", testRedriveTakes},
	{"RedriveSends", "", testRedriveSends},
	{"RedrivePosts", "", testRedriveSendsAgain},
	{"RedriveTellsOutcomes", "", testRedriveOutcomes},
	{"RedriveSettles", "", testRedriveSettles},
	{"RedriveGivesBackInOrder", adapters.Queue, testRedriveGivesBack},
	{"RedriveTakesEqualLetters", adapters.Queue, testRedriveEqual},
	{"RedriveIsExclusive", "", testRedriveExclusive},
	{"RedriveOfATopicMadeAgain", adapters.Topic, testRedriveMadeAgain},
	{"PublisherSends", "", testPublisher},
	{"PublisherPutsBack", adapters.Queue, testPublisherPutsBack},
	{"LedgerIsReadOn", adapters.Topic, testLedgerIsReadOn},
	{"LedgerIsWrittenWithTheCopies", adapters.Topic, testLedgerWithCopies},
	{"NoLedger", adapters.Queue, testNoLedger},
}

// letterTest is one subtest at one place.
type letterTest struct {
	*testing.T
	DeadLetterBroker
	place   DeadLetterPlace
	letters deadletter.Queues // for writing
}

// bury publishes letters "name 0", "name 1", …, and returns their bodies.
func (lt *letterTest) bury(name string, n int) (bodies []string) {
	lt.Helper()
	letters := make([]adapters.Message, n)
	for i := range letters {
		bodies = append(bodies, fmt.Sprint(name, " ", i))
		letters[i] = adapters.Message{Value: []byte(bodies[i]), Headers: []adapters.Header{
			{Name: "died-of", Value: []byte("timeout")}, {Name: "tenant", Value: []byte("a")},
		}}
		if lt.Properties {
			letters[i].Properties = &adapters.Properties{MessageID: "id of " + bodies[i]}
		}
	}
	lt.place.Bury(lt, letters...)
	return bodies
}

// peek looks at all letters.
func (lt *letterTest) peek() []deadletter.Delivery {
	lt.Helper()
	return lt.peekAt(deadletter.Peek{})
}

func (lt *letterTest) peekAt(peek deadletter.Peek) (all []deadletter.Delivery) {
	lt.Helper()
	peek.DLQ = lt.place.Name
	err := lt.letters.Peek(lt.Context(), peek, func(part []deadletter.Delivery) error {
		all = append(all, part...)
		return nil
	})
	if err != nil {
		lt.Fatal(err)
	}
	return lt.sorted(all)
}

// sorted are letters as they lie, or by their bodies where they lie in any order.
func (lt *letterTest) sorted(letters []deadletter.Delivery) []deadletter.Delivery {
	if lt.Unordered {
		slices.SortStableFunc(letters, func(a, b deadletter.Delivery) int { return byNumber(string(a.Value), string(b.Value)) })
	}
	return letters
}

// byNumber compares "letter 9" with "letter 10" as people do.
func byNumber(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// lie requires that just these letters lie there, in order.
func (lt *letterTest) lie(bodies []string) {
	lt.Helper()
	if got := heldValues(lt.peek()); !slices.Equal(got, bodies) {
		lt.Errorf("there lie %s, want %s", clip(got), clip(bodies))
	}
}

// came requires that just these copies came to the target, in order.
func (lt *letterTest) came(bodies ...string) (copies []adapters.Message) {
	lt.Helper()
	copies = lt.place.Received(lt)
	if lt.Unordered {
		at := func(m adapters.Message) int { return slices.Index(bodies, string(m.Value)) }
		slices.SortStableFunc(copies, func(a, b adapters.Message) int { return at(a) - at(b) })
	}
	if got := values(copies); !slices.Equal(got, bodies) {
		lt.Errorf("%d copies came, %s, want %s", len(got), clip(got), clip(bodies))
	}
	return copies
}

// redrive begins one on letters, and closes it with the test at the latest.
func (lt *letterTest) redrive(letters []deadletter.Delivery) deadletter.Redrive {
	lt.Helper()
	return lt.redriveBy(lt.letters, letters)
}

func (lt *letterTest) redriveBy(by deadletter.Queues, letters []deadletter.Delivery) deadletter.Redrive {
	lt.Helper()
	r, err := by.Redrive(lt.Context(), deadletter.Order{DLQ: lt.place.Name, Run: "run-1", Letters: positionsOf(letters)})
	if err != nil {
		lt.Fatal(err)
	}
	lt.Cleanup(func() { _ = r.Close() })
	return r
}

// next takes letters and requires that some came, and no more than were asked for.
func (lt *letterTest) next(r deadletter.Redrive, most int) []deadletter.Delivery {
	lt.Helper()
	held, err := r.Next(lt.Context(), most)
	if err != nil || len(held) == 0 || len(held) > most {
		lt.Fatalf("%d letters came of %d at most: %v", len(held), most, err)
	}
	return held
}

// rest takes all letters that a redrive still hands over.
func (lt *letterTest) rest(r deadletter.Redrive) (all []deadletter.Delivery) {
	lt.Helper()
	for {
		held, err := r.Next(lt.Context(), 3)
		if err != nil {
			lt.Fatal(err)
		}
		if all = append(all, held...); len(held) == 0 {
			return lt.sorted(all)
		}
	}
}

// send sends copies that all must arrive.
func (lt *letterTest) send(r deadletter.Redrive, held []deadletter.Delivery, entries ...deadletter.Entry) {
	lt.Helper()
	outcomes, err := r.Send(lt.Context(), lt.copies(held), entries)(lt.Context())
	if err != nil || len(outcomes) != len(held) || errors.Join(outcomes...) != nil {
		lt.Fatalf("%d outcomes of %d copies: %v, %v", len(outcomes), len(held), errors.Join(outcomes...), err)
	}
}

// copies are copies of letters to the target, changed as a replay does.
func (lt *letterTest) copies(held []deadletter.Delivery) (copies []deadletter.Copy) {
	for i := range held {
		copies = append(copies, deadletter.Copy{
			Of: &held[i], To: lt.place.Target, Remove: []string{"died-of"}, Add: []adapters.Header{{Name: "x-replay-id", Value: []byte("r")}},
		})
	}
	return copies
}

func heldValues(letters []deadletter.Delivery) (bodies []string) {
	for i := range letters {
		bodies = append(bodies, string(letters[i].Value))
	}
	return bodies
}

func positionsOf(letters []deadletter.Delivery) (positions []adapters.Position) {
	for i := range letters {
		positions = append(positions, letters[i].Position)
	}
	return positions
}
