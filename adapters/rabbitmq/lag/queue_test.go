package lag

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters/consumer"
	"eventscope/adapters/rabbitmq/management"
)

// TestQueueFigures has answers of brokers at moments that are hard to meet.
func TestQueueFigures(t *testing.T) {
	const flowing = `"message_stats":{"publish_details":{"rate":4,"avg_rate":2},"deliver_get_details":{"rate":10,"avg_rate":10},"ack_details":{"rate":9,"avg_rate":8},"redeliver_details":{"rate":2,"avg_rate":%}}`
	const standing = `"messages_details":{"samples":[{"sample":5},{"sample":5},{"sample":4}]}`
	for name, c := range map[string]struct {
		answer string
		state  consumer.LagState
		lag    int64
	}{
		"a moment old":                 {`{"name":"q"}`, consumer.LagUnknown, 0},
		"null, empty text and list":    {`{"name":"q","messages_ready":null,"consumers":"","message_stats":[]}`, consumer.LagUnknown, 0},
		"half counted":                 {`{"name":"q","messages_ready":4,"consumers":0}`, consumer.LagUnknown, 0},
		"empty":                        {`{"name":"q","messages_ready":0,"messages_unacknowledged":0,"consumers":0,"head_message_timestamp":null}`, consumer.LagOK, 0},
		"held by nobody who consumes":  {`{"name":"q","messages_ready":0,"messages_unacknowledged":4,"consumers":0}`, consumer.LagBehind, 4},
		"no consumer":                  {`{"name":"q","messages_ready":3,"messages_unacknowledged":4,"consumers":0}`, consumer.LagStop, 7},
		"taken one by one":             {`{"name":"q","messages_ready":3,"messages_unacknowledged":4,"consumers":0,"message_stats":{"deliver_get_details":{"rate":43,"avg_rate":43},"ack_details":{"rate":43,"avg_rate":43}}}`, consumer.LagBehind, 7},
		"taken and kept by nobody":     {`{"name":"q","messages_ready":3,"messages_unacknowledged":0,"consumers":0,"message_stats":{"deliver_get_details":{"rate":43,"avg_rate":43},"redeliver_details":{"rate":0,"avg_rate":0}}}`, consumer.LagStop, 3},
		"consumers not counted":        {`{"name":"q","messages_ready":3,"messages_unacknowledged":0}`, consumer.LagBehind, 3},
		"never delivered":              {`{"name":"q","messages_ready":3,"messages_unacknowledged":0,"consumers":1,"message_stats":{"publish_details":{"rate":1}}}`, consumer.LagBehind, 3},
		"works":                        {`{"name":"q","messages_ready":3,"messages_unacknowledged":0,"consumers":1,` + strings.Replace(flowing, "%", "2", 1) + `}`, consumer.LagBehind, 3},
		"more than a fifth comes back": {`{"name":"q","messages_ready":3,"messages_unacknowledged":0,"consumers":1,` + strings.Replace(flowing, "%", "2.1", 1) + `}`, consumer.LagRedeliver, 3},
		"nothing acknowledged":         {`{"name":"q","messages_ready":3,"messages_unacknowledged":2,"consumers":1,` + standing + `,"message_stats":{"ack_details":{"rate":0,"avg_rate":0}}}`, consumer.LagStall, 5},
		"nothing ever acknowledged":    {`{"name":"q","messages_ready":3,"messages_unacknowledged":2,"consumers":1,` + standing + `}`, consumer.LagStall, 5},
		"just come after a quiet time": {`{"name":"q","messages_ready":3,"messages_unacknowledged":2,"consumers":1,` + strings.Replace(standing, "4", "0", 1) + `,"message_stats":{"ack_details":{"rate":0,"avg_rate":0}}}`, consumer.LagBehind, 5},
		"lengths not known":            {`{"name":"q","messages_ready":3,"messages_unacknowledged":2,"consumers":1,"messages_details":[],"message_stats":{"ack_details":{"rate":0,"avg_rate":0}}}`, consumer.LagBehind, 5},
		"acknowledged a while ago":     {`{"name":"q","messages_ready":3,"messages_unacknowledged":2,"consumers":1,` + standing + `,"message_stats":{"ack_details":{"rate":0,"avg_rate":0.1}}}`, consumer.LagBehind, 5},
		"no acknowledgement needed":    {`{"name":"q","messages_ready":3,"messages_unacknowledged":0,"consumers":1,"message_stats":{"ack_details":{"rate":0,"avg_rate":0},"deliver_no_ack_details":{"rate":3,"avg_rate":3}}}`, consumer.LagBehind, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var q management.Figures
			if err := json.Unmarshal([]byte(c.answer), &q); err != nil {
				t.Fatal(err)
			}
			if lag := queueLag(&q, nil, time.Now()); lag.Logs[0].State != c.state || lag.Logs[0].Lag != c.lag {
				t.Errorf("%+v, %+v, want %v and %d", lag.Logs[0], lag.Queue, c.state, c.lag)
			}
		})
	}
}

// TestAnyFigures never has a number for what was not told.
func TestAnyFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]string{"", "null", `""`, "[]", "{}", "0", "3", "17.5"})
		var fields []string
		told := make(map[string]bool)
		for _, name := range []string{"messages_ready", "messages_unacknowledged", "consumers", "consumer_capacity", "head_message_timestamp", "message_stats"} {
			if v := value.Draw(t, name); v != "" {
				fields = append(fields, `"`+name+`":`+v)
				told[name] = v[0] >= '0' && v[0] <= '9'
			}
		}
		var q management.Figures
		if err := json.Unmarshal([]byte("{"+strings.Join(fields, ",")+"}"), &q); err != nil {
			t.Fatal(err)
		}
		lag := queueLag(&q, nil, time.Now())
		if both := told["messages_ready"] && told["messages_unacknowledged"]; lag.Logs[0].State.Counted() != both || !both && lag.Total().Lag != 0 {
			t.Fatalf("%v: %+v", fields, lag.Logs[0])
		}
		if (lag.Queue.Ready >= 0) != told["messages_ready"] || (lag.Queue.Capacity >= 0) != told["consumer_capacity"] || lag.Logs[0].In.Known || lag.MembersKnown != told["consumers"] {
			t.Fatalf("%v: %+v, %+v", fields, lag, lag.Queue)
		}
	})
}
