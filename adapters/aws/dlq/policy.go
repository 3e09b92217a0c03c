package dlq

import (
	"fmt"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
)

// mostInFlight is how many messages may be in flight already where letters are taken. The service
// allows about 120,000.
const mostInFlight = 100_000

// refusal is why the letters of a queue are not looked at, or nil. Sources are the queues that
// dead-letter to it.
//
//	queue                                  verdict
//	dead-letters itself                    refused: receives are counted, and the last moves the letter on
//	in flight: near the limit              refused: its consumers would be refused
//	some queue dead-letters to it          allowed
//	else, and keeps order                  refused: whole groups would wait
//	else, and some messages are in flight  refused: somebody consumes it
//	else, and named like one               allowed: SNS, EventBridge, Lambda or a framework writes to it
//	else                                   refused: a consumer may start at any moment
func refusal(q *client.Queue, sources []string) error {
	refuse := func(cause, remedy string) error {
		return &adapters.Problem{Doing: "look at queue " + q.Name, Cause: cause, Remedy: remedy, Kind: deadletter.ErrUnsafePeek}
	}
	const instead = "look at its dead-letter queue, or read what SNS feeds it by create=true"
	_, named := deadheader.OriginByName(withoutOrder(q.Name))
	switch {
	case q.HasDeadLetters():
		return refuse(fmt.Sprintf("SQS counts each look as a receive, and after %d receives it moves the message to %s", q.MaxReceives, q.DeadLetters.Name), "look at "+q.DeadLetters.Name)
	case q.Messages() < 0:
		return refuse("SQS does not tell how many of its messages are in flight", "look at another queue")
	case q.InFlight > mostInFlight:
		return refuse(fmt.Sprintf("%d messages are in flight, near the limit of the queue", q.InFlight), "wait until they are done")
	case len(sources) > 0:
		return nil
	case client.IsFIFO(q.Name):
		return refuse("no queue dead-letters to it, and while a look holds messages of a group its consumers are given none of that", instead)
	case q.InFlight > 0:
		return refuse(fmt.Sprintf("no queue dead-letters to it, and somebody consumes it: %d messages are in flight", q.InFlight), instead)
	case named:
		return nil
	}
	return refuse("no queue dead-letters to it, and a consumer that starts meanwhile would wait for what a look holds", instead)
}

func withoutOrder(name string) string {
	if client.IsFIFO(name) {
		return name[:len(name)-len(".fifo")]
	}
	return name
}
