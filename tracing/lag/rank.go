package lag

import (
	"cmp"
	"errors"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// Rank is what the order of consumers, and of their logs, goes by.
type Rank struct {
	State consumer.LagState
	Lag   int64
}

// Compare puts the worse state first, then the larger lag.
func (r Rank) Compare(other Rank) int {
	return cmp.Or(cmp.Compare(Gravity(other.State), Gravity(r.State)), cmp.Compare(other.Lag, r.Lag))
}

// Gravity orders states, the worst being the largest. What is not known may be bad.
func Gravity(s consumer.LagState) int {
	if s == consumer.LagUnknown {
		return 2*int(consumer.LagOK) + 1
	}
	return 2 * int(s)
}

// standingOfNothing is how a consumer stands that is told to read nothing.
func standingOfNothing(lag *consumer.Lag, err error) Standing {
	unsure := func(state consumer.LagState, why string) Standing {
		return Standing{State: state, Why: why, Unsure: true}
	}
	switch {
	case errors.Is(err, adapters.ErrNotAuthorized):
		return unsure(consumer.LagNotAllowed, "")
	case err != nil:
		return unsure(consumer.LagUnknown, "")
	case lag.Rebalancing:
		return unsure(consumer.LagRebalance, rebalances(lag))
	case lag.Unseen != "":
		return unsure(consumer.LagUnknown, "it reads nothing that the user may see: "+lag.Unseen)
	case lag.Protocol != "":
		return Standing{State: consumer.LagOK, Why: "a group of type " + lag.Protocol + ", which reads nothing itself"}
	}
	return unsure(consumer.LagNoOffset, "it reads nothing and has committed nothing")
}

func rebalances(lag *consumer.Lag) string {
	return "the group is in the state " + lag.Phase + ": not all of its partitions are read until that ends"
}

// Together is how a consumer stands in all logs of lag, given how it stands in each.
func Together(lag *consumer.Lag, logs []Standing) Standing {
	out := Standing{State: consumer.LagOK}
	total := lag.Total()
	complete := true
	for i, standing := range logs {
		l := &lag.Logs[i]
		if l.Left {
			continue // nobody reads it
		}
		out.Unread, out.Unsure = out.Unread+standing.Unread, out.Unsure || standing.Unsure
		if l.State == consumer.LagNoOffset && l.Start == l.End && total.Known > 0 {
			continue // there is nothing in it that could have been committed
		}
		if Gravity(standing.State) > Gravity(out.State) {
			out.State, out.Why = standing.State, standing.Why
		}
		if standing.SecondsKnown {
			out.SecondsKnown, out.Seconds = true, max(out.Seconds, standing.Seconds)
		}
		if l.State.Counted() {
			out.In.PerSecond += standing.In.PerSecond
			out.Out.PerSecond += standing.Out.PerSecond
			complete = complete && standing.In.Known && standing.Out.Known
		}
	}
	if lag.Rebalancing {
		out.rebalance(lag)
	}
	out.In.Known, out.Out.Known = complete && total.Known > 0, complete && total.Known > 0
	out.direct(toDrain(lag, total.Lag))
	return out
}

// rebalance makes a standing that of a group whose partitions are being given out anew,
// unless it is worse.
func (s *Standing) rebalance(lag *consumer.Lag) {
	if Gravity(s.State) < Gravity(consumer.LagRebalance) {
		s.State, s.Why = consumer.LagRebalance, ""
	}
	s.Why = strings.TrimPrefix(s.Why+"; "+rebalances(lag), "; ")
}
