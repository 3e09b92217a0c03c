package rabbitmq

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters/consumer"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/management"
)

// mangled passes questions on to a management API, and answers with what a fault makes of its
// answer to the questions whose path has a part.
func mangled(t *testing.T, api, part string, change func(body []byte) (status int, changed []byte)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := http.NewRequestWithContext(r.Context(), r.Method, api+r.URL.RequestURI(), nil)
		if err != nil {
			t.Error(err)
			return
		}
		request.Header = r.Header.Clone()
		request.Header.Del("Accept-Encoding")
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			return
		}
		defer response.Body.Close()
		body, status := []byte(nil), response.StatusCode
		if body, err = io.ReadAll(response.Body); err != nil {
			return
		}
		if strings.Contains(r.URL.Path, part) && status == http.StatusOK {
			if status, body = change(body); status == 0 { // cut
				status = http.StatusOK
				w.Header().Set("Content-Length", "1000000")
			}
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return server.URL
}

// twice repeats each item of a list, be it within a page.
func twice(body []byte) []byte {
	var items []json.RawMessage
	if json.Unmarshal(body, &items) == nil {
		var all []json.RawMessage
		for _, item := range items {
			all = append(all, item, item)
		}
		changed, _ := json.Marshal(all)
		return changed
	}
	var page map[string]json.RawMessage
	if json.Unmarshal(body, &page) == nil && page["items"] != nil {
		page["items"] = twice(page["items"])
		changed, _ := json.Marshal(page)
		return changed
	}
	return body
}

// TestAManagementAPIThatIsWrongMisleadsNobody: whatever becomes of its answers, a lag is the right
// one or none, and a look sees all letters or says why it does not, and leaves them all.
func TestAManagementAPIThatIsWrongMisleadsNobody(t *testing.T) {
	changes := map[string]func([]byte) (int, []byte){
		"failed": func([]byte) (int, []byte) { return 500, nil },
		"cut":    func(body []byte) (int, []byte) { return 0, body[:len(body)/2] },
		"none":   func([]byte) (int, []byte) { return 200, nil },
		"twice":  func(body []byte) (int, []byte) { return 200, twice(body) },
		"empty": func(body []byte) (int, []byte) {
			if bytes.HasPrefix(body, []byte("{")) {
				return 200, []byte("{}")
			}
			return 200, []byte("[]")
		},
		"late": func(body []byte) (int, []byte) {
			<-time.After(300 * time.Millisecond)
			return 200, body
		},
	}
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		bench, want := b.bench(t), numbered("letter", 0, letterCount)
		for name, change := range changes {
			for _, part := range []string{"/queues", "/consumers", "/exchanges", "/bindings", "/vhosts", "/api"} {
				t.Run(name+part, func(t *testing.T) {
					queue := bench.queue("classic", nil, letterCount)
					config := b.lettersOf()
					config.Queues, config.Management = []string{queue}, mangled(t, b.managementURL(), part, change)
					a, err := Open(t.Context(), config)
					if err == nil {
						defer a.Close()
						hurried := a.config.client()
						hurried.RetryPause = time.Millisecond
						a.management.Close()
						if a.management, err = management.New(hurried); err != nil {
							t.Fatal(err)
						}
						told := 0
						for lag, err := range a.Lag(t.Context(), consumer.LagQuery{}) {
							if err != nil {
								continue
							}
							if told++; told > 1 || lag.Group != queue || lag.Queue != nil && lag.Queue.Ready > 0 && lag.Queue.Ready != letterCount {
								t.Errorf("it tells of %+v", lag)
							}
						}
						var got []string
						got, _, err = looked(t, a, deadletter.Peek{DLQ: queue})
						if !isBeginning(got, want) || err == nil && len(got) < len(want) {
							t.Errorf("a look gave %q, %v", got, err)
						}
					}
					if left := bench.remove(queue, letterCount); !slices.Equal(left, want) {
						t.Errorf("it left %q, after %v", left, err)
					}
				})
			}
		}
	})
}
