package budget

import "eventscope/adapters/payload"

const (
	// inFlightBytes is room for what is on its way from the brokers, packed and
	// unpacked, and for garbage that was not collected yet.
	inFlightBytes = 43 << 20
	// screenBytes is that with all that a screen shows besides the index.
	screenBytes = 64 << 20
)

// Bytes is a budget, in bytes.
type Bytes int64

// Default is the budget without --memory.
const Default Bytes = 512 << 20

// Index is the share of an index that has the command to itself.
func (b Bytes) Index() int64 {
	return int64(min(b/4*3, max(b/16*5, b-inFlightBytes)))
}

// BesideScreen is the share of an index beside the lists of a screen.
func (b Bytes) BesideScreen() int64 {
	return int64(min(b/4*3, max(b/4, b-screenBytes)))
}

// Merged is how much of the past is held at a time to be put in order, beside the index of a
// screen.
func (b Bytes) Merged() int64 { return int64(min(max(b/32, 2<<20), 16<<20)) }

// Planned is how many letters a plan may have: each takes some 700 bytes while it is
// planned, written down and carried out.
func (b Bytes) Planned() int {
	const each, least, besides = 700, 1000, 28 << 20
	return int(max((b-besides)/each, least))
}

// Listed is how many letters the screen lists, in an eighth of the budget, with so many fields each.
func (b Bytes) Listed(fields int) int {
	const each, part = 1300, 8
	return int(b / part / Bytes(each+fields*(payload.FieldWidth+sliceHeader)))
}

// sliceHeader is what Go takes for a slice beside its contents.
const sliceHeader = 24

// Watched is how many partitions of consumers are watched over time, in a fifth of the
// budget: each takes up to 1.9 kB, as lag.Config says.
func (b Bytes) Watched() int {
	const each, part, most = 1900, 5, 50_000
	return int(min(b/part/each, most))
}
