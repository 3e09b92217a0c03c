package tracing

// names numbers the few texts that many events share: types, services, evidence. The
// number 0 is the empty text. When the numbers run out, which only hostile data brings
// about, further texts share the last one.
type names struct {
	texts   []string
	numbers map[string]uint16
}

const (
	mostNames   = 1<<16 - 1
	longestName = 200
	otherNames  = "(too many different names)"
)

func newNames() *names {
	return &names{texts: []string{""}, numbers: map[string]uint16{"": 0}}
}

// number returns the number of text, giving it one if needed.
func (n *names) number(text []byte) uint16 {
	if number, ok := n.numbers[string(text)]; ok {
		return number
	}
	if len(text) > longestName {
		return n.number(text[:longestName])
	}
	if len(n.texts) == mostNames {
		n.texts = append(n.texts, otherNames)
	}
	if len(n.texts) > mostNames {
		return mostNames
	}
	number := uint16(len(n.texts))
	n.texts = append(n.texts, string(text))
	n.numbers[n.texts[number]] = number
	return number
}

func (n *names) text(number uint16) string { return n.texts[number] }
