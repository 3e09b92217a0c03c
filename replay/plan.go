package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
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
	Missing     bool            `json:"missing,omitempty"` // there is no such destination
	AlsoReaches []string        `json:"also_reaches,omitempty"`
	// Unknown is why there may be more readers than those.
	Unknown string `json:"unknown,omitempty"`
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
	Edits      map[adapters.Position]*Edit
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
	what := struct {
		Action  Action
		Headers Headers `json:",omitzero"`
		Parts   []Part
	}{p.Action, p.Headers, slices.Clone(p.Parts)}
	for i := range what.Parts {
		what.Parts[i].Targets = nil                          // who else reads there may change meanwhile
		what.Parts[i].URL, what.Parts[i].ThroughURL = "", "" // one broker can be named in several ways
	}
	data, err := json.Marshal(what)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	p.ID = hex.EncodeToString(sum[:6])
	return nil
}

// planner makes one part.
type planner struct {
	part    Part
	options *PlanOptions
	action  Action
	targets map[adapters.Target]*Destined
	strip   map[string]bool
}

// add puts a letter where it belongs.
func (p *planner) add(l *Letter) {
	planned := Selected{Position: l.Position, Broker: l.Broker, Size: l.Size, Time: l.Time, ID: l.ID, Replays: l.Replays}
	if p.action != Replay {
		p.part.Letters = append(p.part.Letters, planned)
		return
	}
	planned.To = l.To
	confidence := l.Confidence
	if !p.options.To.IsZero() {
		planned.To, confidence = p.options.To, envelope.Certain
	}
	limit := p.options.MaxReplays
	if limit == 0 {
		limit = DefaultMaxReplays
	}
	switch {
	case planned.To.IsZero(), confidence != envelope.Certain && confidence != envelope.Likely:
		p.part.Unresolved = append(p.part.Unresolved, l.Position)
	case p.part.Through == "" && leadsTo(planned.To, l.Grave):
		p.part.Looping = append(p.part.Looping, l.Position)
	case l.Replays >= limit:
		p.part.OverLimit = append(p.part.OverLimit, l.Position)
	default:
		planned.Edit = p.options.Edits[l.Position]
		p.part.Letters = append(p.part.Letters, planned)
		p.count(&planned)
		for _, name := range l.stripped {
			p.strip[name] = true
		}
	}
}

func (p *planner) count(l *Selected) {
	destined := p.targets[l.To]
	if destined == nil {
		destined = &Destined{Target: l.To}
		p.targets[l.To] = destined
	}
	destined.Count++
	destined.Bytes += int64(l.Size)
}
