package kafka

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// findOpen looks for the oldest open transaction of each log of the batch that has one and
// is read. What the user may not see of it stays empty.
func (s *sweep) findOpen(ctx context.Context, batch []*group) {
	var logs []adapters.Log
	for _, g := range batch {
		for _, log := range g.logs {
			e := s.ends[log]
			if _, asked := s.open[log]; asked || e.err != nil || e.stable < 0 || e.stable >= e.end {
				continue
			}
			s.open[log] = nil
			logs = append(logs, log)
		}
	}
	if len(logs) == 0 {
		return
	}
	all, _ := s.adapter.openTransactions(ctx, logs)
	for log, open := range all {
		oldest := &open[0]
		t := &consumer.Transaction{ProducerID: oldest.producer, From: oldest.from, Hangs: oldest.hangs()}
		if oldest.of != nil {
			t.ID, t.Since = oldest.of.id, oldest.of.since
		}
		s.open[log] = t
	}
}
