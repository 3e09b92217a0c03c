package recordbatch

import (
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

// Decode unpacks the record batches of an answer from an offset on, into memory of the pools, and
// says which offset follows what it unpacked. Committed leaves out what transactions have aborted.
func Decode(log adapters.Log, from int64, answer *kmsg.FetchResponseTopicPartition, committed bool, decoder kgo.Decompressor) (kgo.FetchPartition, int64) {
	options := kgo.ProcessFetchPartitionOpts{Topic: log.Destination, Partition: log.Partition, Offset: from, Pools: Pools}
	if committed {
		options.IsolationLevel = kgo.ReadCommitted()
	}
	decoded, reached := kgo.ProcessFetchPartition(options, answer, decoder, learn)
	exactTimes(decoded.Records, answer.RecordBatches)
	return decoded, reached
}
