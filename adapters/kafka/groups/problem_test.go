package groups

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"eventscope/adapters/kafka/cluster"
)

// TestUnansweredGroupsNameTheHost that a broker gives itself, and that cannot be found.
func TestUnansweredGroupsNameTheHost(t *testing.T) {
	missing := fmt.Errorf("unable to dial: %w", &net.DNSError{Name: "kafka-0.internal", Err: "no such host"})
	got := groupsUnanswered(&cluster.Access{Brokers: []string{"kafka.example.org:9092"}}, missing).Error()
	if want := "a broker calls itself kafka-0.internal, and there is no such host"; !strings.Contains(got, want) {
		t.Errorf("%s, want %q", got, want)
	}
}
