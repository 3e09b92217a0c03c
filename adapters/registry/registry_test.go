package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry answers as the real ones do, and counts what it is asked.
type registry struct {
	*httptest.Server
	asked  atomic.Int64
	all    atomic.Int64 // with those for the places of schemas
	mu     sync.Mutex
	answer map[string]any // by path; a func is called
}

type answerWith func(w http.ResponseWriter, r *http.Request)

func newRegistry(t *testing.T, answers map[string]any) *registry {
	made := &registry{answer: answers}
	made.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		made.all.Add(1)
		if !strings.HasSuffix(request.URL.Path, "/versions") { // which asks where a schema is that is known
			made.asked.Add(1)
		}
		made.mu.Lock()
		answer, known := made.answer[request.URL.Path]
		made.mu.Unlock()
		switch answer := answer.(type) {
		case answerWith:
			answer(w, request)
			return
		case int:
			w.WriteHeader(answer)
			return
		}
		if !known {
			w.WriteHeader(404)
			answer = map[string]any{"error_code": 40403, "message": "Schema not found"}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(made.Close)
	return made
}

func (made *registry) set(path string, answer any) {
	made.mu.Lock()
	defer made.mu.Unlock()
	made.answer[path] = answer
}

func open(t *testing.T, c Config) *Registry {
	t.Helper()
	r, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func id(n int) schemas.Ref { return schemas.Ref{By: schemas.ByID, ID: uint64(n)} }

func schema(text string, references ...any) map[string]any {
	return map[string]any{"schema": text, "references": references}
}

func reference(name string, version int) map[string]any {
	return map[string]any{"name": name, "subject": name, "version": version}
}

// TestASchemaIsAskedForOnce by many at once, and is there without waiting from then on.
func TestASchemaIsAskedForOnce(t *testing.T) {
	there := newRegistry(t, map[string]any{"/schemas/ids/7": schema(`"string"`)})
	r := open(t, Config{URLs: []string{there.URL}})
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() {
			got, err := r.Schema(t.Context(), id(7))
			if err != nil || got.Ref.ID != 7 || got.Format != "AVRO" || got.Reader == nil || got.Text != `"string"` {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	asking.Wait()
	if got, err := r.Find("orders", id(7)); err != nil || got.Ref.ID != 7 || there.asked.Load() != 1 {
		t.Errorf("%+v, %v, after %d questions", got, err, there.asked.Load())
	}
}

// TestFindNeverWaits, and asks.
func TestFindNeverWaits(t *testing.T) {
	release := make(chan struct{})
	there := newRegistry(t, map[string]any{"/schemas/ids/7": answerWith(func(w http.ResponseWriter, _ *http.Request) {
		<-release
		_ = json.NewEncoder(w).Encode(schema(`"int"`))
	})})
	r := open(t, Config{URLs: []string{there.URL}})
	for range 3 {
		if _, err := r.Find("orders", id(7)); !errors.Is(err, schemas.ErrPending) {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Schema(ctx, id(7)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(release)
	if _, err := r.Schema(t.Context(), id(7)); err != nil || there.asked.Load() != 1 {
		t.Errorf("%v, after %d questions", err, there.asked.Load())
	}
}

// TestReferencesAreAskedForInTheirVersions, each once, the deepest first.
func TestReferencesAreAskedForInTheirVersions(t *testing.T) {
	money := `{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"cents","type":"long"}]}`
	there := newRegistry(t, map[string]any{
		"/schemas/ids/1":                  schema(`{"type":"record","name":"Order","fields":[{"name":"line","type":"shop.Line"},{"name":"total","type":"shop.Money"}]}`, reference("shop.Line", 3), reference("shop.Money", 1)),
		"/subjects/shop.Line/versions/3":  schema(`{"type":"record","name":"Line","namespace":"shop","fields":[{"name":"price","type":"Money"}]}`, reference("shop.Money", 1)),
		"/subjects/shop.Money/versions/1": schema(money),
		"/schemas/ids/2":                  schema(`"int"`, reference("a", 1)),
		"/subjects/a/versions/1":          schema(`"int"`, reference("b", 1)),
		"/subjects/b/versions/1":          schema(`"int"`, reference("a", 1)),
		"/schemas/ids/3":                  schema(`{"type":"record"`),
		"/schemas/ids/4":                  map[string]any{"schema": "{}", "schemaType": "JSON"},
	})
	r := open(t, Config{URLs: []string{there.URL}})
	got, err := r.Schema(t.Context(), id(1))
	if err != nil || len(got.References) != 2 || got.References[0] != money || there.asked.Load() != 3 {
		t.Fatalf("%+v, %v, after %d questions", got, err, there.asked.Load())
	}
	if text, err := got.Reader.(*avro.Schema).AppendJSON(nil, []byte{2, 4}, 0); err != nil || string(text) != `{"line":{"price":{"cents":1}},"total":{"cents":2}}` {
		t.Errorf("%s, %v", text, err)
	}
	if got, err := r.Schema(t.Context(), id(2)); err != nil || len(got.References) != 2 {
		t.Errorf("two that refer to each other: %+v, %v", got, err)
	}
	if _, err := r.Schema(t.Context(), id(3)); err == nil || !strings.Contains(err.Error(), "cannot be used") {
		t.Errorf("a schema that is none: %v", err)
	}
	if got, err := r.Schema(t.Context(), id(4)); err != nil || got.Format != "JSON" || got.Reader == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestImportsOfProtobufAreReferences: each by the path that it is imported by. What everyone
// knows is none.
func TestImportsOfProtobufAreReferences(t *testing.T) {
	of := func(text string, references ...any) map[string]any {
		return map[string]any{"schema": text, "schemaType": "PROTOBUF", "references": references}
	}
	there := newRegistry(t, map[string]any{
		"/schemas/ids/1":                        of(`syntax = "proto3"; package shop; import "shop/line.proto"; import "shop/money.proto"; import "google/type/date.proto"; message Order { Line line = 1; Money total = 2; google.type.Date day = 3; }`, reference("shop/line.proto", 3), reference("shop/money.proto", 1)),
		"/subjects/shop/line.proto/versions/3":  of(`syntax = "proto3"; package shop; import "shop/money.proto"; message Line { Money price = 1; }`, reference("shop/money.proto", 1)),
		"/subjects/shop/money.proto/versions/1": of(`syntax = "proto3"; package shop; message Money { int64 cents = 1; }`),
		"/schemas/ids/2":                        of(`syntax = "proto3"; import "shop/money.proto"; message Order { shop.Money total = 2; }`),
		"/schemas/ids/3":                        of("Cgdhc3RydW5nIhAKAU0SCwoBYRgBIAEoBVIBYWIGcHJvdG8z"),
	})
	r := open(t, Config{URLs: []string{there.URL}})
	got, err := r.Schema(t.Context(), id(1))
	if err != nil || got.Format != "PROTOBUF" || got.Name != "shop.Order" || there.asked.Load() != 3 {
		t.Fatalf("%+v, %v, after %d questions", got, err, there.asked.Load())
	}
	m := got.Reader.(*protobuf.Schema).At(0)
	if text, err := m.AppendJSON(nil, []byte("\x0a\x04\x0a\x02\x08\x01\x12\x02\x08\x02"), 0); err != nil || string(text) != `{"line":{"price":{"cents":1}},"total":{"cents":2}}` {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := r.Schema(t.Context(), id(2)); err == nil || !strings.Contains(err.Error(), "shop/money.proto") {
		t.Errorf("an import that is no reference: %v", err)
	}
	if _, err := r.Schema(t.Context(), id(3)); err == nil || !strings.Contains(err.Error(), "cannot be used") {
		t.Errorf("base64 that is no descriptor: %v", err)
	}
}

// TestWhatARegistryMayAnswer has a row for each answer that is no schema.
func TestWhatARegistryMayAnswer(t *testing.T) {
	other := newRegistry(t, map[string]any{"/schemas/ids/7": schema(`"int"`)})
	for name, c := range map[string]struct {
		answer any
		kind   error
		words  string
		again  bool // another id is asked for at once
	}{
		"no such schema":              {answer: nil, kind: adapters.ErrUnknownDestination, words: "no such schema", again: true},
		"no right":                    {answer: 403, kind: adapters.ErrNotAuthorized, words: "may not read", again: true},
		"refused":                     {answer: 401, kind: adapters.ErrNotAuthenticated, words: "refuses the login (401)"},
		"busy":                        {answer: 429, kind: adapters.ErrNotConnected, words: "(429)"},
		"broken":                      {answer: 503, kind: adapters.ErrNotConnected, words: "(503)"},
		"another path":                {answer: 404, kind: adapters.ErrNotConnected, words: "check the path"},
		"a page":                      {answer: answerWith(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>login</html>") }), kind: adapters.ErrNotConnected, words: "no schema registry"},
		"a list":                      {answer: []int{1}, kind: adapters.ErrNotConnected, words: "no schema registry"},
		"something endless":           {answer: answerWith(endless), kind: adapters.ErrTooLarge, words: "larger than 8 MiB", again: true},
		"a question it does not take": {answer: 422, kind: adapters.ErrUsage, words: "(422)", again: true},
		"itself, for ever": {answer: answerWith(func(w http.ResponseWriter, request *http.Request) {
			http.Redirect(w, request, "/schemas/ids/7", http.StatusFound)
		}), kind: adapters.ErrNotConnected, words: "elsewhere"},
		"another host": {answer: answerWith(func(w http.ResponseWriter, request *http.Request) {
			http.Redirect(w, request, other.URL+"/schemas/ids/7", http.StatusFound)
		}), kind: adapters.ErrNotConnected, words: "elsewhere"},
		"nothing":  {answer: answerWith(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), kind: adapters.ErrNotConnected, words: "cannot be reached"},
		"no end":   {answer: answerWith(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), kind: adapters.ErrNotConnected, words: "does not answer"},
		"too deep": {answer: schema(strings.Repeat("[", 10_000)), kind: errors.ErrUnsupported, words: "cannot be used", again: true},
	} {
		t.Run(name, func(t *testing.T) {
			there := newRegistry(t, map[string]any{"/schemas/ids/8": schema(`"int"`)})
			if c.answer != nil {
				there.set("/schemas/ids/7", c.answer)
			}
			r := open(t, Config{URLs: []string{there.URL}, User: "observer", Password: "secret-word"})
			if name == "no end" {
				r.http.Timeout = 50 * time.Millisecond
			}
			_, err := r.Schema(t.Context(), id(7))
			if !errors.Is(err, c.kind) || err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "secret-word") {
				t.Fatalf("%v, want %q", err, c.words)
			}
			r.mu.Lock()
			if r.outage.on(time.Now()) != nil { // for long enough for the questions of this test
				r.outage.until = time.Now().Add(time.Hour)
				r.entries[id(7)].until = r.outage.until
			}
			r.mu.Unlock()
			before := there.asked.Load()
			if _, again := r.Schema(t.Context(), id(7)); again == nil || again.Error() != err.Error() || there.asked.Load() != before {
				t.Errorf("asked again at once: %v", again)
			}
			if _, err := r.Schema(t.Context(), id(8)); (err == nil) != c.again || (there.asked.Load() == before) == c.again {
				t.Errorf("another schema: %v", err)
			}
			if other.asked.Load() > 0 {
				t.Error("another host was asked")
			}
		})
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, `{"schema":"`)
	for range 9 << 10 {
		if _, err := w.Write(make([]byte, 1<<10)); err != nil {
			return
		}
	}
}

// TestARegistryIsAskedLessAndLess while it fails, and as ever when it answered.
func TestARegistryIsAskedLessAndLess(t *testing.T) {
	var o outage
	var now time.Time
	why := errors.New("down")
	for i, most := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		now = o.until
		o.fail(why, now, 0)
		o.fail(why, now, 0) // another question of the same time
		if pause := o.until.Sub(now); pause > most*time.Second || pause < most*time.Second*3/4 {
			t.Errorf("failure %d: %v", i+1, pause)
		}
		if o.on(o.until.Add(-1)) != why || o.on(o.until) != nil {
			t.Errorf("failure %d does not end at %v", i+1, o.until)
		}
	}
	o.end()
	now = time.Unix(0, 0)
	if o.fail(why, now, 20*time.Second); o.until.Sub(now) != 20*time.Second {
		t.Errorf("asked for 20 s, it waits %v", o.until.Sub(now))
	}
	if o.fail(why, now, time.Hour); o.until.Sub(now) != longestPause {
		t.Errorf("asked for an hour, it waits %v", o.until.Sub(now))
	}
}

// TestAPauseIsHeeded that the registry asks for.
func TestAPauseIsHeeded(t *testing.T) {
	for header, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "99999999999": longestPause, "3600": longestPause, "-1": 0, "soon": 0} {
		var l later
		l.heed(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {header}}})
		if got := l.take(); got != want || l.take() != 0 {
			t.Errorf("Retry-After %q is %v", header, got)
		}
	}
	var l later
	if l.heed(&http.Response{StatusCode: 401}); l.take() != longestPause {
		t.Error("a login that was refused is tried again")
	}
}

// TestAnErrorIsNotForEver: an id that was not known is asked for again.
func TestAnErrorIsNotForEver(t *testing.T) {
	there := newRegistry(t, map[string]any{})
	r := open(t, Config{URLs: []string{there.URL}})
	if _, err := r.Schema(t.Context(), id(7)); err == nil {
		t.Fatal("it is there")
	}
	there.set("/schemas/ids/7", schema(`"int"`))
	r.mu.Lock()
	e := r.entries[id(7)]
	if wait := time.Until(e.until); wait > firstMiss || wait < firstMiss/2 || e.misses != 1 {
		t.Errorf("it is asked for in %v, after %d misses", wait, e.misses)
	}
	e.until = time.Now()
	r.mu.Unlock()
	if _, err := r.Schema(t.Context(), id(7)); err != nil {
		t.Error(err)
	}
}

// TestAnswersHaveABound however many ids there are.
func TestAnswersHaveABound(t *testing.T) {
	long := `"` + strings.Repeat("x", 1<<20) + `"`
	r := open(t, Config{URLs: []string{"http://127.0.0.1:1"}})
	for n := range 100 {
		done := make(chan struct{})
		close(done)
		made := &entry{done: done, schema: &schemas.Schema{Ref: id(n), Text: long, References: []string{"x"}}}
		r.mu.Lock()
		r.makeRoom()
		r.entries[id(n)] = made
		r.kept += sizeOf(made.schema)
		if r.kept > maxKept+len(long)+1 || r.kept != len(r.entries)*(len(long)+1) {
			t.Fatalf("%d bytes in %d schemas", r.kept, len(r.entries))
		}
		r.mu.Unlock()
	}
}

// TestCredentialsGoToTheRegistry and the context is part of each question.
func TestCredentialsGoToTheRegistry(t *testing.T) {
	var path, login atomic.Value
	there := newRegistry(t, map[string]any{})
	there.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if strings.HasSuffix(request.URL.Path, "/versions") {
			return // asked later, by nobody who waits
		}
		path.Store(request.URL.Path)
		login.Store(request.Header.Get("Authorization"))
		_ = json.NewEncoder(w).Encode(schema(`"int"`))
	})
	for _, c := range []struct {
		Config
		path, login string
	}{
		{Config{}, "/schemas/ids/7", ""},
		{Config{User: "me", Password: "pw"}, "/schemas/ids/7", "Basic bWU6cHc="},
		{Config{Token: "tok"}, "/schemas/ids/7", "Bearer tok"},
		{Config{Context: ".payments"}, "/contexts/.payments/schemas/ids/7", ""},
	} {
		c.URLs = []string{strings.TrimPrefix(there.URL, "http://")}
		if _, err := open(t, c.Config).Schema(t.Context(), id(7)); err != nil || path.Load() != c.path || login.Load() != c.login {
			t.Errorf("%v: %v, %v, %v", c.Config, path.Load(), login.Load(), err)
		}
	}
	for _, urls := range [][]string{nil, {"ftp://x"}, {"http://"}, {"http://me:secret-word@host"}} {
		if _, err := Open(Config{URLs: urls}); !errors.Is(err, adapters.ErrUsage) || strings.Contains(err.Error(), "secret-word") {
			t.Errorf("%q: %v", urls, err)
		}
	}
}

// TestArtifactsOfApicurio are asked for where they were registered, in its own API.
func TestArtifactsOfApicurio(t *testing.T) {
	there := newRegistry(t, map[string]any{
		"/apis/registry/v3/groups/shop/artifacts/or/der/versions/3/content": answerWith(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"type":"record","name":"A","fields":[{"name":"b","type":"B"}]}`)
		}),
		"/apis/registry/v3/groups/shop/artifacts/or/der/versions/3/references": []any{map[string]any{"name": "B", "artifactId": "b", "version": "1"}},
		"/apis/ccompat/v7/subjects/b/versions/1":                               map[string]any{"schema": `{"type":"record","name":"B","fields":[]}`, "subject": "b", "version": 1},
	})
	ref := schemas.Ref{By: schemas.ByArtifact, Name: "shop/or%2Fder/3"}
	if got, err := open(t, Config{URLs: []string{there.URL + "/apis/ccompat/v7"}}).Schema(t.Context(), ref); err != nil || got.Name != "A" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := open(t, Config{URLs: []string{there.URL}}).Schema(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "ccompat") {
		t.Errorf("of a registry that is not Apicurio: %v", err)
	}
}
