package tracing

import "eventscope/adapters"

// places numbers the logs that events come from: source, destination and partition.
// The number 0 is no place. When there are too many, further ones of a source share one
// that has no name to be read again by.
type places struct {
	all     []place
	numbers map[place]uint32
	times   []int64 // of each place: the time of its latest entry that has one, or 0
	last    uint32  // the place of the record before, nearly always the same
	most    int
	held    int64 // bytes
}

type place struct {
	source      int
	destination string
	partition   int32
}

const (
	otherPlaces = "(too many destinations)"
	placeBytes  = 128 // what a place takes besides its name
	// fewestPlaces are enough for the partitions of a large cluster, whatever the budget.
	fewestPlaces = 1 << 14
)

// newPlaces may hold about as many bytes as given.
func newPlaces(bytes int64) *places {
	return &places{all: make([]place, 1), times: make([]int64, 1), numbers: map[place]uint32{}, most: int(max(bytes/(2*placeBytes), fewestPlaces))}
}

func (p *places) number(source int, destination string, partition int32) uint32 {
	is := place{source, destination, partition}
	if p.last != 0 && p.all[p.last] == is {
		return p.last
	}
	number, ok := p.numbers[is]
	if !ok && len(p.all) >= p.most {
		is = place{source, otherPlaces, adapters.NoPartition}
		number, ok = p.numbers[is]
	}
	if !ok {
		number = uint32(len(p.all))
		p.all = append(p.all, is)
		p.times = append(p.times, 0)
		p.numbers[is] = number
		p.held += int64(len(is.destination)) + placeBytes
	}
	p.last = number
	return number
}

func (p *places) sameDestination(a, b uint32) bool {
	return a == b || p.all[a].source == p.all[b].source && p.all[a].destination == p.all[b].destination
}

func (p *places) position(e *entry) adapters.Position {
	at := p.all[e.place]
	return adapters.Position{Destination: at.destination, Partition: at.partition, Offset: e.offset}
}

// having is the places whose positions may be this one: those of every source that has
// such a destination and partition.
func (p *places) having(position adapters.Position) map[uint32]bool {
	numbers := map[uint32]bool{}
	for n := 1; n < len(p.all); n++ {
		if p.all[n].destination == position.Destination && p.all[n].partition == position.Partition {
			numbers[uint32(n)] = true
		}
	}
	return numbers
}
