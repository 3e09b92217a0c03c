package registry

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"eventscope/adapters/schemas"
)

// TestWhatTheRegistrySays of a version: the level of its subject, or that of all, and whether it may
// follow an older one, with reasons.
func TestWhatTheRegistrySays(t *testing.T) {
	posted := ""
	there := newRegistry(t, map[string]any{
		"/schemas/ids/1":              schema(`"string"`),
		"/schemas/ids/2":              schema(`"int"`),
		"/subjects/orders/versions/1": map[string]any{"subject": "orders", "version": 1, "id": 1, "schema": `"string"`},
		"/subjects/orders/versions/2": map[string]any{"subject": "orders", "version": 2, "id": 2, "schema": `"int"`},
		"/config":                     map[string]any{"compatibilityLevel": "FULL_TRANSITIVE"},
		"/compatibility/subjects/orders/versions/1": answerWith(func(w http.ResponseWriter, r *http.Request) {
			var body map[string]any
			_ = json.NewDecoder(r.Body).Decode(&body)
			posted = r.Method + " " + r.URL.RawQuery + " " + body["schema"].(string)
			_ = json.NewEncoder(w).Encode(map[string]any{"is_compatible": false, "messages": []string{"TYPE_MISMATCH at /"}})
		}),
	})
	r := open(t, Config{URLs: []string{there.URL}})
	version := func(n int) *schemas.Schema {
		found, err := r.Version(t.Context(), "orders", n)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	older, newer := version(1), version(2)
	said, err := r.Verdict(t.Context(), older, newer)
	if err != nil || said.Level != "FULL_TRANSITIVE" || !said.Judged || said.Keeps || posted != `POST verbose=true "int"` {
		t.Errorf("%+v, %v, posted %q", said, err, posted)
	}
	if told := said.Told(older); told != "level FULL_TRANSITIVE, which this version does not keep towards v1: TYPE_MISMATCH at /" {
		t.Error(told)
	}
	there.set("/config/orders", map[string]any{"compatibilityLevel": "NONE"})
	if said, err = r.Verdict(t.Context(), nil, newer); err != nil || said.Judged || said.Told(nil) != "level NONE" {
		t.Errorf("%+v, %v", said, err)
	}
	there.set("/compatibility/subjects/orders/versions/1", map[string]any{"is_compatible": true})
	if said, err = r.Verdict(t.Context(), older, newer); err != nil || said.Told(older) != "level NONE, which this version keeps towards v1" {
		t.Errorf("%+v, %v", said, err)
	}
	there.set("/config/orders", 401)
	if _, err = r.Verdict(t.Context(), older, newer); err == nil || !strings.Contains(err.Error(), "refuses the login") {
		t.Error(err)
	}
	if _, err = r.Verdict(t.Context(), nil, &schemas.Schema{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err = r.Verdict(ended, older, newer); err == nil {
		t.Error("an answer without a question")
	}
}
