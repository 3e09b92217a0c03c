package deadheader

import (
	"eventscope/adapters/envelope/spelling"
)

// writer is one row of the table of dead-letter writers: how to know it, and which
// header holds which fact, in which encoding. An encoding belongs to a header name; a
// value that is not of its encoding is not read at all.
type writer struct {
	name  string
	marks []string // header names in lower case; * at the end is a prefix
	clues []clue   // best first within one fact
}

// clue is one header of a writer.
type clue struct {
	fact     fact
	header   string // in lower case
	encoding encoding
}

// fact is what a clue tells.
type fact uint8

const (
	originName fact = iota
	originPartition
	originOffset
	originExchange
	originKey
	reason
	exception
	words
	attempts
	group
	firstAt
	lastAt
)

// encoding is how a header is written.
type encoding uint8

const (
	asText      encoding = iota
	asNumber             // decimal text
	asInt32              // 4 bytes, big-endian
	asInt64              // 8 bytes, big-endian
	asTime               // see parseTime
	asAddress            // the last segment of a URI
	asARN                // the last part of an ARN
	asQueue              // queue@machine
	asLine               // the first line of a text
	asStack              // the class in the first line of a stack trace
	asConnector          // the name of a sink connector, which makes that of its group
)

// writers are all the rows. RabbitMQ itself is not among them, for its header is a
// table (see readXDeath).
var writers = []writer{
	{"sqs", []string{"deadletterqueuesourcearn"}, []clue{
		{originName, "deadletterqueuesourcearn", asARN},
		{attempts, "approximatereceivecount", asNumber},
	}},
	{"servicebus", []string{"deadlettersource"}, []clue{
		{originName, "deadlettersource", asText},
		{reason, "deadletterreason", asText},
		{words, "deadlettererrordescription", asText},
		{attempts, "deliverycount", asNumber},
	}},
	{"eventbridge", []string{"rule_arn", "exhausted_retry_condition"}, []clue{
		{reason, "error_code", asText},
		{words, "error_message", asText},
		{attempts, "retry_attempts", asNumber},
	}},
	{"spring-kafka", []string{"kafka_dlt-original-*", "kafka_dlt-exception-*", "kafka_dlt-key-exception-*"}, []clue{
		{originName, "kafka_dlt-original-topic", asText},
		{originPartition, "kafka_dlt-original-partition", asInt32},
		{originOffset, "kafka_dlt-original-offset", asInt64},
		{exception, "kafka_dlt-exception-cause-fqcn", asText},
		{exception, "kafka_dlt-exception-fqcn", asText},
		{exception, "kafka_dlt-key-exception-fqcn", asText},
		{words, "kafka_dlt-exception-message", asText},
		{words, "kafka_dlt-key-exception-message", asText},
		{attempts, "retry_topic-attempts", asInt32},
		{group, "kafka_dlt-original-consumer-group", asText},
	}},
	{"spring-kafka", []string{"kafka_original-*", "kafka_exception-*"}, []clue{
		{originName, "kafka_original-topic", asText},
		{originPartition, "kafka_original-partition", asInt32},
		{originOffset, "kafka_original-offset", asInt64},
		{exception, "kafka_exception-cause-fqcn", asText},
		{exception, "kafka_exception-fqcn", asText},
		{words, "kafka_exception-message", asText},
		{attempts, "retry_topic-attempts", asInt32},
		{group, "kafka_dlt-original-consumer-group", asText}, // spelled so here too
		{group, "kafka_original-consumer-group", asText},
	}},
	{"spring-cloud-stream", []string{"x-original-topic", "x-original-partition", "x-original-offset", "x-exception-fqcn"}, []clue{
		{originName, "x-original-topic", asText},
		{originPartition, "x-original-partition", asInt32},
		{originOffset, "x-original-offset", asInt64},
		{exception, "x-exception-fqcn", asText},
		{words, "x-exception-message", asText},
	}},
	{"spring-amqp", []string{"x-original-exchange", "x-original-routingkey", "x-exception-stacktrace"}, []clue{
		{originName, "x-original-exchange", asText},
		{originName, "x-original-routingkey", asText},
		{originExchange, "x-original-exchange", asText},
		{originKey, "x-original-routingkey", asText},
		{exception, "x-exception-stacktrace", asStack},
		{words, "x-exception-message", asText},
	}},
	{"kafka-connect", []string{"__connect.errors.*"}, []clue{
		{originName, "__connect.errors.topic", asText},
		{originPartition, "__connect.errors.partition", asNumber},
		{originOffset, "__connect.errors.offset", asNumber},
		{reason, "__connect.errors.stage", asText},
		{exception, "__connect.errors.exception.class.name", asText},
		{words, "__connect.errors.exception.message", asText},
		{group, "__connect.errors.connector.name", asConnector},
	}},
	{"kafka-streams", []string{"__streams.errors.*"}, []clue{
		{originName, "__streams.errors.topic", asText},
		{originPartition, "__streams.errors.partition", asNumber},
		{originOffset, "__streams.errors.offset", asNumber},
		{exception, "__streams.errors.exception", asText},
		{words, "__streams.errors.message", asText},
	}},
	{"kafka-share-group", []string{"__dlq.errors.*"}, []clue{
		{originName, "__dlq.errors.topic", asText},
		{originPartition, "__dlq.errors.partition", asNumber},
		{originOffset, "__dlq.errors.offset", asNumber},
		{reason, "__dlq.errors.message", asText},
		{attempts, "__dlq.errors.delivery.count", asNumber},
		{group, "__dlq.errors.group", asText},
	}},
	{"smallrye", []string{"dead-letter-*"}, []clue{
		{originName, "dead-letter-topic", asText},
		{originPartition, "dead-letter-partition", asNumber},
		{originOffset, "dead-letter-offset", asNumber},
		{reason, "dead-letter-reason", asText},
		{exception, "dead-letter-exception-class-name", asText},
		{words, "dead-letter-cause", asText},
		{attempts, "delayed-retry-count", asNumber},
		{firstAt, "delayed-retry-first-processing-timestamp", asTime},
	}},
	{"smallrye", []string{"delayed-retry-exception-class-name", "delayed-retry-reason"}, []clue{
		{originName, "delayed-retry-topic", asText},
		{originPartition, "delayed-retry-partition", asNumber},
		{originOffset, "delayed-retry-offset", asNumber},
		{reason, "delayed-retry-reason", asText},
		{exception, "delayed-retry-exception-class-name", asText},
		{attempts, "delayed-retry-count", asNumber},
		{firstAt, "delayed-retry-first-processing-timestamp", asTime},
	}},
	{"karafka", []string{"source_consumer_group", "source_attempts", "source_offset"}, []clue{
		{originName, "source_topic", asText},
		{originPartition, "source_partition", asNumber},
		{originOffset, "source_offset", asNumber},
		{attempts, "source_attempts", asNumber},
		{group, "source_consumer_group", asText},
	}},
	{"watermill", []string{"reason_poisoned", "topic_poisoned", "handler_poisoned", "subscriber_poisoned"}, []clue{
		{originName, "topic_poisoned", asText},
		{reason, "reason_poisoned", asText},
	}},
	{"wolverine", []string{"original-destination", "exception-type", "exception-message"}, []clue{
		{originName, "original-destination", asAddress},
		{originPartition, "original-partition", asNumber},
		{originOffset, "original-offset", asNumber},
		{exception, "exception-type", asText},
		{words, "exception-message", asText},
		{attempts, "attempts", asNumber},
		{lastAt, "failed-at", asTime},
	}},
	{"masstransit", []string{"mt-fault-*", "mt-reason"}, []clue{
		{originName, "mt-fault-inputaddress", asAddress},
		{reason, "mt-reason", asText},
		{exception, "mt-fault-exceptiontype", asText},
		{words, "mt-fault-message", asText},
		{attempts, "mt-fault-retrycount", asNumber},
		{lastAt, "mt-fault-timestamp", asTime},
	}},
	{"nservicebus", []string{"nservicebus.failedq", "nservicebus.timeoffailure", "nservicebus.exceptioninfo.*"}, []clue{
		{originName, "nservicebus.failedq", asQueue},
		{exception, "nservicebus.exceptioninfo.exceptiontype", asText},
		{words, "nservicebus.exceptioninfo.message", asText},
		{lastAt, "nservicebus.timeoffailure", asTime},
	}},
	{"rebus", []string{"rbs2-error-details", "rbs2-source-queue"}, []clue{
		{originName, "rbs2-source-queue", asText},
		{exception, "rbs2-error-details", asStack},
		{words, "rbs2-error-details", asLine},
		{attempts, "rbs2-delivery-count", asNumber},
	}},
	{"cap", []string{"cap-exception"}, []clue{
		{exception, "cap-exception", asStack},
		{words, "cap-exception", asLine},
	}},
	{"application", []string{"dlq-original-topic", "dlq-reason", "dlq-error-class", "dlq-failed-at", "dlq-attempts", "original-topic"}, []clue{
		{originName, "dlq-original-topic", asText},
		{originName, "original-topic", asText},
		{originPartition, "dlq-original-partition", asNumber},
		{originOffset, "dlq-original-offset", asNumber},
		{reason, "dlq-reason", asText},
		{exception, "dlq-error-class", asText},
		{words, "dlq-error-message", asText},
		{attempts, "dlq-attempts", asNumber},
		{attempts, "x-retry-count", asNumber},
		{lastAt, "dlq-failed-at", asTime},
	}},
}

// rabbitmqMarks are the headers that RabbitMQ itself writes.
var rabbitmqMarks = []string{"x-death", "x-first-death-*", "x-last-death-*"}

// failureHeaders are written by what gave a message up, beside the marks: a copy that kept them
// would count old failures as its own. In lower case; * stands for anything.
var failureHeaders = []string{
	"x-delivery-count", "x-acquired-count", "x-exception-*", "x-original-*", "x-retry-count", "retry-count",
	"kafka_dlt-*", "kafka_original-*", "kafka_exception-*", "retry_topic-*", "delayed-retry-*",
	"nservicebus.retries*", "nservicebus.flretries", "servicecontrol.editof",
	"rbs2-error-details", "rbs2-delivery-count", "*_poisoned", "original-destination", "original-partition", "original-offset",
	"exception-type", "exception-message", "failed-at", "dead_letter_*", "deadletterreason", "deadlettererrordescription",
	"nats-expected-*", "dlq-*", "source_topic", "source_partition", "source_offset", "source_consumer_group", "source_attempts",
}

// IsHeader reports whether a header of this name, in lower case, tells of a failure of the
// message that has it, so that a new copy goes without.
func IsHeader(lower string) bool {
	return spelling.MatchesAny(failureHeaders, lower) || IsMark(lower)
}

// IsMark reports whether a header of this name, in lower case, is one by which a dead
// letter is known. A copy without any such header is alive.
func IsMark(lower string) bool {
	for i := range writers {
		if spelling.MatchesAny(writers[i].marks, lower) {
			return true
		}
	}
	return spelling.MatchesAny(rabbitmqMarks, lower)
}
