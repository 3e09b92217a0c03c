package groups

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/kafka/transactions"
)

// findOngoing looks for the oldest ongoing transaction of each log of the batch that has one and
// is read. What the user may not see of it stays empty.
func (s *sweep) findOngoing(ctx context.Context, batch []*group) {
	var logs []adapters.Log
	for _, g := range batch {
		for _, log := range g.logs {
			e := s.ends[log]
			if _, asked := s.ongoing[log]; asked || e.err != nil || e.stable < 0 || e.stable >= e.end {
				continue
			}
			s.ongoing[log] = nil
			logs = append(logs, log)
		}
	}
	if len(logs) == 0 {
		return
	}
	all, _ := transactions.InLogs(ctx, s.reader.client, logs)
	for log, some := range all {
		oldest := &some[0]
		t := &consumer.Transaction{ProducerID: oldest.Producer, From: oldest.From, Hangs: oldest.Hangs()}
		if oldest.Of != nil {
			t.ID, t.Since = oldest.Of.ID, oldest.Of.Since
		}
		s.ongoing[log] = t
	}
}
