package reading

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"eventscope/adapters"
	"eventscope/cmd/internal/system"
	"eventscope/tracing"
)

// Figures are those of --stats.
type Figures struct {
	Started time.Time
	Events  int64

	flows, dropped, unread int64
	indexBytes             int64
}

// AddDropped adds what the sources dropped, and what could not be read by its schema.
func (f *Figures) AddDropped(sources *Sources) {
	for _, adapter := range sources.Open {
		status := adapter.Status()
		f.dropped += status.Dropped
		for _, unread := range status.Unread {
			f.unread += unread
		}
	}
}

// AddIndex adds the figures of an index. Events must be known.
func (f *Figures) AddIndex(c tracing.Counters) {
	f.flows = c.Begun
	if c.Indexed > 0 { // the index holds the newest events only, so scale to all
		f.indexBytes = int64(float64(c.IndexBytes) / float64(c.Indexed) * float64(f.Events))
	}
}

// Print writes the line. Processor time and memory are those of the whole process.
func (f *Figures) Print(to io.Writer) {
	seconds := time.Since(f.Started).Seconds()
	processor, resident := system.Used()
	perEvent := func(total float64) float64 {
		if f.Events == 0 {
			return 0
		}
		return total / float64(f.Events)
	}
	fmt.Fprintf(to, `{"events":%d,"seconds":%.3f,"events_per_s":%.0f,"cpu_us_per_event":%.3f,"flows":%d,"index_bytes_per_event":%.1f,"max_rss_bytes":%d,"dropped":%d,"unread":%d}`+"\n",
		f.Events, seconds, float64(f.Events)/math.Max(seconds, 1e-9), perEvent(float64(processor.Nanoseconds())/1e3), f.flows,
		perEvent(float64(f.indexBytes)), resident, f.dropped, f.unread)
}

// Counting is an intake that counts what goes through.
func Counting(next adapters.Intake, add func(messages int)) adapters.Intake {
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		messages := len(batch.Messages)
		err := next.Put(ctx, batch)
		if err == nil {
			add(messages)
		}
		return err
	})
}
