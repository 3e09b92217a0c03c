package replay

import (
	"strings"
	"testing"

	"eventscope/adapters/deadletter"
)

// TestWhatIsPromisedIsWhatTheBrokerDoes, action by action, and no more than that.
func TestWhatIsPromisedIsWhatTheBrokerDoes(t *testing.T) {
	for _, c := range []struct {
		action   Action
		settling deadletter.Settling
		said     deadletter.Guarantee
		through  string
		want     string
	}{
		{Replay, deadletter.ByLedger, deadletter.ExactlyOnce, "", "exactly once for read_committed readers: one transaction"},
		{Replay, deadletter.ByLedger, deadletter.Atomic, "", "not called exactly once, for the cluster's transaction.version is below 2"},
		{Replay, deadletter.ByLedger, deadletter.AtLeastOnce, "", "at least once, with a replay id: publish, confirm, journal, then ack"},
		{Replay, deadletter.ByLedger, deadletter.ExactlyOnce, "other", "at least once, with a replay id: published to another cluster"},
		{Replay, deadletter.ByRemoval, deadletter.ExactlyOnce, "", "at least once, with a replay id: publish, confirm, journal, then ack"},
		{Replay, deadletter.ByJournal, deadletter.AtLeastOnce, "", "the letter stays in the stream"},
		{Discard, deadletter.ByLedger, deadletter.ExactlyOnce, "", "marked in the ledger, restorable"}, {Discard, deadletter.ByJournal, 0, "", "marked in the journal, restorable; the letter stays in the stream"},
		{Discard, deadletter.ByRemoval, 0, "", "a full copy to the archive (fsync), then ack"},
		{Restore, deadletter.ByLedger, 0, "", "the mark in the ledger is removed"}, {Restore, deadletter.ByRemoval, 0, "", "published back to the queue, confirmed"},
	} {
		p := &Part{Settling: c.settling, Guarantee: c.said, Through: c.through}
		if got := p.Promise(c.action); !strings.Contains(got, c.want) || strings.HasPrefix(got, "exactly") != strings.HasPrefix(c.want, "exactly") {
			t.Errorf("%s by %v, %v: %q", c.action, c.settling, c.said, got)
		}
	}
}
