package replay

import (
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/envelope/spelling"
)

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
