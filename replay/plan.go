package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"eventscope/adapters"
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
	Parts   []Part  `json:"parts"` // one a grave, in order
}

// Part is what a plan does in one grave.
type Part struct {
	Source      string                   `json:"source"` // see [Source.Cluster]
	URL         string                   `json:"url"`    // see [Source.URL]
	Broker      adapters.Broker          `json:"broker"`
	Grave       string                   `json:"grave"`
	Kind        adapters.DestinationKind `json:"kind"`
	Incarnation string                   `json:"incarnation,omitempty"`
	// Through is the source that copies go to, if that is another than Source.
	Through    string             `json:"through,omitempty"`
	ThroughURL string             `json:"through_url,omitempty"`
	Guarantee  adapters.Guarantee `json:"guarantee"`

	// Letters in the order in which they lie in the grave. Their numbers in the journal
	// are places in this list.
	Letters []Selected `json:"letters"`

	Targets  []Destined `json:"targets,omitempty"`  // where copies go, the most frequent first
	Stripped []string   `json:"stripped,omitempty"` // headers that copies leave out, by name

	// Unresolved letters have no destination that anything but a name speaks for;
	// OverLimit were replayed too often already; Looping would come back to the grave
	// itself. None of them is in Letters.
	Unresolved []adapters.Position `json:"unresolved,omitempty"`
	OverLimit  []adapters.Position `json:"over_limit,omitempty"`
	Looping    []adapters.Position `json:"looping,omitempty"`

	// Unfinished are runs that were interrupted with letters of this grave in hand.
	Unfinished []string `json:"unfinished,omitempty"`
}

// Selected is one letter of a plan.
type Selected struct {
	Position adapters.Position `json:"position"`
	Broker   adapters.Broker   `json:"-"`
	To       adapters.Target   `json:"to,omitzero"`
	Size     int               `json:"size"`
	Time     time.Time         `json:"time,omitzero"`
	ID       string            `json:"id,omitempty"`
	Replays  int               `json:"replays,omitempty"`
	Edit     *Edit             `json:"edit,omitempty"`
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
	Target      adapters.Target `json:"target"`
	Count       int             `json:"count"`
	Bytes       int64           `json:"bytes"`
	Missing     bool            `json:"missing,omitempty"` // what is sent there is lost: see lost
	AlsoReaches []string        `json:"also_reaches,omitempty"`
	// Unknown is why there may be more readers than those.
	Unknown string `json:"unknown,omitempty"`
}

// lost is why what is sent to a missing target would be.
func (d *Destined) lost() string {
	if d.Target.Exchange != "" {
		return "no queue takes what is sent to " + d.Target.String()
	}
	return d.Target.String() + " does not exist"
}

// PlanOptions say how to plan.
type PlanOptions struct {
	// Only, if not nil, are the positions that are chosen. Letters of a queue that are
	// equal in every byte share one, and are chosen together: if only one of two were
	// taken, nobody could tell after a crash which of them is left.
	Only map[adapters.Position]bool

	To         adapters.Target // in place of what the letters say; zero for none
	Through    *Source         // another cluster that To is on; nil for the letters' own
	MaxReplays int             // letters that were replayed so often stay; 0 is [DefaultMaxReplays]
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

// Excluded counts the letters that the plan leaves out, for each reason.
func (p *Plan) Excluded() (unresolved, overLimit, looping int) {
	for i := range p.Parts {
		part := &p.Parts[i]
		unresolved += len(part.Unresolved)
		overLimit += len(part.OverLimit)
		looping += len(part.Looping)
	}
	return unresolved, overLimit, looping
}

// seal gives the plan its id. Who made it and when is not part of what it does.
func (p *Plan) seal() error {
	sum := sha256.New()
	digest := json.NewEncoder(sum) // letter by letter: there may be many
	problems := []error{digest.Encode(p.Action), digest.Encode(&p.Headers)}
	for i := range p.Parts {
		part := p.Parts[i]
		part.Targets = nil                 // who else reads there may change meanwhile
		part.URL, part.ThroughURL = "", "" // one broker can be named in several ways
		part.Letters = nil
		problems = append(problems, digest.Encode(&part))
		for j := range p.Parts[i].Letters {
			if err := digest.Encode(&p.Parts[i].Letters[j]); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	p.ID = hex.EncodeToString(sum.Sum(nil)[:6])
	return nil
}
