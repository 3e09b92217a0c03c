package copies

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"eventscope/adapters"
)

func TestAKeptMessageComesBackWhole(t *testing.T) {
	died := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, m := range []adapters.Message{
		{Time: died},
		{TimeRaw: math.MaxInt64, Value: []byte("v")},
		{Time: time.Date(58879, 1, 31, 12, 0, 0, 1e6, time.UTC), Value: []byte("v")},
		{Time: died, Key: []byte{}, Value: []byte{}},
		{Time: died, Key: []byte("k"), Value: []byte("v"), Redelivered: true, Headers: []adapters.Header{
			{Name: "a", Value: []byte{0, 255}}, {Name: "a"}, {Name: "empty", Value: []byte{}},
			{Name: "x-death", Value: []byte("[]"), Structured: []any{map[string]any{
				"count": int64(3), "queue": "q", "time": died, "routing-keys": []any{"k", true, false, nil, 1.5, []byte("b")},
			}}},
		}, Properties: &adapters.Properties{Exchange: "e", MessageID: "m", Timestamp: died, DeliveryMode: 2, Priority: 9, AppID: "app"}},
	} {
		encoded := Append(nil, &m)
		got, err := Decode(encoded)
		if diff := cmp.Diff(m, got); err != nil || diff != "" {
			t.Errorf("%v, %s", err, diff)
		}
		for cut := range encoded {
			if _, err := Decode(encoded[:cut]); err == nil {
				t.Errorf("cut to %d of %d bytes it is taken for whole", cut, len(encoded))
			}
		}
	}
}

// FuzzKeptMessage: damaged memory is an error, never a crash, and what is read is written
// the same way again.
func FuzzKeptMessage(f *testing.F) {
	m := adapters.Message{Time: time.Unix(1, 2), Key: []byte("k"), Value: []byte("v"), Properties: &adapters.Properties{AppID: "a"}, Headers: []adapters.Header{
		{Name: "x-death", Value: []byte("[]"), Structured: []any{map[string]any{"count": int64(3)}, 1.5, true, nil, []byte("b"), time.Unix(3, 0)}},
	}}
	encoded := Append(nil, &m)
	f.Add(encoded)
	f.Add(encoded[:len(encoded)/2])
	f.Add([]byte{hasKey | hasValue | hasProperties, 0, 1})
	f.Add([]byte{0, 0, 0, 0, 1, 1, 'a', 0, tagList, 255, 255, 255, 255, 15, tagList})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Decode(Append(nil, &m))
		if diff := cmp.Diff(m, again, cmpopts.EquateNaNs()); err != nil || diff != "" {
			t.Errorf("%v, %s", err, diff)
		}
	})
}
