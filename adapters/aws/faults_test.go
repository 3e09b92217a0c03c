package aws

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
)

// withoutCounts lets a queue tell nothing of its messages.
func withoutCounts(name string) func(action string, w http.ResponseWriter, r *http.Request) bool {
	return func(action string, w http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if action != "GetQueueAttributes" || !strings.Contains(string(body), name) {
			return false
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = io.WriteString(w, `{"Attributes":{"VisibilityTimeout":"30"}}`)
		return true
	}
}

// TestWhatIsRefusedIsOneSentence: what an operator can do about it is said, and no secret.
func TestWhatIsRefusedIsOneSentence(t *testing.T) {
	p, faults := localStack(t).throughFaults(t)
	for code, want := range map[string]struct {
		status int
		kind   error
		says   string
	}{
		"InvalidClientTokenId": {403, adapters.ErrNotAuthenticated, "does not know the access key"},
		"ExpiredToken":         {403, adapters.ErrNotAuthenticated, "aws sso login"},
		"AccessDenied":         {403, adapters.ErrNotAuthorized, "sqs:GetQueueUrl"},
		"AWS.SimpleQueueService.NonExistentQueue":    {400, adapters.ErrUnknownDestination, "not there"},
		"com.amazonaws.sqs#QueueDoesNotExist":        {400, adapters.ErrUnknownDestination, "check the name, the region and the account"},
		"KMS.AccessDeniedException-KmsAccessDenied":  {400, adapters.ErrNotAuthorized, "kms:Decrypt"},
		"AWS.SimpleQueueService.UnsupportedAnything": {400, nil, "said by the test"},
	} {
		t.Run(code, func(t *testing.T) {
			faults.set(func(_ string, w http.ResponseWriter, _ *http.Request) bool {
				refuse(w, want.status, code)
				return true
			})
			_, err := Open(t.Context(), func() Config { c := p.config(); c.Names = []string{"orders"}; return c }())
			var problem *adapters.Problem
			if !errors.As(err, &problem) || want.kind != nil && !errors.Is(err, want.kind) || !strings.Contains(err.Error(), want.says) {
				t.Errorf("%s is told as %v", code, err)
			}
			if err != nil && (strings.Contains(err.Error(), "secret-of-the-test") || strings.Contains(err.Error(), p.account) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("%s tells a secret, or too much: %v", code, err)
			}
		})
	}
}

// TestAnAnswerIsBounded: who answers without an end is not read to the end, and the SDK writes nothing
// of it where a screen may be.
func TestAnAnswerIsBounded(t *testing.T) {
	said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = said
	t.Cleanup(func() {
		os.Stderr = before
		if text, err := os.ReadFile(said.Name()); err != nil || len(text) > 0 {
			t.Errorf("the SDK has written %q, %v", text, err)
		}
		_ = said.Close()
	})
	p, faults := localStack(t).throughFaults(t)
	faults.set(func(_ string, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = io.WriteString(w, `{"QueueUrl":"`)
		for chunk := bytes.Repeat([]byte("x"), 1<<20); ; {
			if _, err := w.Write(chunk); err != nil {
				return true
			}
		}
	})
	if _, err := Open(t.Context(), func() Config { c := p.config(); c.Names = []string{"orders"}; return c }()); !errors.Is(err, adapters.ErrTooLarge) {
		t.Errorf("an answer without an end is told as %v", err)
	}
}

// TestACopyWithoutAnAnswerIsUnknown: it may have come.
func TestACopyWithoutAnAnswerIsUnknown(t *testing.T) {
	real := localStack(t)
	p, faults := real.throughFaults(t)
	origin, dead := real.buried(t, "", 3)
	real.send(t, dead, adapters.Message{Value: []byte("one")}, adapters.Message{Value: []byte("two")})
	source := p.open(t, func(c *Config) { c.Names, c.Purpose, c.Write = []string{dead}, driver.ToInspect, true })
	t.Cleanup(func() { _ = source.Close() })
	var asked atomic.Int32
	faults.set(func(action string, w http.ResponseWriter, _ *http.Request) bool {
		if action != "SendMessageBatch" {
			return false
		}
		asked.Add(1)
		panic(http.ErrAbortHandler)
	})
	publisher, err := source.DeadLetters.Publisher(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one := adapters.Message{Value: []byte("one")}
	outcomes, err := publisher.Send(t.Context(), []deadletter.Copy{{Message: &one, To: deadletter.Target(origin)}}, nil)(t.Context())
	if err == nil || len(outcomes) != 1 || !errors.Is(outcomes[0], deadletter.ErrUnknownOutcome) || asked.Load() != 1 {
		t.Errorf("after %d questions: %v, %v", asked.Load(), outcomes, err)
	}
}
