package reading

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/registry"
	"eventscope/cmd/internal/system"
	"eventscope/tracing"
)

// troubles are what may become of a registry, by name. The first is none.
var troubles = map[string]http.HandlerFunc{
	"well": func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"schema": `{"type":"record","name":"OrderPlaced","fields":[{"name":"correlation_id","type":"string"},{"name":"order_id","type":"string"},{"name":"event_id","type":"string"},{"name":"note","type":"string"}]}`})
	},
	"killed": nil,
	"hung":   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"401":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
	"429": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	},
	"HTML": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
	"100 MB": func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	},
}

// framed is a source of so many events of three schemas, in batches of 500.
type framed struct{ events int }

func (f framed) value(i int) []byte {
	value := []byte{0, 0, 0, 0, byte(1 + i%3)}
	for _, text := range []string{fmt.Sprintf("corr-%07d", i/5), fmt.Sprintf("ord-%07d", i/5), fmt.Sprintf("e-%07d", i), string(make([]byte, 60))} {
		value = append(append(value, byte(2*len(text))), text...)
	}
	return value
}

func (f framed) message(i int) adapters.Message {
	return adapters.Message{Position: adapters.Position{Destination: "orders", Offset: int64(i)}, Key: fmt.Appendf(nil, "ord-%07d", i/5), Value: f.value(i), Time: time.Unix(int64(i/1000), 0)}
}

func (f framed) Run(ctx context.Context, _ adapters.Start, intake adapters.Intake) error {
	for i := 0; i < f.events; {
		batch := &adapters.Batch{}
		for ; i < f.events && len(batch.Messages) < 500; i++ {
			batch.Messages = append(batch.Messages, f.message(i))
		}
		if err := intake.Put(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func (f framed) Fetch(_ context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for _, p := range positions {
			if !yield(f.message(int(p.Offset)), nil) {
				return
			}
		}
	}
}

// troubled reads such events into an index, and returns how long the longest wait for it was, and
// how often the registry was asked for schemas.
func troubled(t testing.TB, trouble http.HandlerFunc, events int) (longest time.Duration, asked int64) {
	var questions atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		questions.Add(1)
		trouble(w, r)
	}))
	defer server.Close()
	if trouble == nil {
		server.Close()
	}
	r, err := registry.Open(registry.Config{URLs: []string{server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	source := framed{events}
	adapter := &driver.Source{Name: "kafka", Tailer: source, Fetcher: source, Status: func() adapters.Status { return adapters.Status{} }, Close: func() error { return nil }}
	r.Attach(adapter)
	index := StartIndex(tracing.Config{})
	defer index.Stop()
	intake := index.Intake(adapter)
	last := time.Now()
	err = adapter.Run(t.Context(), adapters.End, adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		longest = max(longest, time.Since(last))
		err := intake.Put(ctx, batch)
		last = time.Now()
		return err
	}))
	if err == nil {
		err = index.Sync(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := index.Counters().Events; got != int64(events) {
		t.Errorf("%d of %d events came", got, events)
	}
	asked = questions.Load()
	if err := adapter.Close(); err != nil {
		t.Fatal(err)
	}
	return longest, asked
}

// TestARegistryInTroubleIsAskedLittle whatever the trouble: each id once, as long as it lasts.
func TestARegistryInTroubleIsAskedLittle(t *testing.T) {
	for name, trouble := range troubles {
		t.Run(name, func(t *testing.T) {
			if _, asked := troubled(t, trouble, 20_000); asked > 9 {
				t.Errorf("it was asked %d times", asked)
			}
		})
	}
}

// BenchmarkTrouble is what an event costs while the registry is in trouble, beside one of a registry
// that is well.
func BenchmarkTrouble(b *testing.B) {
	const events = 300_000
	for _, name := range []string{"well", "killed", "hung", "401", "429", "HTML", "100 MB"} {
		b.Run(name, func(b *testing.B) {
			longest, asked := time.Duration(0), int64(0)
			before, _ := system.Used()
			for b.Loop() {
				waited, questions := troubled(b, troubles[name], events)
				longest, asked = max(longest, waited), max(asked, questions)
			}
			after, _ := system.Used()
			n := float64(b.N * events)
			b.ReportMetric(float64((after-before).Nanoseconds())/n, "cpu-ns/event")
			b.ReportMetric(n/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(longest.Milliseconds()), "ms-longest")
			b.ReportMetric(float64(asked), "questions")
		})
	}
}
