package tracing

// names numbers the few texts that many events share: types, services, evidence. The
// number 0 is the empty text. When the numbers run out, which only hostile data brings
// about, further texts share the last one.
type names struct {
	texts   []string
	numbers map[string]uint16
	most    int
	held    int64 // bytes
}

const (
	longestName = 200 // bytes
	otherNames  = "(too many different names)"
	nameBytes   = 64 // what a name takes besides its text: string, map and list
)

// newNames may hold about as many bytes as given, of texts of any length.
func newNames(bytes int64) *names {
	most := min(max(bytes/(longestName+nameBytes), 1000), 1<<16-1)
	return &names{texts: []string{""}, numbers: map[string]uint16{"": 0}, most: int(most)}
}

// number returns the number of text, giving it one if needed.
func (n *names) number(text []byte) uint16 {
	if len(text) > longestName {
		text = text[:longestName]
	}
	if number, ok := n.numbers[string(text)]; ok {
		return number
	}
	if len(n.texts) == n.most {
		n.texts = append(n.texts, otherNames)
	}
	if len(n.texts) > n.most {
		return uint16(n.most)
	}
	number := uint16(len(n.texts))
	n.texts = append(n.texts, string(text))
	n.numbers[n.texts[number]] = number
	n.held += int64(len(text)) + nameBytes
	return number
}

func (n *names) text(number uint16) string { return n.texts[number] }
