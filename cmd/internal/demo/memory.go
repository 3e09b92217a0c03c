package demo

// remembered bounds what a service remembers: at three orders a second about an hour.
const remembered = 10_000

// memory is what a service keeps of the events it has taken, oldest forgotten first:
// its defence against duplicates, and its outbox. In a real service this is a table.
type memory struct {
	outcomes map[string]*outcome
	ids      []string // a ring; next is where the oldest stands once it is full
	next     int
}

// outcome is what was decided about one event.
type outcome struct {
	messages []message // not known to be published
	done     bool
}

// recall returns the outcome for an event id, or nil.
func (m *memory) recall(id string) *outcome { return m.outcomes[id] }

// note keeps messages as the outcome for an event id. An event without an id cannot
// be recognised again, and is not kept.
func (m *memory) note(id string, messages []message) *outcome {
	noted := &outcome{messages: messages}
	if id == "" {
		return noted
	}
	if m.outcomes == nil {
		m.outcomes = map[string]*outcome{}
	}
	if len(m.ids) < remembered {
		m.ids = append(m.ids, id)
	} else {
		delete(m.outcomes, m.ids[m.next])
		m.ids[m.next] = id
		m.next = (m.next + 1) % remembered
	}
	m.outcomes[id] = noted
	return noted
}
