package tracing

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"eventscope/adapters"
)

func TestAKeptMessageComesBackWhole(t *testing.T) {
	died := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, m := range []adapters.Message{
		{Time: died},
		{Time: died, Key: []byte{}, Value: []byte{}},
		{Time: died, Key: []byte("k"), Value: []byte("v"), Redelivered: true, Headers: []adapters.Header{
			{Name: "a", Value: []byte{0, 255}}, {Name: "a"}, {Name: "empty", Value: []byte{}},
			{Name: "x-death", Value: []byte("[]"), Structured: []any{map[string]any{
				"count": int64(3), "queue": "q", "time": died, "routing-keys": []any{"k", true, false, nil, 1.5, []byte("b")},
			}}},
		}, Properties: &adapters.Properties{Exchange: "e", MessageID: "m", Timestamp: died, DeliveryMode: 2, Priority: 9, AppID: "app"}},
	} {
		encoded := appendMessage(nil, &m)
		got, err := decodeMessage(encoded)
		if diff := cmp.Diff(m, got); err != nil || diff != "" {
			t.Errorf("%v, %s", err, diff)
		}
		for cut := range encoded {
			if _, err := decodeMessage(encoded[:cut]); err == nil {
				t.Errorf("cut to %d of %d bytes it is taken for whole", cut, len(encoded))
			}
		}
	}
}
