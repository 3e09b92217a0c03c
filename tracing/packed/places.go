package packed

import "eventscope/adapters"

// Places numbers the logs that events come from: source, destination and partition.
// The number 0 is no place. When there are too many, further ones of a source share one
// that has no name to be read again by.
type Places struct {
	All     []Place // by number
	numbers map[Place]uint32
	Times   []int64 // of each place: the time of its latest entry that has one, or 0
	last    uint32  // the place of the record before, nearly always the same
	most    int
	Bytes   int64
}

// Place is one log of a source, which has a number itself.
type Place struct {
	Source      int
	Destination string
	partition   int32
}

const (
	// OtherPlaces is the destination of what has no number of its own.
	OtherPlaces = "(too many destinations)"
	placeBytes  = 128 // what a place takes besides its name
	// fewestPlaces are enough for the partitions of a large cluster, whatever the budget.
	fewestPlaces = 1 << 14
)

// NewPlaces may hold about as many bytes as given.
func NewPlaces(bytes int64) *Places {
	return &Places{All: make([]Place, 1), Times: make([]int64, 1), numbers: map[Place]uint32{}, most: int(max(bytes/(2*placeBytes), fewestPlaces))}
}

// Number is that of a place, which it gets if it has none.
func (p *Places) Number(source int, destination string, partition int32) uint32 {
	is := Place{source, destination, partition}
	if p.last != 0 && p.All[p.last] == is {
		return p.last
	}
	number, ok := p.numbers[is]
	if !ok && len(p.All) >= p.most {
		is = Place{source, OtherPlaces, adapters.NoPartition}
		number, ok = p.numbers[is]
	}
	if !ok {
		number = uint32(len(p.All))
		p.All = append(p.All, is)
		p.Times = append(p.Times, 0)
		p.numbers[is] = number
		p.Bytes += int64(len(is.Destination)) + placeBytes
	}
	p.last = number
	return number
}

// SameDestination reports whether two places are of one destination of one source.
func (p *Places) SameDestination(a, b uint32) bool {
	return a == b || p.All[a].Source == p.All[b].Source && p.All[a].Destination == p.All[b].Destination
}

// Position is that of an offset in a place.
func (p *Places) Position(number uint32, offset int64) adapters.Position {
	at := p.All[number]
	return adapters.Position{Destination: at.Destination, Partition: at.partition, Offset: offset}
}

// Having is the places whose positions may be this one: those of every source that has
// such a destination and partition.
func (p *Places) Having(position adapters.Position) map[uint32]bool {
	numbers := map[uint32]bool{}
	for n := 1; n < len(p.All); n++ {
		if p.All[n].Destination == position.Destination && p.All[n].partition == position.Partition {
			numbers[uint32(n)] = true
		}
	}
	return numbers
}
