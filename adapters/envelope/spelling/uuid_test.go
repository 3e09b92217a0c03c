package spelling

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestOnlyUUIDsAreRespelled: every other id comes as it stands in the message.
func TestOnlyUUIDsAreRespelled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[0-9A-Za-z{}()_:-]{30,46}`), rapid.StringMatching(`[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-G]{12}`)).Draw(t, "text")
		got := string(AppendID(nil, []byte(text)))
		bare := strings.Trim(strings.TrimPrefix(strings.ToLower(text), "urn:uuid:"), "{}()")
		IsUUID := len(strings.ReplaceAll(bare, "-", "")) == 32 && strings.Trim(bare, "0123456789abcdef-") == ""
		if got != text && !(IsUUID && got == bare) {
			t.Fatalf("%q is read as %q", text, got)
		}
	})
}
