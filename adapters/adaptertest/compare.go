package adaptertest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"eventscope/adapters"
)

// text makes a message of a value.
func text(log int32, value string) adapters.Message {
	return adapters.Message{Position: adapters.Position{Partition: log}, Value: []byte(value)}
}

// numbered makes n messages "name 0", "name 1", …, spread over the logs in turn.
func numbered(name string, n, logs int) []adapters.Message {
	messages := make([]adapters.Message, n)
	for i := range messages {
		messages[i] = text(int32(i%logs), fmt.Sprintf("%s %d", name, i))
	}
	return messages
}

func values(messages []adapters.Message) []string {
	out := make([]string, len(messages))
	for i := range messages {
		out[i] = string(messages[i].Value)
	}
	return out
}

// byLog splits messages by the log they are in, keeping their order.
func byLog(messages []adapters.Message) map[adapters.Log][]adapters.Message {
	logs := make(map[adapters.Log][]adapters.Message)
	for _, m := range messages {
		log := adapters.Log{Destination: m.Position.Destination, Partition: m.Position.Partition}
		logs[log] = append(logs[log], m)
	}
	return logs
}

// sameValues requires the values in exactly that order in each log. Published
// messages name their log in Position.Partition; a destination with one log has all.
func sameValues(t testing.TB, got, published []adapters.Message, logs int) {
	t.Helper()
	want := make([][]string, logs)
	for _, m := range published {
		log := int(m.Position.Partition)
		want[log] = append(want[log], string(m.Value))
	}
	have := make([][]string, logs)
	for log, messages := range byLog(got) {
		have[max(0, int(log.Partition))%logs] = values(messages)
	}
	for log := range want {
		if !slices.Equal(have[log], want[log]) {
			t.Errorf("log %d: got %d messages %s, want %d %s", log, len(have[log]), clip(have[log]), len(want[log]), clip(want[log]))
		}
	}
}

func clip(list []string) string {
	if len(list) > 12 {
		list = append(append(slices.Clone(list[:6]), "…"), list[len(list)-6:]...)
	}
	return fmt.Sprintf("%q", list)
}

// sameSet is sameValues of a broker that may change the order.
func sameSet(t testing.TB, broker Broker, got, published []adapters.Message, logs int) {
	t.Helper()
	if broker.Unordered {
		got, published = slices.Clone(got), slices.Clone(published)
		for _, messages := range [][]adapters.Message{got, published} {
			slices.SortStableFunc(messages, func(a, b adapters.Message) int { return bytes.Compare(a.Value, b.Value) })
		}
	}
	sameValues(t, got, published, logs)
}

// same requires a message to be what was published, as far as the broker can carry it.
func same(t testing.TB, broker Broker, got, want *adapters.Message) {
	t.Helper()
	if broker.Keys {
		if !bytes.Equal(got.Key, want.Key) || (got.Key == nil) != (want.Key == nil) {
			t.Errorf("key %#v, want %#v", got.Key, want.Key)
		}
		if (got.Value == nil) != (want.Value == nil) {
			t.Errorf("value is nil: %v, want %v", got.Value == nil, want.Value == nil)
		}
	}
	if !bytes.Equal(got.Value, want.Value) {
		t.Errorf("value of %d bytes differs from the %d published", len(got.Value), len(want.Value))
	}
	sameHeaders(t, broker, got.Headers, want.Headers)
}

func sameHeaders(t testing.TB, broker Broker, got, want []adapters.Header) {
	t.Helper()
	compare := func(a, b adapters.Header) int {
		if broker.Multimap {
			return 0 // as they came
		}
		return strings.Compare(a.Name, b.Name)
	}
	got, want = slices.Clone(got), slices.Clone(want)
	slices.SortStableFunc(got, compare)
	slices.SortStableFunc(want, compare)
	equal := slices.EqualFunc(got, want, func(a, b adapters.Header) bool {
		return a.Name == b.Name && bytes.Equal(a.Value, b.Value)
	})
	if !equal {
		t.Errorf("headers %q, want %q", got, want)
	}
}
