package replay

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/envelope/spelling"
)

// copy is what is sent in place of a letter: the letter without the headers of its
// failures and with those of this replay. What comes out of the archive goes back as it was.
func (w *worker) copy(l *taken) deadletter.Copy {
	if l.archived != nil {
		return deadletter.Copy{Original: l.archived, To: w.source.TargetOf(&deadletter.Queue{Name: w.part.DLQ, Kind: w.part.Kind}, deadletter.Origin{Destination: w.part.DLQ})}
	}
	planned := &w.part.Letters[l.number]
	c := deadletter.Copy{
		To:     planned.To,
		Remove: w.run.Plan.Headers.stripped(&l.held.Message),
		Add:    stamp(w.run.replayID(w.part, w.before, l.number, w.states[l.number].inHand()), planned, w.run.Plan.By, now()),
	}
	if c.Of = &l.held; w.publisher != nil { // which does not know what this redrive holds
		c.Of, c.Message = nil, &l.held.Message
	}
	edit := planned.Edit
	switch {
	case edit == nil:
		return c
	case edit.Header != "":
		c.Remove = append(c.Remove, edit.Header)
		c.Add = append(c.Add, adapters.Header{Name: edit.Header, Value: []byte(edit.ID)})
	default:
		c.MessageID = edit.ID
	}
	c.Value = edit.Value
	return c
}

// entries are the records of the ledger for letters, and the renewed claim. They are none
// where the broker keeps no ledger.
func (w *worker) entries(letters []taken, state State) ([]deadletter.Entry, error) {
	if w.ledger == nil {
		return nil, nil
	}
	renewed, err := json.Marshal(claim{Run: w.run.ID, By: w.run.service.config.By, At: now()})
	if err != nil {
		return nil, err
	}
	entries := make([]deadletter.Entry, 0, len(letters)+1)
	entries = append(entries, deadletter.Entry{Key: claimKey(w.part.DLQ), Value: renewed})
	mark := Mark{State: state, Run: w.run.ID, By: w.run.Plan.By, At: now(), Reason: w.run.Plan.Reason, Incarnation: w.part.Incarnation}
	for _, l := range letters {
		planned := &w.part.Letters[l.number]
		if state == Open { // a restore takes the mark away
			entries = append(entries, deadletter.Entry{Key: planned.Position.AppendTo(nil)})
			continue
		}
		mark.Target = string(planned.To)
		if planned.To.IsZero() {
			mark.Target = ""
		}
		e, err := entry(planned.Position, &mark)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Own headers, text on every broker. They stay clear of the names that brokers and
// frameworks give meaning to.
const (
	headerID     = "x-replay-id"     // this letter's alone, and the same whoever sends it: see replayID
	headerCount  = "x-replay-count"  // how often it was replayed, this time included
	headerAt     = "x-replay-at"     // RFC 3339
	headerBy     = "x-replay-by"     // user@host
	headerFrom   = "x-replay-from"   // broker/position
	headerEdited = "x-replay-edited" // 1 if the body is not the letter's
	headerOf     = "x-replay-of"     // the letter's own id, where an edit gave it a new one
	ownHeaders   = "x-replay-"
)

// Headers says which headers of a letter its copy leaves out. The zero value leaves out
// those of failures.
type Headers struct {
	Strip []string `json:"strip,omitempty"` // further names in lower case; * at the beginning or the end is anything
	Keep  []string `json:"keep,omitempty"`  // names that stay all the same
}

// stripped lists the names of a message's headers that a copy goes without, each once, in
// order. Own headers of an earlier replay are among them, since new ones take their place.
func (h *Headers) stripped(m *adapters.Message) []string {
	var names []string
	seen := map[string]bool{}
	for i := range m.Headers {
		name := m.Headers[i].Name
		if !seen[name] && h.strips(name) {
			names = append(names, name)
		}
		seen[name] = true
	}
	return names
}

func (h *Headers) strips(name string) bool {
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(lower, ownHeaders):
		return true
	case spelling.MatchesAny(h.Keep, lower):
		return false
	}
	return deadheader.IsHeader(lower) || spelling.MatchesAny(h.Strip, lower)
}

// stamp are the headers that a copy of a letter carries.
func stamp(id string, l *Selected, by string, at time.Time) []adapters.Header {
	text := func(name, value string) adapters.Header { return adapters.Header{Name: name, Value: []byte(value)} }
	headers := []adapters.Header{
		text(headerID, id),
		text(headerCount, strconv.Itoa(l.Replays+1)),
		text(headerAt, at.UTC().Format(time.RFC3339)),
		text(headerBy, by),
		text(headerFrom, string(l.Broker)+"/"+l.Position.String()),
	}
	if l.Edit != nil {
		headers = append(headers, text(headerEdited, "1"))
		if l.ID != "" {
			headers = append(headers, text(headerOf, l.ID))
		}
	}
	return headers
}

// replayID is what a copy of a letter carries in x-replay-id, the same whoever sends it, so
// that a copy which came twice is known: the first 32 hexadecimal digits of the SHA-256 over
// these texts, each after its length as 8 bytes, the lowest first:
//
//   - the cluster, as [deadletter.Queues] Cluster tells it;
//   - the place: the queue's name, or topic and partition with the offset, as [adapters.Position]
//     prints it, and the topic's incarnation;
//   - the contents, as [adapters.Message] Fingerprint makes them, own headers of earlier replays
//     included;
//   - how often the letter was replayed before;
//   - of a letter that nothing tells from equal ones for good ([Selected.Alike]), the run, its
//     number in it, and when it is sent again after an interruption, something random: such
//     letters never share an id, and the price is that one which is sent again has another.
//
// Plans of the version before go on with its ids, run/number.
func (r *Run) replayID(part *Part, before, number int, again bool) string {
	l := &part.Letters[number]
	if l.Content.IsZero() {
		return r.ID + "/" + strconv.Itoa(before+number)
	}
	place := part.DLQ
	if part.settling() != deadletter.ByRemoval {
		place = l.Position.String()
	}
	texts := []string{part.Source, place, part.Incarnation, l.Content.String(), strconv.Itoa(l.Replays)}
	if l.Alike {
		texts = append(texts, r.ID, strconv.Itoa(before+number))
		if again { // which may be another than the one that was sent before under this number
			texts = append(texts, rand.Text())
		}
	}
	sum := sha256.New()
	for _, text := range texts {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(text)))
		_, _ = sum.Write(size[:]) // a hash takes everything
		_, _ = io.WriteString(sum, text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
