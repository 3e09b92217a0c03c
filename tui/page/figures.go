package page

import (
	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tracing/topology"
	"eventscope/tui/text"
)

// Unknown stands where nobody knows.
var Unknown = text.Own("?")

// LagText is a lag in messages, with a plus where more may be left than is known.
func LagText(total *consumer.Total) text.Safe {
	switch {
	case total.Of == 0:
		return text.Own("-")
	case total.Known == 0:
		return Unknown
	case total.Known < total.Of:
		return text.Count(total.Lag).Add(text.Own("+"))
	}
	return text.Count(total.Lag)
}

// RateText is messages a second: below ten with one decimal.
func RateText(r adapters.Rate) text.Safe {
	switch {
	case !r.Known:
		return Unknown
	case r.PerSecond > 0 && r.PerSecond < 9.95:
		return text.Tenths(r.PerSecond)
	}
	return text.Short(r.PerSecond)
}

// Ill reports whether a consumer is in a state that somebody should look at.
func Ill(r *topology.Reader) bool {
	return lag.Gravity(r.Standing.State) >= lag.Gravity(consumer.LagWarn)
}

// Growing reports whether a consumer falls behind.
func Growing(s *lag.Standing, total *consumer.Total) bool {
	return s.Direction == lag.Growing && total.Lag > 0
}
