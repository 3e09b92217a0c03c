package kafka

import (
	"hash/crc32"
	"hash/fnv"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

// PartitionsOfKey returns the partitions, of so many, to which the usual producers
// send a message with that key, the likeliest first and each once:
//
//   - murmur2, of the Java client and those that follow it (franz-go, Kafka Streams);
//   - CRC-32, of librdkafka's default "consistent_random" (kcat, Python, .NET);
//   - FNV-1a, of Sarama.
//
// Nil means that nobody can say: producers spread messages without a key, and some
// those with an empty one. A producer with a partitioner of its own, or a topic that
// was given more partitions since, is not accounted for.
func PartitionsOfKey(key []byte, partitions int32) []int32 {
	if len(key) == 0 || partitions <= 0 {
		return nil
	}
	n := int(partitions)
	record := &kgo.Record{Key: key}
	sum := fnv.New32a()
	sum.Write(key)
	found := []int32{
		int32(kgo.StickyKeyPartitioner(nil).ForTopic("").Partition(record, n)),
		int32(crc32.ChecksumIEEE(key) % uint32(partitions)),
		saramaPartition(sum.Sum32(), partitions),
	}
	unique := found[:0]
	for _, partition := range found {
		if !slices.Contains(unique, partition) {
			unique = append(unique, partition)
		}
	}
	return unique
}

// saramaPartition takes the remainder of the signed hash and drops its sign, as
// Sarama's hash partitioner does.
func saramaPartition(hash uint32, partitions int32) int32 {
	p := int32(hash) % partitions
	if p < 0 {
		p = -p
	}
	return p
}
