package replay

import (
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// Newest is the newest dead letters of one destination, as many as are listed, and what
// the older ones have in common. A copy may go on where another stands: what both have is
// never changed.
type Newest struct {
	// Letters are in the order in which they lie.
	Letters []Letter
	// More is how many older letters are not among Letters, and MoreOpen how many of those
	// nothing was done about.
	More, MoreOpen int

	olderOpen, olderSettled Grouping
}

// slack is how many more letters are held than are listed before the oldest leave: each
// time costs a sort.
func slack(most int) int { return most/4 + 64 }

// add puts a letter in, of which most are listed.
func (n *Newest) add(l *Letter, most int) {
	if n.Letters = append(n.Letters, *l); len(n.Letters) >= most+slack(most) {
		n.trim(most)
	}
}

// trim leaves the newest letters only; of those that died at the same time, or at none that
// is known, the ones that lie behind.
func (n *Newest) trim(most int) {
	excess := len(n.Letters) - most
	if excess <= 0 {
		return
	}
	order := make([]int, len(n.Letters))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return n.Letters[a].Died().Compare(n.Letters[b].Died()) })
	leaves := make([]bool, len(n.Letters))
	for _, i := range order[:excess] {
		leaves[i] = true
	}
	left := make([]Letter, 0, most)
	for i := range n.Letters {
		if leaves[i] {
			n.leave(&n.Letters[i])
		} else {
			left = append(left, n.Letters[i])
		}
	}
	n.Letters = left
}

// leave counts a letter that is listed no longer.
func (n *Newest) leave(l *Letter) {
	n.More++
	if l.State.Settled() {
		n.olderSettled.Add(l)
		return
	}
	n.MoreOpen++
	n.olderOpen.Add(l)
}

// on is a copy that letters can be added to.
func (n *Newest) on() Newest {
	return Newest{
		Letters: slices.Clip(n.Letters), More: n.More, MoreOpen: n.MoreOpen,
		olderOpen: n.olderOpen.clone(), olderSettled: n.olderSettled.clone(),
	}
}

// mark takes over what the ledger says now of letters: nil for one that is open again. Those
// that are listed leave now. If everything is known, letters are open whose state was unknown
// and of which it says nothing. It says whether any changed.
func (n *Newest) mark(now map[adapters.Position]*Mark, known bool) (changed bool) {
	for i := range n.Letters {
		mark, told := now[n.Letters[i].Position]
		if !told && (!known || n.Letters[i].State != Unknown) {
			continue
		}
		delete(now, n.Letters[i].Position)
		if !changed {
			n.Letters, changed = slices.Clone(n.Letters), true
		}
		l := &n.Letters[i]
		if l.State, l.Mark, l.unknown = Open, mark, nil; mark != nil {
			l.State = mark.State
		}
	}
	return changed
}

// forget takes out the listed letters that lie before the start of their partition: the
// broker has removed them.
func (n *Newest) forget(held map[adapters.Log]deadletter.Offsets) {
	gone := func(l *Letter) bool {
		offsets, known := held[adapters.Log{Destination: l.Position.Destination, Partition: l.Position.Partition}]
		return known && l.Position.Offset < offsets.Start
	}
	if slices.ContainsFunc(n.Letters, func(l Letter) bool { return gone(&l) }) {
		n.Letters = slices.DeleteFunc(slices.Clone(n.Letters), func(l Letter) bool { return gone(&l) })
	}
}

// Open is how many of all letters, listed or not, nothing was done about.
func (n *Newest) Open() int {
	open := n.MoreOpen
	for i := range n.Letters {
		if !n.Letters[i].State.Settled() {
			open++
		}
	}
	return open
}

// GroupInto puts all letters, listed or not, into a grouping: those that were dealt with
// only if settled says so.
func (n *Newest) GroupInto(into *Grouping, settled bool) {
	into.merge(&n.olderOpen)
	if settled {
		into.merge(&n.olderSettled)
	}
	for i := range n.Letters {
		if settled || !n.Letters[i].State.Settled() {
			into.Add(&n.Letters[i])
		}
	}
}

// shares says how many letters of each destination are listed where most are in all: what
// a small one does not need is for the others. What none of them needs may be used by any,
// for letters come while one looks. A need below 0 is one that nobody knows.
func shares(most int, needs []int64) []int {
	order := make([]int, len(needs))
	for i := range order {
		order[i] = i
	}
	need := func(i int) int {
		if needs[i] < 0 {
			return most
		}
		return int(min(needs[i], int64(most)))
	}
	slices.SortStableFunc(order, func(a, b int) int { return need(a) - need(b) })
	all, left := make([]int, len(needs)), most
	for n, i := range order {
		all[i] = min(need(i), left/(len(order)-n))
		left -= all[i]
	}
	for i := range all {
		all[i] += left / len(all)
	}
	return all
}
