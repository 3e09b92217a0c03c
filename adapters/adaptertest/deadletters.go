package adaptertest

import (
	"errors"
	"fmt"
	"slices"
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
func (u *letterTest) bury(name string, n int) (bodies []string) {
	u.Helper()
	letters := make([]adapters.Message, n)
	for i := range letters {
		bodies = append(bodies, fmt.Sprint(name, " ", i))
		letters[i] = adapters.Message{Value: []byte(bodies[i]), Headers: []adapters.Header{
			{Name: "died-of", Value: []byte("timeout")}, {Name: "tenant", Value: []byte("a")},
		}}
		if u.Properties {
			letters[i].Properties = &adapters.Properties{MessageID: "id of " + bodies[i]}
		}
	}
	u.place.Bury(u, letters...)
	return bodies
}

// peek looks at all letters.
func (u *letterTest) peek() []deadletter.Delivery {
	u.Helper()
	return u.peekAt(deadletter.Peek{})
}

func (u *letterTest) peekAt(peek deadletter.Peek) (all []deadletter.Delivery) {
	u.Helper()
	peek.DLQ = u.place.Name
	err := u.letters.Peek(u.Context(), peek, func(part []deadletter.Delivery) error {
		all = append(all, part...)
		return nil
	})
	if err != nil {
		u.Fatal(err)
	}
	return all
}

// lie requires that just these letters lie there, in order.
func (u *letterTest) lie(bodies []string) {
	u.Helper()
	if got := heldValues(u.peek()); !slices.Equal(got, bodies) {
		u.Errorf("there lie %s, want %s", clip(got), clip(bodies))
	}
}

// came requires that just these copies came to the target, in order.
func (u *letterTest) came(bodies ...string) (copies []adapters.Message) {
	u.Helper()
	copies = u.place.Received(u)
	if got := values(copies); !slices.Equal(got, bodies) {
		u.Errorf("%d copies came, %s, want %s", len(got), clip(got), clip(bodies))
	}
	return copies
}

// redrive begins one on letters, and closes it with the test at the latest.
func (u *letterTest) redrive(letters []deadletter.Delivery) deadletter.Redrive {
	u.Helper()
	return u.redriveBy(u.letters, letters)
}

func (u *letterTest) redriveBy(by deadletter.Queues, letters []deadletter.Delivery) deadletter.Redrive {
	u.Helper()
	r, err := by.Redrive(u.Context(), deadletter.Order{DLQ: u.place.Name, Run: "run-1", Letters: positionsOf(letters)})
	if err != nil {
		u.Fatal(err)
	}
	u.Cleanup(func() { _ = r.Close() })
	return r
}

// next takes letters and requires that some came, and no more than were asked for.
func (u *letterTest) next(r deadletter.Redrive, most int) []deadletter.Delivery {
	u.Helper()
	held, err := r.Next(u.Context(), most)
	if err != nil || len(held) == 0 || len(held) > most {
		u.Fatalf("%d letters came of %d at most: %v", len(held), most, err)
	}
	return held
}

// rest takes all letters that a redrive still hands over.
func (u *letterTest) rest(r deadletter.Redrive) (all []deadletter.Delivery) {
	u.Helper()
	for {
		held, err := r.Next(u.Context(), 3)
		if err != nil {
			u.Fatal(err)
		}
		if all = append(all, held...); len(held) == 0 {
			return all
		}
	}
}

// send sends copies that all must arrive.
func (u *letterTest) send(r deadletter.Redrive, held []deadletter.Delivery, entries ...deadletter.Entry) {
	u.Helper()
	outcomes, err := r.Send(u.Context(), u.copies(held), entries)(u.Context())
	if err != nil || len(outcomes) != len(held) || errors.Join(outcomes...) != nil {
		u.Fatalf("%d outcomes of %d copies: %v, %v", len(outcomes), len(held), errors.Join(outcomes...), err)
	}
}

// copies are copies of letters to the target, changed as a replay does.
func (u *letterTest) copies(held []deadletter.Delivery) (copies []deadletter.Copy) {
	for i := range held {
		copies = append(copies, deadletter.Copy{
			Of: &held[i], To: u.place.Target, Remove: []string{"died-of"}, Add: []adapters.Header{{Name: "x-replay-id", Value: []byte("r")}},
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
