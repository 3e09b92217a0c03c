package packed

// Names numbers the few texts that many events share: types, services, evidence. The
// number 0 is the empty text. When the numbers run out, which only hostile data brings
// about, further texts share the last one.
type Names struct {
	texts   []string
	numbers map[string]uint16
	Most    int   // names; further texts share the last one
	held    int64 // bytes
}

const (
	longestName = 200 // bytes
	OtherNames  = "(too many different names)"
	nameBytes   = 64 // what a name takes besides its text: string, map and list
)

// NewNames may hold about as many bytes as given, of texts of any length.
func NewNames(bytes int64) *Names {
	most := min(max(bytes/(longestName+nameBytes), 1000), 1<<16-1)
	return &Names{texts: []string{""}, numbers: map[string]uint16{"": 0}, Most: int(most)}
}

// Number returns the number of text, giving it one if needed.
func (n *Names) Number(text []byte) uint16 {
	if len(text) > longestName {
		text = text[:longestName]
	}
	if number, ok := n.numbers[string(text)]; ok {
		return number
	}
	if len(n.texts) == n.Most {
		n.texts = append(n.texts, OtherNames)
	}
	if len(n.texts) > n.Most {
		return uint16(n.Most)
	}
	number := uint16(len(n.texts))
	n.texts = append(n.texts, string(text))
	n.numbers[n.texts[number]] = number
	n.held += int64(len(text)) + nameBytes
	return number
}

// Text is the text of a number.
func (n *Names) Text(number uint16) string { return n.texts[number] }

// Len is how many numbers there are, that of the empty text among them.
func (n *Names) Len() int { return len(n.texts) }

// Bytes is the memory of the names, in bytes.
func (n *Names) Bytes() int64 { return n.held }
