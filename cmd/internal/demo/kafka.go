package demo

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm" // makes topics and lists offsets
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	partitions   = 3
	firstOrder   = 1001
	prepareTime  = 15 * time.Second
	commitEvery  = 300 * time.Millisecond
	deliveryTime = 30 * time.Second
	sessionTime  = 10 * time.Second
)

// What a partition keeps, in bytes: at the usual rate 20 minutes of payments and an
// hour of orders, and little enough for a broker that keeps everything in memory. A
// segment is no smaller than Kafka 4 allows (KIP-1030), and is dropped as a whole.
var (
	retentionBytes = "2097152"
	segmentBytes   = "1048576"
)

// kafkaOptions are what every Kafka client of the demonstration has in common.
func (s *System) kafkaOptions(more ...kgo.Opt) []kgo.Opt {
	return slices.Concat([]kgo.Opt{kgo.SeedBrokers(s.config.Kafka...)}, more, s.config.KafkaOptions)
}

// prepareKafka makes the topics that are not there, and numbers orders on from those
// that a demonstration has placed here before: so ids are unique, and on a fresh broker the
// same each time.
func (s *System) prepareKafka(ctx context.Context) error {
	address := strings.Join(s.config.Kafka, ",")
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	client, err := kgo.NewClient(s.kafkaOptions(kgo.ClientID("demo"))...)
	if err != nil {
		return unreachable("kafka", address, err)
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return unreachable("kafka", address, err)
	}
	admin := kadm.NewClient(client)
	if err := s.lookAtTopics(ctx, admin, address); err != nil {
		return err
	}
	configs := map[string]*string{"retention.bytes": &retentionBytes, "segment.bytes": &segmentBytes}
	for _, topic := range s.Topics() {
		count := int32(partitions)
		if strings.HasSuffix(topic, deadSuffix) {
			count = 1
		}
		// -1: as many replicas as the broker does by default
		_, err := admin.CreateTopic(ctx, count, -1, configs, topic)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return unreachable("kafka", address, err)
		}
	}
	return nil
}

// kafkaConnection is a service's Kafka client: a producer, and the only member of the
// service's consumer group.
type kafkaConnection struct {
	client *kgo.Client
	prefix string
	group  string
	// spring says that dead letters get the headers of Spring Kafka, else plain ones.
	spring bool
}

func (s *System) connectKafka(service *service) (connection, error) {
	options := []kgo.Opt{
		kgo.ClientID(s.config.Prefix + service.name), kgo.RecordDeliveryTimeout(deliveryTime),
		// A broker that is gone must not hold the service up for good. Events that are
		// then published twice are recognised by their id.
		kgo.AllowIdempotentProduceCancellation(),
	}
	topics := []string{}
	for _, r := range service.reactions {
		topic := s.config.Prefix + r.destination
		if !s.onRabbitMQ(r.destination) && !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	if len(topics) > 0 {
		options = append(options,
			kgo.ConsumerGroup(s.config.Prefix+service.name), kgo.ConsumeTopics(topics...),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), // what came before the group did
			kgo.AutoCommitMarks(), kgo.AutoCommitInterval(commitEvery),
			kgo.SessionTimeout(sessionTime), // how long a member that died is waited for
		)
	}
	client, err := kgo.NewClient(s.kafkaOptions(options...)...)
	if err != nil {
		return nil, unreachable("kafka", strings.Join(s.config.Kafka, ","), err)
	}
	return &kafkaConnection{client: client, prefix: s.config.Prefix, group: s.config.Prefix + service.name, spring: service.spring}, nil
}

func (k *kafkaConnection) close() { k.client.Close() }

func (k *kafkaConnection) publish(ctx context.Context, m *message) error {
	record := &kgo.Record{Topic: k.prefix + m.destination, Key: []byte(m.key), Value: m.body}
	for _, header := range []struct{ name, value string }{
		{headerID, m.id}, {headerType, m.eventType}, {headerCorrelation, m.correlation}, {headerCausation, m.causation},
		{headerService, m.service}, {headerSchema, m.schema}, {"content-type", m.contentType},
	} {
		if header.value != "" {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: header.name, Value: []byte(header.value)})
		}
	}
	return k.client.ProduceSync(ctx, record).FirstErr()
}

func (k *kafkaConnection) receive(ctx context.Context, inbox chan<- delivery) error {
	for {
		fetches := k.client.PollRecords(ctx, inboxSize)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			return nil
		}
		if err := fetches.Err(); err != nil {
			return err
		}
		for records := fetches.RecordIter(); !records.Done(); {
			select {
			case inbox <- k.delivery(records.Next()):
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func (k *kafkaConnection) delivery(record *kgo.Record) delivery {
	d := delivery{message: message{destination: strings.TrimPrefix(record.Topic, k.prefix), key: string(record.Key), body: record.Value}, at: record.Timestamp}
	fields := map[string]*string{
		headerID: &d.id, headerType: &d.eventType, headerCorrelation: &d.correlation,
		headerCausation: &d.causation, headerService: &d.service, headerSchema: &d.schema,
	}
	for _, header := range record.Headers {
		if field := fields[header.Key]; field != nil && *field == "" {
			*field = string(header.Value)
		}
		d.replayed = d.replayed || header.Key == headerReplay
	}
	d.ack = func() error {
		k.client.MarkCommitRecords(record)
		return nil
	}
	d.bury = func(ctx context.Context, why death) error {
		if err := k.client.ProduceSync(ctx, k.deadLetter(record, &why)).FirstErr(); err != nil {
			return err
		}
		return d.ack()
	}
	return d
}

// deadLetter is a copy of record with the headers that say why it died.
func (k *kafkaConnection) deadLetter(record *kgo.Record, why *death) *kgo.Record {
	headers := slices.Clone(record.Headers)
	text := func(name, value string) {
		headers = append(headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	if k.spring { // the names and encodings of Spring Kafka's DeadLetterPublishingRecoverer
		text("kafka_dlt-original-topic", record.Topic)
		text("kafka_dlt-original-partition", string(binary.BigEndian.AppendUint32(nil, uint32(record.Partition))))
		text("kafka_dlt-original-offset", string(binary.BigEndian.AppendUint64(nil, uint64(record.Offset))))
		text("kafka_dlt-original-timestamp", string(binary.BigEndian.AppendUint64(nil, uint64(record.Timestamp.UnixMilli()))))
		text("kafka_dlt-original-timestamp-type", "CreateTime")
		text("kafka_dlt-original-consumer-group", k.group)
		text("kafka_dlt-exception-fqcn", "shop."+why.service+"."+why.failure.class)
		text("kafka_dlt-exception-message", why.failure.message)
	} else { // what plain code commonly writes
		text("dlq-original-topic", record.Topic)
		text("dlq-original-partition", strconv.Itoa(int(record.Partition)))
		text("dlq-original-offset", strconv.FormatInt(record.Offset, 10))
		text("dlq-consumer-group", k.group)
		text("dlq-reason", why.failure.message)
		text("dlq-error-class", why.failure.class)
		text("dlq-attempts", strconv.Itoa(why.attempts))
		text("dlq-failed-at", why.at.UTC().Format(time.RFC3339Nano))
	}
	return &kgo.Record{Topic: record.Topic + deadSuffix, Key: record.Key, Value: record.Value, Headers: headers}
}
