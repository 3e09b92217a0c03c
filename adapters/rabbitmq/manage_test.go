package rabbitmq

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
)

// manage asks the broker's management API as its administrator.
func (b *testBroker) manage(t testing.TB, method, path string, body any) *http.Response {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, b.managementURL()+"/api/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := b.user.Password()
	request.SetBasicAuth(b.user.Username(), password)
	request.Close = true // nothing outlives the test
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// put makes a user, permission or policy.
func (b *testBroker) put(t testing.TB, path string, what any) {
	t.Helper()
	if response := b.manage(t, http.MethodPut, path, what); response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("put %s: %s", path, response.Status)
	}
}

// remove takes away what put made.
func (b *testBroker) remove(t testing.TB, path string) { b.manage(t, http.MethodDelete, path, nil) }
