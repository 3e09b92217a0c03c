package registry

import (
	"context"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/envelope"
	"eventscope/adapters/payload"
)

// BenchmarkDown reads framed values of a source without a registry, and with one that cannot be
// reached, as the stream and commands do: each value is recognised, and told in a line.
func BenchmarkDown(b *testing.B) {
	for name, url := range map[string]string{"no registry": "", "down": "http://127.0.0.1:9"} {
		b.Run(name, func(b *testing.B) {
			h := notes(1, 12, 13, 14)
			s := &driver.Source{Tailer: h, Status: func() adapters.Status { return adapters.Status{} }, Close: func() error { return nil }}
			if url != "" {
				r, err := Open(Config{URLs: []string{url}})
				if err != nil {
					b.Fatal(err)
				}
				r.Attach(s)
				defer r.Close()
			}
			reader, line := envelope.NewReader(nil), []byte(nil)
			intake := adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
				for i := range batch.Messages {
					var id envelope.Identity
					reader.Read(&batch.Messages[i], &id)
					line = payload.AppendSummary(line[:0], &batch.Messages[i], 200)
					d := payload.Decode(&batch.Messages[i], 0)
					if len(d.Declined) > 0 {
						line = append(line, d.Declined[0].Why.Error()...)
					}
				}
				return nil
			})
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Run(b.Context(), adapters.Beginning, intake); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
