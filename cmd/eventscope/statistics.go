package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"eventscope/adapters"
	"eventscope/cmd/internal/system"
	"eventscope/tracing"
)

// statistics are the figures of --stats.
type statistics struct {
	started    time.Time
	events     int64
	flows      int64
	indexBytes int64
	dropped    int64
}

func (s *statistics) addDropped(o *opened) {
	for _, adapter := range o.adapters {
		s.dropped += adapter.Status().Dropped
	}
}

// printStatistics writes the line. Processor time and memory are those of the whole process.
func (p *program) printStatistics(s *statistics) {
	if !p.flags.stats {
		return
	}
	seconds := time.Since(s.started).Seconds()
	processor, resident := system.Used()
	perEvent := func(total float64) float64 {
		if s.events == 0 {
			return 0
		}
		return total / float64(s.events)
	}
	fmt.Fprintf(p.stderr, `{"events":%d,"seconds":%.3f,"events_per_s":%.0f,"cpu_us_per_event":%.3f,"flows":%d,"index_bytes_per_event":%.1f,"max_rss_bytes":%d,"dropped":%d}`+"\n",
		s.events, seconds, float64(s.events)/math.Max(seconds, 1e-9), perEvent(float64(processor.Nanoseconds())/1e3), s.flows,
		perEvent(float64(s.indexBytes)), resident, s.dropped)
}

// counting is an intake that counts what goes through.
func counting(next adapters.Intake, add func(messages int)) adapters.Intake {
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		messages := len(batch.Messages)
		err := next.Put(ctx, batch)
		if err == nil {
			add(messages)
		}
		return err
	})
}

func (s *statistics) addIndex(c tracing.Counters) {
	s.flows = c.Begun
	if c.Indexed > 0 { // the index holds the newest events only, so scale to all
		s.indexBytes = int64(float64(c.IndexBytes) / float64(c.Indexed) * float64(s.events))
	}
}
