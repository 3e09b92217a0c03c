package rabbitmq

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"eventscope/adapters/consumer"
)

// streamAPI answers as the management API of a broker that has a stream with two readers.
func streamAPI(t *testing.T, readers func(http.ResponseWriter)) *Adapter {
	const at = `"channel_details":{"connection_name":"10.0.0.7:41 -> 10.0.0.1:5552","peer_host":"10.0.0.7","peer_port":41}`
	return pretended(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.EscapedPath(); path {
		case "/api/consumers/%2F":
			_, _ = io.WriteString(w, `[{"consumer_tag":"stream.subid-0","queue":{"name":"s"},`+at+`},{"consumer_tag":"ctag1","queue":{"name":"s"},"channel_details":[]}]`)
		case "/api/queues/%2F/s":
			_, _ = io.WriteString(w, `{"name":"s","type":"stream","consumers":2,"messages_ready":20,"messages_unacknowledged":0}`)
		case "/api/stream/consumers/%2F":
			readers(w)
		default:
			t.Errorf("asked for %s", path)
		}
	})
}

func TestStreamReaders(t *testing.T) {
	counted := func(lag string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `[{"connection_details":{"name":"10.0.0.7:41 -> 10.0.0.1:5552"},"consumed":6,"offset":5,`+lag+`"properties":{"name":"billing"},"queue":{"name":"s"},"subscription_id":0}]`)
		}
	}
	for name, c := range map[string]struct {
		readers func(http.ResponseWriter)
		state   consumer.LagState
		lag     int64
		why     string
	}{
		"behind":      {counted(`"offset_lag":14,`), consumer.LagBehind, 14, ""},
		"at the tail": {counted(`"offset_lag":0,`), consumer.LagOK, 0, ""},
		"not counted": {counted(""), consumer.LagUnknown, 0, "the broker has not counted yet how far it is"},
		"no plugin":   {func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadRequest) }, consumer.LagUnknown, 0, "only the plugin rabbitmq_stream_management tells, and it does not run"},
		"not allowed": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }, consumer.LagUnknown, 0, "the user may not see how far readers are"},
	} {
		t.Run(name, func(t *testing.T) {
			lags, problems := lagsOf(streamAPI(t, c.readers), "s")
			if len(problems) > 0 || len(lags) != 2 {
				t.Fatalf("%+v, %v", lags, problems)
			}
			log := lags[0].Logs[0]
			if lags[0].Group != "stream.subid-0@10.0.0.7:41" || log.State != c.state || log.Lag != c.lag || log.Why != c.why || log.End != -1 {
				t.Errorf("%+v", lags[0])
			}
			if c.state.Counted() && lags[0].Members[0].String() != "billing@10.0.0.7" {
				t.Errorf("it is %v", lags[0].Members)
			}
			if lags[1].Group != "ctag1" || lags[1].Logs[0].State != consumer.LagUnknown {
				t.Errorf("%+v", lags[1])
			}
		})
	}
}

// TestEndlessPagesOfQueuesHaveAnEnd: each page is small, and says that there are more.
func TestEndlessPagesOfQueuesHaveAnEnd(t *testing.T) {
	pages := 0
	a := pretended(t, Config{AnswerBytes: 1 << 20}, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "consumers") {
			_, _ = io.WriteString(w, "[]")
			return
		}
		pages++
		var items []string
		for i := range 500 {
			items = append(items, fmt.Sprintf(`{"name":"%d-%s"}`, pages*1000+i, strings.Repeat("n", 200)))
		}
		_, _ = io.WriteString(w, `{"page_count":1000000000,"filtered_count":7,"items":[`+strings.Join(items, ",")+`]}`)
	})
	lags, problems := lagsOf(a)
	if len(problems) != 1 || !strings.Contains(problems[0].Error(), "more than the 1 MiB that there is room for") || len(lags) > 4000 {
		t.Errorf("%d queues, %v", len(lags), problems)
	}
}
