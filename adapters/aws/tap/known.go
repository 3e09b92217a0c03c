package tap

// mostKnown is how many ids are remembered, of the newest and of those before each.
const mostKnown = 50_000

// known remembers which messages came. It forgets the oldest half where there are too many.
type known struct{ newer, older map[string]struct{} }

// add says whether an id is new.
func (k *known) add(id string) bool {
	if _, there := k.newer[id]; there {
		return false
	}
	_, there := k.older[id]
	if len(k.newer) >= mostKnown || k.newer == nil {
		k.newer, k.older = map[string]struct{}{}, k.newer
	}
	k.newer[id] = struct{}{}
	return !there
}
