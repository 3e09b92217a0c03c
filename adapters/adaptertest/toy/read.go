package toy

import (
	"context"
	"errors"
	"slices"
	"time"

	"eventscope/adapters"
)

// reading is how far one log was read.
type reading struct {
	log       *destination
	next, end int64
	past      bool // its end was not reached yet
}

// Run implements adapters.Tailer.
func (s *source) Run(ctx context.Context, start adapters.Start, intake adapters.Intake) error {
	defer s.tell(adapters.Connecting, nil) // nothing is read until the next run
	var logs []*reading
	for ctx.Err() == nil {
		changed := s.change()
		err := s.ask("read", func() error {
			if logs == nil {
				logs = s.begin(&adapters.Range{From: start})
			}
			s.measure(logs)
			return nil
		})
		read := false
		if err == nil {
			read, err = s.pass(ctx, logs, time.Time{}, intake)
		}
		switch {
		case ctx.Err() != nil || read:
			continue
		case errors.Is(err, adapters.ErrNotConnected):
			s.tell(adapters.Lost, err)
		case err != nil:
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return nil
}

// Scan implements adapters.Scanner.
func (s *source) Scan(ctx context.Context, span adapters.Range, intake adapters.Intake) error {
	var logs []*reading
	if err := s.ask("read", func() error {
		logs = s.begin(&span)
		return nil
	}); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if read, err := s.pass(ctx, logs, span.Until, intake); err != nil || !read {
			return err
		}
	}
}

// Estimate implements adapters.Estimator.
func (s *source) Estimate(_ context.Context, span adapters.Range) (messages int64, err error) {
	err = s.ask("estimate", func() error {
		for _, r := range s.begin(&span) {
			messages += r.end - r.next
		}
		return nil
	})
	return messages, err
}

// begin is where the reading of a span begins, and where the logs end now.
func (s *source) begin(span *adapters.Range) []*reading {
	logs := []*reading{}
	for _, d := range s.logs() {
		left := len(span.Destinations) > 0 && !slices.Contains(span.Destinations, d.name) || slices.Contains(span.Except, d.name)
		if left || len(span.Partitions) > 0 && !slices.Contains(span.Partitions, adapters.NoPartition) {
			continue
		}
		r := &reading{log: d, next: d.offset(span.From), end: d.end()}
		if from, named := span.FromOffsets[adapters.Log{Destination: d.name, Partition: adapters.NoPartition}]; named {
			r.next = min(max(0, from), r.end)
		}
		if span.UntilOffsets != nil {
			r.end = max(r.next, min(r.end, span.UntilOffsets[adapters.Log{Destination: d.name, Partition: adapters.NoPartition}]))
		}
		logs = append(logs, r)
	}
	stepBack(logs, span.From.Newest())
	for _, r := range logs {
		r.past = r.next < r.end
	}
	return logs
}

// stepBack begins before the ends of the logs, by n messages in all.
func stepBack(logs []*reading, n int) {
	held := map[adapters.Log]int64{}
	for _, r := range logs {
		held[adapters.Log{Destination: r.log.name}] = r.end
	}
	if n > 0 {
		for log, share := range adapters.Shares(n, held) {
			i := slices.IndexFunc(logs, func(r *reading) bool { return r.log.name == log.Destination })
			logs[i].next -= share
		}
	}
}

// measure looks how far the logs go now.
func (s *source) measure(logs []*reading) {
	behind, past := int64(0), false
	for _, r := range logs {
		r.end = r.log.end()
		behind += r.end - r.next
		past = past || r.past
	}
	state := adapters.Live
	if behind > 0 {
		state = adapters.CatchingUp
	}
	s.tell(state, nil)
	s.status.Lock()
	s.status.BehindBy, s.status.Past = behind, past
	s.status.Unlock()
}

// pass delivers a batch of each log, and says whether there was something to read.
func (s *source) pass(ctx context.Context, logs []*reading, until time.Time, intake adapters.Intake) (read bool, err error) {
	for _, r := range logs {
		if r.next == r.end {
			continue
		}
		read = true
		if err := s.deliver(ctx, r, until, intake); err != nil {
			return false, err
		}
	}
	return read, nil
}

func (s *source) deliver(ctx context.Context, r *reading, until time.Time, intake adapters.Intake) error {
	var messages []adapters.Message
	if err := s.ask("read "+r.log.name, func() error {
		messages = r.log.read(r.next, r.end, s.batch)
		return nil
	}); err != nil {
		return err
	}
	next := r.next + int64(len(messages))
	if !until.IsZero() {
		messages = slices.DeleteFunc(messages, func(m adapters.Message) bool { return !m.Time.Before(until) })
	}
	if count, bytes := len(messages), sizeOf(messages); count > 0 {
		if err := intake.Put(ctx, &adapters.Batch{Messages: messages, Past: r.past}); err != nil {
			return err
		}
		s.count(count, bytes)
	}
	r.next = next
	r.past = r.past && next < r.end
	return nil
}

func sizeOf(messages []adapters.Message) (bytes int64) {
	for i := range messages {
		bytes += int64(messages[i].Size())
	}
	return bytes
}
