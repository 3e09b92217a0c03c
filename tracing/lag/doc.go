// Package lag says how far consumers are behind and what becomes of that. A single reading of
// a broker is a number; a series of them tells a consumer that is on its way from one that
// stalls, and gives a lag in seconds, rates, and the time until nothing is left.
//
// # Owner
//
// A [Series] belongs to whoever made it, and to the [Sweep] that feeds it while that is under
// way. It is apart from the index of flows and knows nothing of it. A [Consumer] that was found
// never changes.
//
// # Concurrency
//
// A Series is not for use by several goroutines at once, nor is a Sweep but for its Progress.
// A Sweep asks all sources at the same time; their answers meet in the goroutine that called
// Look, where Heard is called, too.
//
// # What may be lost
//
// A Series watches as many logs as its [Config] says. Consumers that did not fit are judged by
// one reading alone, and [Series.Unwatched] counts their logs. Of what is watched, the oldest
// readings are merged, so that some minutes take a fixed room; what had no news for ten windows
// is forgotten.
//
// # Files
//
//	sweep.go     Sweep: one look at the consumers of several sources
//	consumer.go  Consumer: what a sweep finds; the one order of what is worse
//	series.go    Series: what was read of lags over time
//	points.go    numbers over time, merged where they lie near to each other
//	progress.go  what was seen of one consumer in one log
//	standing.go  what that means: states by Burrow's rules, seconds, rates
//	rank.go      Rank: a state and a lag in that order; a consumer in all its logs
//
// # Not obvious
//
//   - Burrow judges commits; this judges readings by our own clock, since what is committed
//     again without change cannot be seen.
//   - A lag in seconds is how long ago the end of the log passed the offset that is read next.
//     Where the ends that were seen do not reach back so far, the message itself tells
//     ([Series.Wanted], [Series.Told]).
//   - How somebody stands is said again when all were heard, because several consumers of a log
//     bring its ends, and what is told of ages comes last.
//   - What is not known may be bad: [Gravity] puts it right behind what is known to be well.
package lag
