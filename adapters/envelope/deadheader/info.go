package deadheader

import (
	"time"

	"eventscope/adapters"
)

// Info is what the headers of a dead letter say: where it was to go, and why it did not arrive.
// Fields are empty where the writer does not say.
type Info struct {
	Origin     string            // destination it died at, printable: orders/2@881, or a queue
	OriginAt   adapters.Position // the same as a position, where it has one
	OriginFrom string            // evidence: "header kafka_dlt-original-topic"
	Exchange   string            // AMQP: it was published to, before it died first
	RoutingKey string            // AMQP: and with
	Confidence Confidence
	Reason     string // rejected, expired, maxlen, delivery_limit, or the writer's words
	Exception  string // class name
	Message    string // exception message, or other words of the writer
	Attempts   int    // deliveries before death, 0 when unknown
	Group      string // Kafka: the consumer group that failed
	FirstAt    time.Time
	LastAt     time.Time
	Writer     string // who wrote it: "rabbitmq", "spring-kafka", "kafka-connect", …
}

// OriginName is the destination at which it died, without its place there.
func (d *Info) OriginName() string {
	if d.OriginAt.Destination != "" {
		return d.OriginAt.Destination
	}
	return d.Origin
}

// Confidence grades how sure an origin is.
type Confidence string

const (
	Certain  Confidence = "certain"   // a header names it, and the broker's configuration or the destination's name agrees
	Claimed  Confidence = "claimed"   // a header names it, which whoever wrote the letter may have written
	Likely   Confidence = "likely"    // broker configuration leads there
	NameOnly Confidence = "name only" // guessed from the dead-letter destination's name
	Unknown  Confidence = "unknown"
)
