package replay

import (
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// Own headers, text on every broker. They stay clear of the names that brokers and
// frameworks give meaning to.
const (
	headerID     = "x-replay-id"     // run/number: this letter's alone, and the same whenever this run sends it
	headerCount  = "x-replay-count"  // how often it was replayed, this time included
	headerAt     = "x-replay-at"     // RFC 3339
	headerBy     = "x-replay-by"     // user@host
	headerFrom   = "x-replay-from"   // broker/position
	headerEdited = "x-replay-edited" // 1 if the body is not the letter's
	headerOf     = "x-replay-of"     // the letter's own id, where an edit gave it a new one
	ownHeaders   = "x-replay-"
)

// failureHeaders are written by what gave a message up, beside the marks by which
// package envelope knows a dead letter: a copy that kept them would count old failures as
// its own. In lower case; * stands for anything.
var failureHeaders = []string{
	"x-delivery-count", "x-acquired-count", "x-exception-*", "x-original-*", "x-retry-count", "retry-count",
	"kafka_dlt-*", "kafka_original-*", "kafka_exception-*", "retry_topic-*", "delayed-retry-*",
	"nservicebus.retries*", "nservicebus.flretries", "servicecontrol.editof",
	"rbs2-error-details", "rbs2-delivery-count", "*_poisoned", "original-destination", "original-partition", "original-offset",
	"exception-type", "exception-message", "failed-at", "dead_letter_*", "deadletterreason", "deadlettererrordescription",
	"nats-expected-*", "dlq-*", "source_topic", "source_partition", "source_offset", "source_consumer_group", "source_attempts",
}

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
	case anyMatches(h.Keep, lower):
		return false
	}
	return anyMatches(failureHeaders, lower) || envelope.IsDeathMark(lower) || anyMatches(h.Strip, lower)
}

func anyMatches(patterns []string, lower string) bool {
	for _, pattern := range patterns {
		suffix, open := strings.CutPrefix(pattern, "*")
		prefix, closed := strings.CutSuffix(pattern, "*")
		switch {
		case open && strings.HasSuffix(lower, suffix), closed && strings.HasPrefix(lower, prefix), lower == pattern:
			return true
		}
	}
	return false
}

// stamp are the headers that a copy of a letter carries.
func stamp(run string, number int, l *Selected, by string, at time.Time) []adapters.Header {
	text := func(name, value string) adapters.Header { return adapters.Header{Name: name, Value: []byte(value)} }
	headers := []adapters.Header{
		text(headerID, run+"/"+strconv.Itoa(number)),
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
