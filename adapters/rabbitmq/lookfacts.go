package rabbitmq

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// era is a range of versions in which quorum queues count what is given back alike.
type era string

const (
	eraUnknown era = "of an unknown version"
	era3       era = "3.10 to 3.13"
	era40      era = "4.0 to 4.2"
	era43      era = "4.3"
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

const unknownType = "" // of a queue

// facts is what decides whether letters can be taken from a queue and given back.
type facts struct {
	queue   string
	kind    string // classic, quorum, stream, or unknownType
	era     era
	version string // as the broker tells it
	limit   limit
	delayed delayed
	// lasting says that the queue is known not to be an auto-delete one, which the broker
	// deletes with its letters when a consumer of ours leaves.
	lasting bool
	// brought is the highest x-delivery-count that letters can bring along. It matters from
	// 4.3 on.
	brought int
}

// eraOf reads the version that the broker tells when a connection opens.
func eraOf(version string) era {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	switch {
	case errA != nil || errB != nil:
		return eraUnknown
	case a == 3 && b >= 10:
		return era3
	case a == 4 && b < 3:
		return era40
	case a > 4 || a == 4:
		return era43
	}
	return eraUnknown
}

// versionOf is the version of the broker behind a connection, or "".
func versionOf(connection *amqp.Connection) string {
	version, _ := connection.Properties["version"].(string)
	return version
}

// facts finds out about a queue: from the management API if there is one, else what AMQP
// alone tells, which is the type at most.
func (a *Adapter) facts(ctx context.Context, control *control, queue string) (facts, error) {
	version := versionOf(control.connection)
	if a.management != nil {
		info, err := a.management.queue(ctx, queue)
		if err != nil {
			return facts{}, err
		}
		f := factsOf(info, version)
		if f.era != era43 || f.limit < 0 || f.kind != amqp.QueueTypeQuorum {
			return f, nil
		}
		y, err := a.management.yard(ctx)
		if err != nil {
			return facts{}, err
		}
		f.brought = y.brought(queue, version)
		return f, nil
	}
	kind, lasting, err := control.queueType(queue)
	if err != nil {
		return facts{}, err
	}
	return facts{queue: queue, kind: kind, era: eraOf(version), version: version, limit: unknownLimit, delayed: unknownDelayed, lasting: lasting}, nil
}

// factsOf reads the management API's answer.
func factsOf(q *queueInfo, version string) facts {
	f := facts{
		queue: q.Name, kind: q.Type, era: eraOf(version), version: version,
		limit: q.limitIn(eraOf(version)), delayed: notDelayed, lasting: !q.AutoDelete,
	}
	retry, _ := q.setting("x-delayed-retry-type", "delayed-retry-type").(string)
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
func (q *queueInfo) limitIn(e era) limit {
	argument, hasArgument := wholeNumber(q.Arguments["x-delivery-limit"])
	policy, hasPolicy := wholeNumber(q.Policy["delivery-limit"])
	switch {
	case e == era3:
		switch {
		case hasArgument && argument < 0:
			return belowZero
		case hasPolicy && policy >= 0 && (!hasArgument || policy < argument):
			return limit(policy)
		case hasArgument:
			return limit(argument)
		}
		return noLimit
	case e == eraUnknown:
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
