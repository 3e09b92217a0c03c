package output

import (
	"strconv"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Letter is a dead letter to be written.
type Letter struct {
	Letter   *replay.Letter
	Message  *adapters.Message
	Identity *envelope.Identity
}

// AppendLetter appends an event line with what is known of the letter.
func (l *jsonLines) AppendLetter(dst []byte, d *Letter) []byte {
	start := len(dst)
	id := *d.Identity
	id.DeadLetter = false // its certificate follows below, whatever its headers say
	dst = l.event(append(dst, '{'), &Event{Source: d.Letter.Source, Broker: d.Letter.Broker, Message: d.Message, Identity: &id})
	dst = death(field(dst, "dead_letter"), &d.Letter.DeadLetter)
	dst = quote(field(dst, "state"), d.Letter.State.String())
	dst = known(field(dst, "target"), string(d.Letter.To))
	dst = known(field(dst, "target_from"), d.Letter.ToFrom)
	dst = number(field(dst, "replays"), int64(d.Letter.Replays))
	if mark := d.Letter.Mark; mark != nil {
		dst = known(field(dst, "run"), mark.Run)
		dst = known(field(dst, "by"), mark.By)
		dst = moment(field(dst, "at"), mark.At)
	}
	return l.end(dst, start)
}

// AppendGroup appends a line about letters that died in the same way.
func (l *jsonLines) AppendGroup(dst []byte, g *replay.Group) []byte {
	start := len(dst)
	dst = quote(field(append(dst, '{'), "source"), g.Source)
	dst = quote(field(dst, "broker"), g.Broker)
	dst = quote(field(dst, "destination"), g.DLQ)
	dst = number(field(dst, "count"), int64(g.Count))
	dst = number(field(dst, "open"), int64(g.Open))
	dst = known(field(dst, "reason"), g.Reason)
	dst = known(field(dst, "exception"), g.Exception)
	dst = known(field(dst, "message"), g.Words)
	dst = known(field(dst, "type"), g.Type)
	dst = known(field(dst, "origin"), g.Origin)
	dst = known(field(dst, "target"), g.Target)
	dst = number(field(dst, "bytes"), g.Bytes)
	dst = moment(field(dst, "oldest"), g.Oldest)
	dst = moment(field(dst, "newest"), g.Newest)
	return l.end(dst, start)
}

// AppendPlan appends a plan as one line.
func (l *jsonLines) AppendPlan(dst []byte, p *replay.Plan) []byte {
	start := len(dst)
	dst = quote(field(append(dst, '{'), "plan"), p.ID)
	dst = quote(field(dst, "action"), string(p.Action))
	dst = number(field(dst, "count"), int64(p.Count()))
	dst = number(field(dst, "bytes"), p.Bytes())
	dst = moment(field(dst, "oldest"), p.Oldest())
	dst = append(field(dst, "targets"), '[')
	for i, t := range p.Targets() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = destined(dst, &t)
	}
	dst = append(dst, ']')
	dst = list(field(dst, "stripped"), p.Stripped())
	dst = quote(field(dst, "guarantee"), strings.Join(p.Promises(), "; "))
	staying := map[replay.Reason]int{}
	for _, s := range p.Staying() {
		staying[s.Reason] += len(s.Positions)
	}
	var lacks []string
	for i := range p.Parts {
		lacks = append(lacks, p.Parts[i].Lacks...)
	}
	dst = list(field(dst, "lacks"), lacks)
	for _, reason := range replay.Reasons {
		dst = number(field(dst, string(reason)), int64(staying[reason]))
	}
	maybe, alike := p.Doubts()
	dst = number(field(dst, "maybe_sent"), int64(maybe))
	dst = number(field(dst, "alike"), int64(alike))
	return l.end(dst, start)
}

func destined(dst []byte, t *replay.Destined) []byte {
	dst = quote(field(append(dst, '{'), "destination"), string(t.Target))
	dst = number(field(dst, "count"), int64(t.Count))
	dst = number(field(dst, "bytes"), t.Bytes)
	dst = boolean(field(dst, "missing"), t.Missing)
	dst = known(field(dst, "barred"), t.Forbidden)
	dst = known(field(dst, "denied"), t.Denied)
	dst = known(field(dst, "claimed"), t.Claimed)
	dst = boolean(field(dst, "stays"), t.Stays())
	dst = list(field(dst, "also_reaches"), t.AlsoReaches)
	dst = known(field(dst, "unknown"), t.Unknown)
	dst = list(field(dst, "warnings"), t.Warnings)
	return append(dst, '}')
}

// AppendOutcome appends what became of one letter.
func (l *jsonLines) AppendOutcome(dst []byte, o *replay.Outcome) []byte {
	start := len(dst)
	dst = position(field(append(dst, '{'), "position"), o.Position)
	dst = quote(field(dst, "result"), string(o.Result))
	dst = known(field(dst, "target"), string(o.Target))
	dst = known(field(dst, "error"), errorText(o.Err))
	return l.end(dst, start)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// AppendSummary appends how a run ended. The number of letters that were dealt with goes
// by the name of what was done to them.
func (l *jsonLines) AppendSummary(dst []byte, action replay.Action, s *replay.Summary) []byte {
	start := len(dst)
	dst = quote(field(append(dst, '{'), "run"), s.Run)
	dst = quote(field(dst, "state"), string(s.State))
	dst = number(field(dst, string(action.Past())), int64(s.Settled))
	dst = number(field(dst, "failed"), int64(s.Failed))
	dst = number(field(dst, "skipped"), int64(s.Skipped))
	dst = number(field(dst, "maybe_twice"), int64(s.Maybe))
	dst = number(field(dst, "alike"), int64(s.Alike))
	return l.end(dst, start)
}

// AppendRecord appends what the journal says of a run.
func (l *jsonLines) AppendRecord(dst []byte, r *replay.Record) []byte {
	start := len(dst)
	dst = quote(field(append(dst, '{'), "run"), r.Run)
	dst = quote(field(dst, "state"), string(r.State))
	dst = quote(field(dst, "action"), string(r.Action))
	dst = number(field(dst, "count"), int64(r.Count))
	dst = number(field(dst, "settled"), int64(r.Settled))
	dst = number(field(dst, "skipped"), int64(r.Skipped))
	dst = quote(field(dst, "by"), r.By)
	dst = moment(field(dst, "at"), r.At)
	dst = known(field(dst, "reason"), r.Reason)
	dst = list(field(dst, "destinations"), r.DLQs)
	dst = known(field(dst, "error"), r.Error)
	return l.end(dst, start)
}

// AppendLine appends a line of the journal.
func (l *jsonLines) AppendLine(dst []byte, line *replay.Line) []byte {
	start := len(dst)
	dst = quote(field(append(dst, '{'), "run"), line.Run)
	dst = quote(field(dst, "state"), string(line.Step))
	dst = quote(field(dst, "action"), string(line.Action))
	dst = known(field(dst, "destination"), line.DLQ)
	dst = number(field(dst, "count"), int64(line.Count))
	dst = known(field(dst, "letters"), line.Letters.String())
	dst = known(field(dst, "by"), line.By)
	dst = moment(field(dst, "at"), line.At)
	dst = known(field(dst, "reason"), line.Reason)
	dst = known(field(dst, "error"), line.Error)
	return l.end(dst, start)
}

// The columns of letters, and of what is done with them.
var (
	stateColumn   = &column{least: 4, most: 10}
	originColumn  = &column{least: 8, most: 24}
	whyColumn     = &column{least: 16, most: 40}
	dlqColumn     = &column{least: 10, most: 30}
	runColumn     = &column{least: 20, most: 20, whole: true}
	byColumn      = &column{least: 8, most: 24}
	actionColumn  = &column{least: 7, most: 9}
	resultColumn  = &column{least: 9, most: 9}
	entityColumn  = &column{least: 8, most: 24}
	lettersColumn = &column{least: 7, most: 20}
)

func (l *textLines) words(s string) text.Safe { return l.cleaner.String(s) }

// cause is why a letter died, in few words.
func cause(reason, exception string) string {
	if exception == "" {
		return reason
	}
	short := exception[strings.LastIndexAny(exception, ".$")+1:]
	if reason == "" || strings.Contains(reason, short) {
		return short
	}
	return short + ", " + reason
}

// AppendLetter appends when it died, where it lies, what it is, why it died, and where a
// replay would send it.
func (l *textLines) AppendLetter(dst []byte, d *Letter) []byte {
	letter := d.Letter
	target := l.words("no destination known")
	if !letter.To.IsZero() {
		target = text.Own("to ").Add(l.words(string(letter.To)))
		if letter.Confidence == deadheader.NameOnly {
			target = target.Add(text.Own("? (a guess)"))
		}
	}
	cells := []text.Safe{
		l.clock(letter.Died()),
		l.cell(stateColumn, l.words(letter.State.String())),
		l.cell(positionColumn, l.words(letter.Position.String())),
		l.cell(typeColumn, l.words(letter.Type)),
		l.cell(entityColumn, l.words(letter.Entity)),
		l.cell(whyColumn, l.words(cause(letter.DeadLetter.Reason, letter.DeadLetter.Exception))),
	}
	dst = l.head(dst, letterLines, func() []text.Safe {
		return []text.Safe{l.cell(timeColumn, text.Own("Died")), l.cell(stateColumn, text.Own("State")), l.cell(positionColumn, text.Own("Letter")), l.cell(typeColumn, text.Own("Type")),
			l.cell(entityColumn, text.Own("About")), l.cell(whyColumn, text.Own("Why")), text.Own("Target")}
	})
	return l.line(dst, cells, text.Join(text.Own("; "), target, l.words(letter.DeadLetter.Message)), l.looks(theme.Dim, theme.Warn, theme.Plain, theme.Plain, theme.Strong, theme.Bad)...)
}

// AppendGroup appends how many died so, of what type, where, and why.
func (l *textLines) AppendGroup(dst []byte, g *replay.Group) []byte {
	cells := []text.Safe{
		right(text.Count(int64(g.Open)), 7).Add(text.Own(" open")),
		l.cell(dlqColumn, l.words(g.DLQ)),
		l.cell(typeColumn, l.words(g.Type)),
		l.cell(originColumn, l.words(g.Origin)),
		l.cell(whyColumn, l.words(cause(g.Reason, g.Exception))),
	}
	dst = l.head(dst, groupLines, func() []text.Safe {
		return []text.Safe{right(text.Own("Letters"), 12), l.cell(dlqColumn, text.Own("DLQ")), l.cell(typeColumn, text.Own("Type")), l.cell(originColumn, text.Own("Failed in")),
			l.cell(whyColumn, text.Own("Why")), text.Own("Message")}
	})
	return l.line(dst, cells, l.words(g.Words), l.looks(theme.Plain, theme.Plain, theme.Plain, theme.Plain, theme.Bad)...)
}

// AppendPlan appends what will happen, a line a fact.
func (l *textLines) AppendPlan(dst []byte, p *replay.Plan) []byte {
	for _, fact := range p.Facts() {
		dst = l.line(dst, []text.Safe{l.words(fact.Label).Add(text.Own(" ").Repeat(max(0, 12-len(fact.Label))))}, l.words(fact.Text))
	}
	return dst
}

// AppendOutcome appends what became of one letter.
func (l *textLines) AppendOutcome(dst []byte, o *replay.Outcome) []byte {
	cells := []text.Safe{l.cell(resultColumn, l.words(string(o.Result))), l.cell(positionColumn, l.words(o.Position.String()))}
	last := l.words(string(o.Target))
	if o.Err != nil {
		last = text.Join(text.Own(": "), last, l.words(o.Err.Error()))
	}
	return l.line(dst, cells, last)
}

// AppendSummary appends how a run ended.
func (l *textLines) AppendSummary(dst []byte, action replay.Action, s *replay.Summary) []byte {
	line := "run " + s.Run + " " + string(s.State) + ": " + strconv.Itoa(s.Settled) + " " + string(action.Past()) + ", " +
		strconv.Itoa(s.Failed) + " failed, " + strconv.Itoa(s.Skipped) + " skipped"
	switch {
	case s.Maybe > 0 && action == replay.Restore:
		line += "; " + strconv.Itoa(s.Maybe) + " had been on their way before and may have come back twice"
	case s.Maybe > 0:
		line += "; " + strconv.Itoa(s.Maybe) + " had been on their way before and may have arrived twice, with the same x-replay-id"
	}
	if s.Alike > 0 {
		line += "; " + strconv.Itoa(s.Alike) + " cannot be told from equal ones and have ids of this run alone: what another run has sent of them cannot be told"
	}
	return l.line(dst, nil, l.words(line))
}

// AppendRecord appends a run.
func (l *textLines) AppendRecord(dst []byte, r *replay.Record) []byte {
	done := strconv.Itoa(r.Settled) + " of " + strconv.Itoa(r.Count)
	cells := []text.Safe{
		l.cell(runColumn, l.words(r.Run)), l.cell(actionColumn, l.words(string(r.Action))), l.cell(statusColumn, l.words(string(r.State))),
		l.cell(lettersColumn, l.words(done)), l.cell(byColumn, l.words(r.By)), l.cell(dlqColumn, l.words(strings.Join(r.DLQs, ", "))),
	}
	dst = l.head(dst, recordLines, func() []text.Safe {
		return []text.Safe{l.cell(runColumn, text.Own("Run")), l.cell(actionColumn, text.Own("Action")), l.cell(statusColumn, text.Own("State")), l.cell(lettersColumn, text.Own("Letters")),
			l.cell(byColumn, text.Own("By")), l.cell(dlqColumn, text.Own("DLQ")), text.Own("Reason")}
	})
	return l.line(dst, cells, l.words(strings.Join(strings.Fields(r.Reason+" "+r.Error), " ")))
}

// AppendLine appends a line of the journal.
func (l *textLines) AppendLine(dst []byte, line *replay.Line) []byte {
	cells := []text.Safe{
		l.clock(line.At.Truncate(time.Millisecond)), l.cell(statusColumn, l.words(string(line.Step))), l.cell(dlqColumn, l.words(line.DLQ)),
		right(text.Count(int64(line.Count)), 7), l.cell(lettersColumn, l.words(line.Letters.String())),
	}
	return l.line(dst, cells, l.words(strings.Join(strings.Fields(line.By+" "+line.Reason+" "+line.Error), " ")))
}
