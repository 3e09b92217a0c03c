package main

import (
	"os"
	"strings"
	"testing"

	"eventscope/cmd/internal/exit"
)

// connectionString is that of the Service Bus of the tests, or skips.
func connectionString(t *testing.T) string {
	text := os.Getenv("EVENTSCOPE_TEST_SERVICEBUS")
	if text == "" {
		t.Skip("EVENTSCOPE_TEST_SERVICEBUS names no Service Bus")
	}
	return text
}

// TestAConnectionStringIsNeverRepeated: neither one that logs in, nor one in a wrong place, nor one
// that is another namespace's.
func TestAConnectionStringIsNeverRepeated(t *testing.T) {
	const secret = "SharedAccessKeyName=root;SharedAccessKey=c2VjcmV0LW9mLXRoZS10ZXN0="
	ours := "Endpoint=sb://127.0.0.1:1;" + secret
	environment := func(variable, value string) map[string]string {
		return map[string]string{"XDG_CONFIG_HOME": t.TempDir(), "XDG_STATE_HOME": t.TempDir(), "HOME": t.TempDir(), variable: value}
	}
	for name, c := range map[string]struct {
		variable, value, url string
		code                 int
	}{
		"in place of a URL":       {"", "", ours, exit.Misused},
		"behind a URL":            {"", "", "servicebus://127.0.0.1:1/" + ours, exit.Misused},
		"as a password":           {"EVENTSCOPE_PASSWORD", ours, "servicebus://root@127.0.0.1:1/orders?emulator=true&management=http://127.0.0.1:1", exit.Failed},
		"of another namespace":    {"EVENTSCOPE_PASSWORD", "Endpoint=sb://elsewhere;" + secret, "servicebus://root@127.0.0.1:1/orders?emulator=true", exit.Failed},
		"as a name":               {"", "", "servicebus://127.0.0.1:1/SharedAccessKey=c2VjcmV0LW9mLXRoZS10ZXN0=", exit.Misused},
		"as a parameter of a URL": {"", "", "servicebus://127.0.0.1:1/orders?connection_string=" + ours, exit.Misused},
	} {
		out, said, code := ran(t, environment(c.variable, c.value), "tail", c.url, "--config", os.DevNull, "--exit")
		if code != c.code || strings.Contains(out+said, "c2Vj") || said == "" {
			t.Errorf("%s: %d: %s%s", name, code, out, said)
		}
	}
}

// TestWhatLiesInAQueueIsShown, to who logs in by a connection string.
func TestWhatLiesInAQueueIsShown(t *testing.T) {
	text := connectionString(t)
	t.Setenv("EVENTSCOPE_CONNECTION_STRING", text)
	host, _, _ := strings.Cut(strings.TrimPrefix(text, "Endpoint=sb://"), ";")
	environment := map[string]string{"XDG_CONFIG_HOME": t.TempDir(), "XDG_STATE_HOME": t.TempDir(), "HOME": t.TempDir()}
	_, said, code := ran(t, environment, "tail", "servicebus://"+strings.TrimSuffix(host, "/")+"/not-there-"+strings.ToLower(t.Name())+"?emulator=true", "--config", os.DevNull, "--exit")
	if code == exit.Done || !strings.Contains(said, "not there") {
		t.Errorf("%d: %s", code, said)
	}
}
