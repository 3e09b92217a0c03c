package management

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// serving is a management API that answers as a test wants.
func serving(t testing.TB, answer http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return managementOf(t, server.URL)
}

func managementOf(t testing.TB, at string) *Client {
	t.Helper()
	m, err := New(Config{URL: at, Address: "127.0.0.1:1", User: "guest", Password: DefaultPassword, VirtualHost: "/", AnswerBytes: MostAnswer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// endless writes pieces until nobody wants more, and notes how much memory is in use.
type endless struct {
	piece   func(i int) string
	first   string
	packed  bool
	written atomic.Int64
	most    atomic.Uint64
}

func (e *endless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var out io.Writer = w
	if e.packed {
		w.Header().Set("Content-Encoding", "gzip")
		zipper := gzip.NewWriter(w)
		defer func() { _ = zipper.Close() }()
		out = zipper
	}
	text := []byte(e.first)
	for i, measured := 0, int64(0); r.Context().Err() == nil; {
		for ; len(text) < 32<<10; i++ {
			text = append(text, e.piece(i)...)
		}
		n, err := out.Write(text)
		if text = text[:0]; err != nil {
			return
		}
		if at := e.written.Add(int64(n)); at-measured > 1<<20 {
			measured = at
			e.most.Store(max(e.most.Load(), inUse()))
		}
	}
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestAnEndlessAnswerHasAnEndAndABound(t *testing.T) {
	const room = 8 << 20
	always := func(text string) func(int) string { return func(int) string { return text } }
	long := strings.Repeat("x", 20<<10)
	for name, api := range map[string]*endless{
		"of nothing":         {first: "[", piece: always("{},")},
		"of names":           {first: "[", piece: func(i int) string { return fmt.Sprintf(`{"name":"queue-%d"},`, i) }},
		"of arguments":       {first: `[{"arguments":{"":1`, piece: func(i int) string { return fmt.Sprintf(`,"%d":%d`, i, i) }},
		"of many arguments":  {first: "[", piece: func(int) string { return `{"arguments":{"a":1,"b":2,"c":[1,2,3,4,5,6,7,8,9,0,[],[],{},{}]}},` }},
		"of lists":           {first: `[{"arguments":{"a":[1`, piece: always(",1")},
		"of one name":        {first: `[{"name":"`, piece: always(long)},
		"of white space":     {first: `[`, piece: always(strings.Repeat(" ", 20<<10))},
		"of brackets":        {piece: always("[")},
		"of packed nothing":  {first: "[", piece: always("{},"), packed: true},
		"of one packed name": {first: `[{"name":"`, piece: always(long), packed: true},
	} {
		t.Run(name, func(t *testing.T) {
			m := serving(t, api.ServeHTTP)
			m.room = room
			before := inUse()
			list, err := m.Describe(t.Context())
			var problem *adapters.Problem
			if !errors.As(err, &problem) || list != nil || strings.Contains(problem.Cause, "\n") {
				t.Fatalf("it ended with %v", err)
			}
			if used := int64(api.most.Load()) - int64(before); used > 2*room {
				t.Errorf("%d MiB were in use, of %d that were sent", used>>20, api.written.Load()>>20)
			}
			if sent := api.written.Load(); sent > 2*room && !api.packed {
				t.Errorf("it read on for %d MiB", sent>>20)
			}
		})
	}
}

func TestWhatTheManagementAPIMayDo(t *testing.T) {
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `[{"name":"q"},`)
	}
	hang := func(after string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if after != "" {
				_, _ = io.WriteString(w, after)
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		}
	}
	refused := func(reason string) http.HandlerFunc {
		return say(401, `{"error":"not_authorised","reason":"`+reason+`"}`)
	}
	for name, c := range map[string]struct {
		api  http.HandlerFunc
		kind error
		want string // behind the URL
	}{
		"busy":              {say(503, "busy"), adapters.ErrNotConnected, "it answered with HTTP status 503 each time; try again in a moment, or look into the broker's log"},
		"cut":               {cut, adapters.ErrNotConnected, "the connection ended before the answer was whole; check the URL, and https:// if the port speaks TLS, or try again"},
		"empty":             {say(200, ""), adapters.ErrNotConnected, "the connection ended before the answer was whole; check the URL, and https:// if the port speaks TLS, or try again"},
		"silent":            {hang(""), adapters.ErrNotConnected, "no answer within 300ms; try again if the broker is busy, or check the URL and the firewall"},
		"slow":              {hang(`[{"name":"q"},`), adapters.ErrNotConnected, "its answer was not whole after 300ms; try again when the broker is less busy"},
		"a web page":        {say(200, "<html>"), adapters.ErrNotConnected, "what answers there is not a management API; check the URL, usually http://broker:15672"},
		"no such page":      {say(404, "<html>"), adapters.ErrNotConnected, "what answers there is not a management API; check the URL, usually http://broker:15672"},
		"no such host":      {say(404, `{"error":"Object Not Found","reason":"Not Found"}`), adapters.ErrNotAuthorized, `user "guest" may see no virtual host "/"; check its name, or grant the user any permission there (rabbitmqctl set_permissions)`},
		"another place":     {say(302, ""), adapters.ErrNotConnected, "it answered with HTTP status 302; check the URL, usually http://broker:15672"},
		"an object":         {say(200, "{}"), adapters.ErrNotConnected, "what answers there is not a management API; check the URL, usually http://broker:15672"},
		"wrong types":       {say(200, `[{"name":7}]`), adapters.ErrNotConnected, "what answers there is not a management API; check the URL, usually http://broker:15672"},
		"wrong password":    {refused("Login failed"), adapters.ErrNotAuthenticated, `it refused user "guest" with this password; check user and password`},
		"no tag":            {refused("Not management user"), adapters.ErrNotAuthorized, `user "guest" has no tag that lets it in; give it the tag management (rabbitmqctl set_user_tags)`},
		"no virtual host":   {refused("User not authorised to access virtual host"), adapters.ErrNotAuthorized, `user "guest" may see no virtual host "/"; check its name, or grant the user any permission there (rabbitmqctl set_permissions)`},
		"too small a tag":   {refused("Not administrator user"), adapters.ErrNotAuthorized, `user "guest" may not see this; give it the tag monitoring (rabbitmqctl set_user_tags)`},
		"a proxy's refusal": {say(403, "<html>"), adapters.ErrNotAuthenticated, `it refused user "guest" with this password; check user and password`},
	} {
		t.Run(name, func(t *testing.T) {
			m := serving(t, c.api)
			if m.limit = 300 * time.Millisecond; c.api != nil && strings.Contains(c.want, "each time") || strings.Contains(c.want, "ended before") {
				m.limit = managementLimit
			}
			_, err := m.Describe(t.Context())
			if want := "cannot list the queues from the management API " + m.endpoint + ": " + c.want; err == nil || err.Error() != want || !errors.Is(err, c.kind) {
				t.Errorf("it says %v\nwant    %s", err, want)
			}
		})
	}
}

// TestABusyAPIIsAskedAgain: what passes by itself is no failure, but is not asked for long.
func TestABusyAPIIsAskedAgain(t *testing.T) {
	faults := map[string]http.HandlerFunc{
		"500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `[{"name":"twice"},`)
		},
		"reset": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		},
	}
	names := slices.Sorted(maps.Keys(faults))
	var mu sync.Mutex
	var failing []string
	asked := 0
	m := serving(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked++
		n, failing := asked, failing
		mu.Unlock()
		if n <= len(failing) {
			faults[failing[n-1]](w, r)
			return
		}
		_, _ = io.WriteString(w, `[{"name":"one"},{"name":"two"}]`)
	})
	m.pause = time.Millisecond
	rapid.Check(t, func(t *rapid.T) {
		mu.Lock()
		failing, asked = rapid.SliceOfN(rapid.SampledFrom(names), 0, 6).Draw(t, "failing"), 0
		mu.Unlock()
		queues, err := m.Describe(context.Background())
		mu.Lock()
		defer mu.Unlock()
		switch {
		case len(failing) <= retries && err != nil:
			t.Fatal(err)
		case err == nil && (len(queues) != 2 || queues[0].Name != "one"):
			t.Fatalf("it has %v", queues)
		case err == nil && asked != len(failing)+1, asked > 2*(retries+1): // the client itself tries anew when a kept connection ends
			t.Fatalf("it was asked %d times", asked)
		}
	})
}

func TestOneConnectionServesManyQuestions(t *testing.T) {
	connections := map[string]bool{}
	m := serving(t, func(w http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
		if strings.Contains(r.URL.Path, "/api/vhosts") {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = io.WriteString(w, "[]\n\n")
	})
	for range 20 {
		if _, err := m.Describe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Host(t.Context(), "look"); err == nil {
			t.Fatal("it was not refused")
		}
	}
	if len(connections) != 1 {
		t.Errorf("%d connections", len(connections))
	}
	m.used = m.used.Add(-time.Hour) // as after a laptop's sleep
	if _, err := m.Describe(t.Context()); err != nil || len(connections) != 2 {
		t.Errorf("%v, %d connections", err, len(connections))
	}
}

func TestAskingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusInternalServerError)
	})
	if _, err := m.Describe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

// TestAPasswordGoesToTheHostItWasGivenFor, and to no other.
func TestAPasswordGoesToTheHostItWasGivenFor(t *testing.T) {
	for _, c := range []struct {
		address, user, password, management string
		sends                               string // user:password, or "" for a refusal
	}{
		{"rabbit:5672", "ann", "pw", "http://rabbit:15672", "ann:pw"},
		{"rabbit:5672", "ann", "pw", "https://RABBIT", "ann:pw"},
		{"[::1]:5672", "ann", "pw", "http://localhost:15672", "ann:pw"},
		{"127.0.0.1:5672", "ann", "pw", "http://127.0.0.2:15672", "ann:pw"},
		{"rabbit:5672", "ann", "pw", "http://evil:15672", ""},
		{"rabbit:5672", "ann", "pw", "http://rabbit.evil:15672", ""},
		{"rabbit:5672", "ann", "pw", "http://127.0.0.1:15672", ""},
		{"127.0.0.1:5672", "ann", "pw", "http://rabbit:15672", ""},
		{"rabbit:5672", "ann", "pw", "http://bob@evil:15672", "bob:"},
		{"rabbit:5672", "ann", "pw", "http://ann@evil:15672", "ann:"},
		{"rabbit:5672", "ann", "pw", "http://bob:own@evil:15672", "bob:own"},
		{"rabbit:5672", "ann", "", "http://other:15672", "ann:"},
		{"rabbit:5672", "guest", "guest", "http://other:15672", "guest:guest"},
	} {
		m, err := New(Config{URL: c.management, Address: c.address, User: c.user, Password: c.password})
		switch {
		case err != nil && (c.sends != "" || !errors.Is(err, adapters.ErrUsage) || strings.Contains(err.Error(), c.password)):
			t.Errorf("%v: %v", c, err)
		case err == nil && m.user+":"+m.password != c.sends:
			t.Errorf("%v: %s:%s is sent", c, m.user, m.password)
		}
	}
}

func TestTheURLOfTheAPIItselfIsUnderstood(t *testing.T) {
	for _, behind := range []string{"", "/", "/api", "/api/", "/rabbit", "/rabbit/api/"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if want := strings.TrimSuffix(strings.TrimRight(behind, "/"), "/api") + "/api/queues/%2F"; r.URL.EscapedPath() != want {
				t.Errorf("%s is asked for %s", behind, r.URL.EscapedPath())
			}
			_, _ = io.WriteString(w, "[]")
		}))
		m := managementOf(t, server.URL+behind)
		if _, err := m.Describe(t.Context()); err != nil {
			t.Error(err)
		}
		m.Close()
		server.Close()
	}
}

// TestARefusalOfTheManagementAPIIsNotAskedAgain: it would be the same, and too many lock users out.
func TestARefusalOfTheManagementAPIIsNotAskedAgain(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound} {
		asked := new(atomic.Int64)
		m := serving(t, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.WriteHeader(status)
		})
		if _, err := m.Describe(t.Context()); err == nil || asked.Load() != 1 {
			t.Errorf("HTTP status %d was asked for %d times, and says %v", status, asked.Load(), err)
		}
	}
}
