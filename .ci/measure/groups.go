package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// Each group has committed something in each partition of one topic.
const (
	groupPartitions = 10
	inEachPartition = 100
)

func groupName(prefix string, i int) string { return fmt.Sprintf("%s-%05d", prefix, i) }

// groups makes a topic and groups that are behind in it, one more than the other.
func groups(ctx context.Context, address, topic string, many int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	if _, err := admin.CreateTopic(ctx, groupPartitions, 1, nil, topic); err != nil {
		return err
	}
	var records []*kgo.Record
	for i := range groupPartitions * inEachPartition {
		records = append(records, &kgo.Record{Topic: topic, Partition: int32(i % groupPartitions), Value: []byte("{}")})
	}
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return err
	}
	committing, ctx := errgroup.WithContext(ctx)
	committing.SetLimit(8)
	for i := range many {
		committing.Go(func() error {
			offsets := make(kadm.Offsets)
			for partition := range int32(groupPartitions) {
				offsets.AddOffset(topic, partition, int64(i%inEachPartition), -1)
			}
			return admin.CommitAllOffsets(ctx, groupName(topic, i), offsets)
		})
	}
	return committing.Wait()
}

// ungroup deletes those groups.
func ungroup(ctx context.Context, address, topic string, many int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return err
	}
	defer client.Close()
	names := make([]string, many)
	for i := range names {
		names[i] = groupName(topic, i)
	}
	_, err = kadm.NewClient(client).DeleteGroups(ctx, names...)
	return err
}
