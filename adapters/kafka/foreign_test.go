package kafka_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/kafka"
)

// TestForeignClient reads what kcat, which shares no code with us, has written, and
// finds its messages in the partitions that their keys say.
func TestForeignClient(t *testing.T) {
	c := real(t)
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("kcat is not installed")
	}
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		t.Run(codec, func(t *testing.T) {
			topic := c.topic(t, 6)
			write := exec.Command(kcat, "-P", "-b", c.address, "-t", topic, "-z", codec, "-K", ":", "-H", "tenant=a", "-H", "tenant=b")
			var lines strings.Builder
			for i := range 60 {
				fmt.Fprintf(&lines, "key-%d:{\"order_id\":\"ord-%d\"}\n", i%10, i)
			}
			write.Stdin = strings.NewReader(lines.String())
			if out, err := write.CombinedOutput(); err != nil {
				t.Fatalf("kcat: %v %s", err, out)
			}
			run := follow(t, c.open(t, topic), adapters.Beginning)
			for range 60 {
				m := adaptertest.Received(t, "a message of kcat", run.came)
				if !slices.Contains(kafka.PartitionsOfKey(m.Key, 6), m.Position.Partition) {
					t.Errorf("%s is in partition %d, which is none of %v", m.Key, m.Position.Partition, kafka.PartitionsOfKey(m.Key, 6))
				}
				if len(m.Headers) != 2 || string(m.Headers[0].Value) != "a" || string(m.Headers[1].Value) != "b" {
					t.Errorf("headers %q", m.Headers)
				}
			}
		})
	}
}
