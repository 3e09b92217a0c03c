package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/files"
)

// Plan is a frozen selection of letters and what will happen to them. It is made before
// anything is touched, and what is not in it is not touched.
type Plan struct {
	// ID is a digest over everything that the run will do.
	ID     string    `json:"id"`
	Action Action    `json:"action"`
	Reason string    `json:"reason,omitempty"` // of a discard
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	// Headers say what copies leave out, as the config had it when the plan was made.
	Headers Headers `json:"headers,omitzero"`
	Parts   []Part  `json:"parts"` // one a dead-letter queue, in order
}

// Part is what a plan does in one dead-letter queue.
type Part struct {
	Source string                   `json:"source"` // see [Source.Cluster]
	URL    string                   `json:"url"`    // see [Source.URL]
	Broker adapters.Broker          `json:"broker"`
	DLQ    string                   `json:"grave"`
	Kind   adapters.DestinationKind `json:"kind"`
	// Settling is how letters are settled; empty in plans of the version before.
	Settling    deadletter.Settling `json:"settling,omitempty"`
	Distinct    bool                `json:"distinct,omitempty"` // see [deadletter.Queue.Distinct]
	Incarnation string              `json:"incarnation,omitempty"`
	// Through is the source that copies go to, if that is another than Source.
	Through    string               `json:"through,omitempty"`
	ThroughURL string               `json:"through_url,omitempty"`
	Guarantee  deadletter.Guarantee `json:"guarantee"`

	// Letters in the order in which they lie in the dead-letter queue. Their numbers in the journal
	// are places in this list.
	Letters []Selected `json:"letters"`

	// Targets are where copies go, the most frequent first, and behind them where letters
	// would go that stay.
	Targets  []Destined `json:"targets,omitempty"`
	Stripped []string   `json:"stripped,omitempty"` // headers that copies leave out, by name

	// These stay, as do those that Targets has: see [Reason]. None of them is in Letters.
	Unresolved []adapters.Position `json:"unresolved,omitempty"`
	OverLimit  []adapters.Position `json:"over_limit,omitempty"`
	Looping    []adapters.Position `json:"looping,omitempty"`

	// Lacks are rights that the run needs and the user is not seen to have.
	Lacks []string `json:"lacks,omitempty"`

	// Unfinished are runs that were interrupted with letters of this dead-letter queue in hand.
	Unfinished []string `json:"unfinished,omitempty"`
}

// settling is how letters of the part are settled. Plans of the version before tell only of
// what kind their destination is.
func (p *Part) settling() deadletter.Settling {
	switch {
	case p.Settling != "":
		return p.Settling
	case p.Kind == adapters.Topic:
		return deadletter.ByLedger
	case p.Kind == adapters.Stream:
		return deadletter.ByJournal
	}
	return deadletter.ByRemoval
}

// sameCluster reports whether copies go to the cluster that the letters are on, by whatever
// address it was named.
func (p *Part) sameCluster() bool { return p.Through == "" || p.Through == p.Source }

// Selected is one letter of a plan.
type Selected struct {
	Position adapters.Position `json:"position"`
	// Content tells it from others that share its position. Plans of the version before
	// have none, and take any.
	Content adapters.Fingerprint `json:"content,omitzero"`
	// Alike says that nothing tells it from another letter for good: it has no id, and equal
	// ones may come and have come. Its replay id is one of its run's own.
	Alike bool `json:"alike,omitempty"`
	// Maybe says that somebody had it in hand whom this journal does not know, or a run of
	// which it is not known what it sent, so that a copy may be at the target already.
	Maybe   bool              `json:"maybe,omitempty"`
	Broker  adapters.Broker   `json:"-"`
	To      deadletter.Target `json:"to,omitzero"`
	Size    int               `json:"size"`
	Time    time.Time         `json:"time,omitzero"`
	ID      string            `json:"id,omitempty"`
	Replays int               `json:"replays,omitempty"`
	Edit    *Edit             `json:"edit,omitempty"`
}

func (s *Selected) key() files.LetterKey {
	return files.LetterKey{Position: s.Position, Content: s.Content}
}

// Edit is a body that takes the place of a letter's own.
type Edit struct {
	Value []byte `json:"value"`
	// ID is the id of the new message; the old one's is linked by a header. Header is the
	// header that holds ids, or empty: then it is the AMQP message id, or in the body,
	// where whoever edits sees to it.
	ID     string `json:"id,omitempty"`
	Header string `json:"header,omitempty"`
}

// Destined is one target of a plan.
type Destined struct {
	Target    deadletter.Target        `json:"target"`
	Kind      adapters.DestinationKind `json:"kind,omitempty"` // of the destination that it names
	Count     int                      `json:"count"`
	Bytes     int64                    `json:"bytes"`
	Missing   bool                     `json:"missing,omitempty"` // what is sent there is lost
	Forbidden string                   `json:"barred,omitempty"`  // why nothing is ever sent there
	Denied    string                   `json:"denied,omitempty"`  // why the user may not send there
	// Claimed is why what letters say is not believed without more; Confirmed, that somebody
	// has named the target all the same. Only says that nothing but letters speaks for it.
	Claimed   string `json:"claimed,omitempty"`
	Confirmed bool   `json:"confirmed,omitempty"`
	Only      bool   `json:"only,omitempty"`
	// Letters are those that stay because of one of these.
	Letters []adapters.Position `json:"letters,omitempty"`

	AlsoReaches []string `json:"also_reaches,omitempty"`
	// Unknown is why there may be more readers than those.
	Unknown string `json:"unknown,omitempty"`
	// Warnings are what else an operator should know before letters go there.
	Warnings []string `json:"warnings,omitempty"`
}

// PlanOptions say how to plan.
type PlanOptions struct {
	// Only, if not nil, are the positions that are chosen. Letters of a queue that are
	// equal in every byte share one, and are chosen together: if only one of two were
	// taken, nobody could tell after a crash which of them is left.
	Only map[adapters.Position]bool

	To deadletter.Target // in place of what the letters say; zero for none
	// Confirmed are targets, as a plan prints them, to which letters go that only say
	// themselves that they belong there.
	Confirmed  []string
	Through    *Source // another cluster that To is on; nil for the letters' own
	MaxReplays int     // letters that were replayed so often stay; 0 is [DefaultMaxReplays]
	Reason     string
	// Most is how many letters there may be; 0 for any number.
	Most  int
	Edits map[adapters.Position]*Edit
}

// DefaultMaxReplays is how often one letter may be replayed before somebody has to say
// that it should be tried once more.
const DefaultMaxReplays = 3

// Count is how many letters the plan acts on.
func (p *Plan) Count() int {
	count := 0
	for i := range p.Parts {
		count += len(p.Parts[i].Letters)
	}
	return count
}

// Doubts counts the letters that somebody may have sent already, and those that are sent
// under ids of the run's own: see [Selected].
func (p *Plan) Doubts() (maybe, alike int) {
	if p.Action != Replay {
		return 0, 0
	}
	for i := range p.Parts {
		for j := range p.Parts[i].Letters {
			if p.Parts[i].Letters[j].Maybe {
				maybe++
			}
			if p.Parts[i].Letters[j].Alike {
				alike++
			}
		}
	}
	return maybe, alike
}

// Bytes is the sum of their sizes.
func (p *Plan) Bytes() int64 {
	sum := int64(0)
	for i := range p.Parts {
		for _, l := range p.Parts[i].Letters {
			sum += int64(l.Size)
		}
	}
	return sum
}

// Oldest is the broker's time of the oldest letter; zero if none has one.
func (p *Plan) Oldest() (oldest time.Time) {
	for i := range p.Parts {
		for _, l := range p.Parts[i].Letters {
			if !l.Time.IsZero() && (oldest.IsZero() || l.Time.Before(oldest)) {
				oldest = l.Time
			}
		}
	}
	return oldest
}

// digest is the id of a plan. Who made it and when is not part of what it does.
func (p *Plan) digest() (string, error) {
	return p.digestOf(func(_ *Part, l *Selected) ([]byte, error) { return json.Marshal(l) })
}

// whole reports whether a plan is what its id says. That of the version before was made of targets
// in parts.
func (p *Plan) whole() bool {
	id, err := p.digest()
	if err == nil && id != p.ID {
		id, err = p.digestOf(withTargetInParts)
	}
	return err == nil && id == p.ID
}

func (p *Plan) digestOf(letter func(*Part, *Selected) ([]byte, error)) (string, error) {
	sum := sha256.New()
	digest := json.NewEncoder(sum)
	problems := []error{digest.Encode(p.Action), digest.Encode(&p.Headers)}
	for i := range p.Parts {
		part := p.Parts[i]
		part.Lacks = nil
		part.Targets = nil                 // who else reads there may change meanwhile
		part.URL, part.ThroughURL = "", "" // one broker can be named in several ways
		part.Letters = nil
		problems = append(problems, digest.Encode(&part))
		for j := range p.Parts[i].Letters { // one by one: there may be many
			line, err := letter(&part, &p.Parts[i].Letters[j])
			if err != nil {
				return "", err
			}
			_, _ = sum.Write(append(line, '\n')) // a hash takes everything
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:6]), errors.Join(problems...)
}

// withTargetInParts is a letter as the version before wrote it: its target was a topic, or an
// exchange and a routing key.
func withTargetInParts(p *Part, l *Selected) ([]byte, error) {
	var parts struct {
		Topic      string `json:"topic,omitempty"`
		Exchange   string `json:"exchange,omitempty"`
		RoutingKey string `json:"routing_key,omitempty"`
	}
	if p.Kind == adapters.Topic {
		parts.Topic = string(l.To)
	} else {
		parts.Exchange, parts.RoutingKey = l.To.Parts()
	}
	line, err := json.Marshal(l)
	now, _ := json.Marshal(l.To)
	before, _ := json.Marshal(parts)
	return bytes.Replace(line, append([]byte(`"to":`), now...), append([]byte(`"to":`), before...), 1), err
}
