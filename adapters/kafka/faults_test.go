package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// hostile lets one request meet a fault, whatever its kind is.
type hostile struct {
	mu     sync.Mutex
	fault  fault
	at     int // which request, counted from the last set
	passed int
	kind   string // of the request that met it
}

// lateAnswer comes after what is usually waited for at one go.
const lateAnswer = 300 * time.Millisecond

func newHostile(k *kfake.Cluster) *hostile {
	h := &hostile{}
	k.Control(func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		h.mu.Lock()
		n := h.passed
		h.passed++
		met := h.fault
		if met == none || n != h.at {
			h.mu.Unlock()
			return nil, nil, false
		}
		h.kind = kmsg.NameForKey(request.Key())
		h.mu.Unlock()
		switch met {
		case broken:
			return nil, io.EOF, true
		case empty:
			switch request.Key() {
			case int16(kmsg.ApiVersions), int16(kmsg.ListGroups), int16(kmsg.OffsetFetch): // where nothing is an answer
				return nil, nil, false
			}
			return request.ResponseKind(), nil, true
		case late:
			k.SleepControl(func() { <-time.After(lateAnswer) })
		}
		return nil, nil, false
	})
	return h
}

// late is beside the faults that only reading knows.
const late = faults

// set begins to count, and says how many requests there were before.
func (h *hostile) set(f fault, at int) (requests int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	requests = h.passed
	h.fault, h.at, h.passed, h.kind = f, at, 0, ""
	return requests
}

// met is the kind of the request that met the fault.
func (h *hostile) met() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.kind
}

// onEachRequest tells a story without a fault, and then with each fault at each request.
func onEachRequest(t *testing.T, h *hostile, tell func(ctx context.Context, wrong func(string, ...any))) {
	t.Helper()
	told := func(f fault, at int) (requests int) {
		h.set(f, at)
		defer func() { requests = h.set(none, 0) }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		tell(ctx, func(format string, args ...any) {
			t.Errorf("%s fails in way %d, as request %d: %s", h.met(), f, at, fmt.Sprintf(format, args...))
		})
		if ctx.Err() != nil {
			t.Errorf("request %d in way %d: it hangs", at, f)
		}
		return 0
	}
	for at := range told(none, 0) {
		for _, f := range []fault{broken, empty, late} {
			told(f, at)
		}
	}
}

// TestWhatIsToldIsTrueWhicheverRequestFails: lags, letters, the ledger and positions are right,
// or an error says that they are not known.
func TestWhatIsToldIsTrueWhicheverRequestFails(t *testing.T) {
	c, k := fake(t)
	const many = 3
	dlq := "orders.dlq"
	c.create(t, dlq, 1)
	c.create(t, kafka.LedgerTopic, 1)
	for i := range many {
		c.publish(t, dlq, letter(0, "k", fmt.Sprint("letter ", i)))
	}
	c.publish(t, kafka.LedgerTopic, adapters.Message{Key: []byte("key"), Value: []byte("entry")})
	c.commit(t, "readers", dlq, 1)
	h := newHostile(k)
	opened := func(ctx context.Context) *kafka.Adapter {
		a, err := kafka.Open(ctx, kafka.Config{Brokers: []string{c.address}, Topics: []string{dlq}}.WithPatience(time.Second))
		if err != nil {
			return nil // and says so
		}
		return a
	}
	for name, tell := range map[string]func(context.Context, *kafka.Adapter, func(string, ...any)){
		"lag": func(ctx context.Context, a *kafka.Adapter, wrong func(string, ...any)) {
			told, said := 0, len(a.Status().Problems)
			for lag, err := range a.Lag(ctx, consumer.LagQuery{Groups: []string{"readers"}}) {
				if err != nil || lag.Unseen != "" {
					said++
				}
				for i := range lag.Logs {
					if lag.Logs[i].State.Counted() && lag.Logs[i].Lag != many-1 {
						wrong("the lag is %d", lag.Logs[i].Lag)
					}
					told++
				}
			}
			if told == 0 && said == 0 && len(a.Status().Problems) == 0 {
				wrong("nothing is told")
			}
		},
		"letters": func(ctx context.Context, a *kafka.Adapter, wrong func(string, ...any)) {
			n := 0
			err := a.Peek(ctx, deadletter.Peek{DLQ: dlq}, func(part []deadletter.Delivery) error {
				for i := range part {
					if want := fmt.Sprint("letter ", n); string(part[i].Value) != want {
						wrong("%q for %q", part[i].Value, want)
					}
					n++
				}
				return nil
			})
			if err == nil && n != many && len(a.Status().Problems) == 0 {
				wrong("%d letters", n)
			}
		},
		"ledger": func(ctx context.Context, a *kafka.Adapter, wrong func(string, ...any)) {
			n := 0
			_, err := a.Ledger(ctx, deadletter.LedgerQuery{}, func(deadletter.Entry) error { n++; return nil })
			if err == nil && n != 1 {
				wrong("%d entries", n)
			}
		},
		"positions": func(ctx context.Context, a *kafka.Adapter, wrong func(string, ...any)) {
			n := 0
			for m, err := range a.Fetch(ctx, []adapters.Position{{Destination: dlq, Offset: 0}, {Destination: dlq, Offset: 2}}) {
				if errors.Is(err, adapters.ErrGone) || err == nil && string(m.Value) != fmt.Sprint("letter ", 2*n) {
					wrong("%q, %v", m.Value, err)
				}
				n++
			}
			if n != 2 {
				wrong("%d answers", n)
			}
		},
		"dlqs": func(ctx context.Context, a *kafka.Adapter, wrong func(string, ...any)) {
			dlqs, err := a.DLQs(ctx)
			if err == nil && (len(dlqs) != 1 || dlqs[0].Messages != many && dlqs[0].Messages != -1) && len(a.Status().Problems) == 0 {
				wrong("%+v", dlqs)
			}
		},
		"reach": func(ctx context.Context, a *kafka.Adapter, wrong func(string, ...any)) {
			reach, err := a.Recipients(ctx, []deadletter.Target{deadletter.Target(dlq)})
			if err == nil && (len(reach) != 1 || !reach[0].Exists || len(reach[0].Readers) != 1 && reach[0].Unknown == "") {
				wrong("%+v", reach)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachRequest(t, h, func(ctx context.Context, wrong func(string, ...any)) {
				if a := opened(ctx); a != nil {
					defer a.Close()
					tell(ctx, a, wrong)
				}
			})
		})
	}
}
