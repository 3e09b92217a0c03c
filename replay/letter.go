package replay

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/payload"
	"eventscope/replay/files"
)

// Letter is a dead letter in the list: what there is to know about it, without its body.
type Letter struct {
	Source   string // name of the source it was read from
	Broker   adapters.Broker
	DLQ      string // the dead-letter topic, queue or stream that it lies in
	Position adapters.Position
	Time     time.Time // the broker's; zero for a letter of a queue that carries none
	Size     int       // bytes of key, value and headers

	// Content tells it from other letters that share its position. Alike says that letters
	// with the same contents may come and have come, since it has no id of its own.
	Content adapters.Fingerprint
	Alike   bool

	// Maybe says that a copy of it may have been sent already: it had been handed out before
	// it was first seen here, or a run that has ended does not know.
	Maybe bool

	// Encoded says that its body is written with a schema in a format that is no text.
	Encoded bool

	Type, Service, ID, Flow, Entity string // what it says about itself; "" where it does not

	DeadLetter deadheader.Info

	// Fields are those of [Config.Fields], in their order, as they may be shown; nil for one that it
	// does not have.
	Fields [][]byte

	// To is where a replay sends it; zero when that is not known. ToFrom is the evidence,
	// and Confidence how good that is.
	To         deadletter.Target
	ToFrom     string
	Confidence deadheader.Confidence

	// Replays is how often it was replayed before it came here.
	Replays int

	// State is what was done about it, and Mark says by whom. Mark is nil for an open
	// letter.
	State State
	Mark  *Mark

	stripped []string // headers that a copy would leave out
	unknown  error    // why State is Unknown
}

// Shown is what lists show of the letter beside its death, for a filter by words.
func (l *Letter) Shown() []string {
	return []string{l.State.String(), l.Position.String(), l.Type, l.Service, l.ID, l.Flow, l.Entity, string(l.To)}
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
	rules    *envelope.Rules
	envelope *envelope.Reader
	unmasked *envelope.Reader // of letters that tell nothing else apart; nil until there is one
	source   string
	broker   adapters.Broker
	targetOf deadletter.TargetOf
	dlq      *deadletter.Queue
	past     *past
	unknown  error // why there is no telling what was done, or nil
	headers  *Headers
	fields   []payload.Field
}

// reader is one of letters of a dead-letter queue, of which the past is known, or unknown for a reason.
func (s *Service) reader(dlq *DLQ, past *past, unknown error) *reader {
	return &reader{
		rules: s.config.Rules, envelope: envelope.NewReader(s.config.Rules), source: dlq.Source.Name, broker: dlq.Source.Broker,
		targetOf: dlq.Source.TargetOf, dlq: &dlq.Queue, past: past, unknown: unknown, headers: &s.config.Headers, fields: s.config.Fields,
	}
}

// letter makes a letter of a message. Every message of a dead-letter queue is one, whatever its headers.
func (r *reader) letter(m *adapters.Message, id *envelope.Identity) Letter {
	r.envelope.Read(m, id)
	death, _ := deadheader.Read(m)
	l := Letter{
		Source: r.source, Broker: r.broker, DLQ: r.dlq.Name, Position: m.Position, Time: m.Time, Size: m.Size(), Content: m.Fingerprint(),
		Type: string(id.Type.Value), Service: string(id.Service.Value), ID: string(id.ID.Value),
		Flow: string(id.Flow.Value), Entity: string(id.Entity.Value), DeadLetter: shownDeath(m, &death), Replays: replaysOf(m),
		Fields: payload.Fields(m, r.fields),
	}
	if v := m.Value; m.Schemas != nil || len(v) > 0 && v[0] >= 0x80 { // by the message itself: of what is masked nothing is left
		body := payload.Recognise(m, payload.MaxDecompressed)
		l.Encoded = body.IsEncoded(m)
	}
	if l.Flow == "" {
		l.Flow = l.Entity
	}
	l.To, l.ToFrom, l.Confidence = resolve(r.targetOf, r.dlq, &death)
	l.Alike = r.dlq.Settling == deadletter.ByRemoval && !r.dlq.Distinct && !r.distinct(m, id)
	if r.past != nil {
		key := files.LetterKey{Position: m.Position, Content: l.Content}
		if mark := r.past.mark(key); mark != nil && mark.Incarnation == r.dlq.Incarnation {
			l.State, l.Mark = mark.State, mark
		}
		l.Maybe = r.past.doubts(key)
	}
	if r.unknown != nil {
		l.State, l.unknown = Unknown, r.unknown
	}
	l.stripped = r.headers.stripped(m)
	return l
}

// shownDeath is what a letter says of its death without what is masked. Where it died and for whom
// decides where a replay sends it, and is no secret.
func shownDeath(m *adapters.Message, death *deadheader.Info) deadheader.Info {
	masked := payload.ShownHeaders(m)
	if masked == m {
		return *death
	}
	shown, _ := deadheader.Read(masked)
	shown.Origin, shown.OriginAt, shown.OriginFrom, shown.Confidence, shown.Group = death.Origin, death.OriginAt, death.OriginFrom, death.Confidence, death.Group
	return shown
}

// distinct reports whether a letter of a queue carries something that no other letter does: an id
// of its own, which may be masked, when it died, or that it was replayed.
func (r *reader) distinct(m *adapters.Message, shown *envelope.Identity) bool {
	if shown.ID.Known() || m.Properties != nil && m.Properties.MessageID != "" {
		return true
	}
	if _, replayed := m.Header(headerID); replayed || deadheader.NotedByBroker(m) {
		return true
	}
	if m.Schemas == nil { // nothing is masked
		return false
	}
	if r.unmasked == nil { // another reader, for what was read with the first is borrowed
		r.unmasked = envelope.NewReader(r.rules)
	}
	var id envelope.Identity
	r.unmasked.ReadUnmasked(m, &id)
	return id.ID.Known()
}

// mostReplays is the highest count that is told from higher ones.
const mostReplays = 1_000_000

// replaysOf is the count that replays have put on a message: the highest of all, however they
// are spelled, since the letter may have brought some of its own. Copies carry one alone.
func replaysOf(m *adapters.Message) (most int) {
	for i := range m.Headers {
		if !strings.EqualFold(m.Headers[i].Name, headerCount) {
			continue
		}
		digits := bytes.TrimLeft(bytes.TrimSpace(m.Headers[i].Value), "0")
		if bytes.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
			continue
		}
		n, err := strconv.Atoi(string(digits[:min(len(digits), len("1000000")+1)]))
		if err == nil {
			most = max(most, min(n, mostReplays))
		}
	}
	return most
}
