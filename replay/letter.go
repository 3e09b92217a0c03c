package replay

import (
	"strconv"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// Letter is a dead letter in the list: what there is to know about it, without its body.
type Letter struct {
	Source   string // name of the source it was read from
	Broker   adapters.Broker
	Grave    string // the dead-letter topic, queue or stream that it lies in
	Position adapters.Position
	Time     time.Time // the broker's; zero for a letter of a queue that carries none
	Size     int       // bytes of key, value and headers

	Type, Service, ID, Flow, Entity string // what it says about itself; "" where it does not

	Death envelope.Death

	// To is where a replay sends it; zero when that is not known. ToFrom is the evidence,
	// and Confidence how good that is.
	To         adapters.Target
	ToFrom     string
	Confidence envelope.Confidence

	// Replays is how often it was replayed before it came here.
	Replays int

	// State is what was done about it, and Mark says by whom. Mark is nil for an open
	// letter.
	State State
	Mark  *Mark

	stripped []string // headers that a copy would leave out
}

// Mark is what was done about a letter, as it is recorded in the ledger or told by the
// journal.
type Mark struct {
	State  State     `json:"state"`
	Run    string    `json:"run"`
	By     string    `json:"by"` // user@host
	At     time.Time `json:"at"`
	Target string    `json:"target,omitempty"` // where a copy was sent
	Reason string    `json:"reason,omitempty"` // why it was discarded
	// Incarnation is that of the topic in which the letter lies, so that a mark of an
	// earlier topic of the same name is not taken for one of this letter.
	Incarnation string `json:"incarnation,omitempty"`
}

// reader makes letters of messages. It belongs to one goroutine.
type reader struct {
	envelope *envelope.Reader
	source   string
	broker   adapters.Broker
	grave    *adapters.Grave
	marks    map[adapters.Position]*Mark
	headers  *Headers
}

// read makes a letter of a message. Every message of a grave is one, whatever its headers.
func (r *reader) read(m *adapters.Message, id *envelope.Identity) Letter {
	r.envelope.Read(m, id)
	death, _ := envelope.Certify(m)
	l := Letter{
		Source: r.source, Broker: r.broker, Grave: r.grave.Name, Position: m.Position, Time: m.Time, Size: m.Size(),
		Type: string(id.Type.Value), Service: string(id.Service.Value), ID: string(id.ID.Value),
		Flow: string(id.Flow.Value), Entity: string(id.Entity.Value), Death: death, Replays: replaysOf(m),
	}
	if l.Flow == "" {
		l.Flow = l.Entity
	}
	l.To, l.ToFrom, l.Confidence = resolve(r.broker, r.grave, &death)
	if mark := r.marks[m.Position]; mark != nil && mark.Incarnation == r.grave.Incarnation {
		l.State, l.Mark = mark.State, mark
	}
	l.stripped = r.headers.stripped(m)
	return l
}

// replaysOf is the count that a replay has put on a message.
func replaysOf(m *adapters.Message) int {
	value, ok := m.Header(headerCount)
	if !ok || len(value) > 9 {
		return 0
	}
	n, err := strconv.Atoi(string(value))
	if err != nil || n < 0 {
		return 0
	}
	return n
}
