package dlq

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/fieldtable"
	"eventscope/adapters/rabbitmq/management"
)

// series is a range of versions in which quorum queues count what is given back alike. Of each
// one was measured (3.10.8, 4.0.5, 4.3.6); in the others of a range the broker gives
// back by the same code. What comes before or after is not known.
type series string

const (
	seriesUnknown series = "of an unknown version"
	series3       series = "3.10 to 3.13"
	series40      series = "4.0 to 4.2"
	series43      series = "4.3"
)

// limit is how often a quorum queue lets a letter be given back.
type limit int

const (
	unknownLimit limit = -3
	noLimit      limit = -2 // none is set
	belowZero    limit = -1 // a number below 0 is set, which means different things
)

// defaultLimit is the limit of a quorum queue from 4.0 on, if none is set.
const defaultLimit limit = 20

// delayed says whether a quorum queue hides for a while what is given back.
type delayed string

const (
	notDelayed     delayed = "no"
	isDelayed      delayed = "yes"
	unknownDelayed delayed = "unknown"
)

// queueInfo is what decides whether letters can be taken from a queue and given back.
type queueInfo struct {
	queue   string
	kind    string // classic, quorum, stream, or unknownType
	series  series
	version string // as the broker tells it
	limit   limit
	delayed delayed
	// lasting says that the queue is known not to be an auto-delete one, which the broker
	// deletes with its letters when a consumer of ours leaves.
	lasting bool
	// inherited is the highest x-delivery-count that letters can bring along. It matters from
	// 4.3 on.
	inherited int

	// messages and held are how many letters it holds in all, and how many of these consumers
	// have, some seconds late; -1 where that is not known.
	messages, held int64

	// timeout is how long a consumer may hold a letter by the queue's arguments and policies, or 0.
	timeout time.Duration
}

// seriesOf reads the version that the broker tells when a connection opens.
func seriesOf(version string) series {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	switch {
	case errA != nil || errB != nil:
		return seriesUnknown
	case a == 3 && b >= 10 && b <= 13:
		return series3
	case a == 4 && b >= 0 && b < 3:
		return series40
	case a == 4 && b == 3:
		return series43
	}
	return seriesUnknown
}

// versionOf is the version of the broker behind a connection, or "".
func versionOf(connection *amqp.Connection) string {
	version, _ := connection.Properties["version"].(string)
	return version
}

// info finds out about a queue: from the management API if there is one, else what AMQP
// alone tells, which is the type at most.
func (d *DeadLetters) info(ctx context.Context, control *connection.Control, queue string) (queueInfo, error) {
	version := versionOf(control.Conn.Connection)
	if d.Management != nil {
		info, err := d.Management.Queue(ctx, queue)
		if err != nil {
			return queueInfo{}, err
		}
		f := infoOf(info, version)
		if f.series != series43 || f.limit < 0 || f.kind != amqp.QueueTypeQuorum {
			return f, nil
		}
		graph, err := AskGraph(ctx, d.Management)
		if err != nil {
			return queueInfo{}, err
		}
		f.inherited = graph.inherited(queue, version)
		return f, nil
	}
	kind, lasting, err := control.QueueType(queue)
	if err != nil {
		return queueInfo{}, err
	}
	return queueInfo{queue: queue, kind: kind, series: seriesOf(version), version: version, limit: unknownLimit, delayed: unknownDelayed, lasting: lasting, messages: -1, held: -1}, nil
}

// TypeOf is of which type a queue is, or [connection.UnknownType].
func (d *DeadLetters) TypeOf(ctx context.Context, control *connection.Control, queue string) (string, error) {
	f, err := d.info(ctx, control, queue)
	return f.kind, err
}

// infoOf reads the management API's answer.
func infoOf(q *management.Queue, version string) queueInfo {
	f := queueInfo{
		queue: q.Name, kind: q.Type, series: seriesOf(version), version: version,
		limit: limitIn(q, seriesOf(version)), delayed: notDelayed, lasting: !q.AutoDelete,
		messages: -1, held: q.Unacknowledged,
	}
	if timeout, ok := wholeNumber(q.Setting("x-consumer-timeout", "consumer-timeout")); ok {
		f.timeout = time.Duration(timeout) * time.Millisecond
	}
	if q.Messages != nil {
		f.messages = *q.Messages
	}
	retry, _ := q.Setting("x-delayed-retry-type", "delayed-retry-type").(string)
	if q.DelayedRetry != nil {
		retry = fmt.Sprint(q.DelayedRetry)
	}
	if retry != "" && retry != "disabled" {
		f.delayed = isDelayed
	}
	return f
}

// limitIn is the delivery limit in force. From 4.0 on the API tells it; before, it is
// the smaller one of argument and policy, where a policy below 0 has no effect.
func limitIn(q *management.Queue, e series) limit {
	argument, hasArgument := wholeNumber(q.Arguments["x-delivery-limit"])
	policy, hasPolicy := wholeNumber(q.Policy["delivery-limit"])
	switch {
	case e == series3:
		switch {
		case hasArgument && argument < 0:
			return belowZero
		case hasPolicy && policy >= 0 && (!hasArgument || policy < argument):
			return limit(policy)
		case hasArgument:
			return limit(argument)
		}
		return noLimit
	case e == seriesUnknown:
		return unknownLimit
	}
	if told, ok := wholeNumber(q.DeliveryLimit); ok {
		return max(limit(told), belowZero)
	}
	least, set := defaultLimit, false
	for _, each := range []struct {
		n   int
		has bool
	}{{argument, hasArgument}, {policy, hasPolicy}} {
		switch {
		case !each.has:
		case each.n >= 0 && (!set || least < 0 || limit(each.n) < least):
			least, set = limit(each.n), true
		case each.n < 0 && !set:
			least, set = belowZero, true
		}
	}
	return least
}

// wholeNumber is a number of a JSON answer.
func wholeNumber(value any) (int, bool) {
	n, ok := value.(float64)
	return int(n), ok
}

// countOf is how often the broker counts that a letter was handed out.
func countOf(d *amqp.Delivery) int64 { return fieldtable.Integer(d.Headers["x-delivery-count"]) }
