package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/figure"
)

// statement is letters of one part that say the same of themselves: that they died at origin,
// from which follows where they go. Origin is empty if it was not they who said where.
type statement struct {
	target deadletter.Target
	origin string
}

// stated is a statement, and how many letters make it.
type stated struct {
	statement
	count    int
	bytes    int64
	groups   map[string]bool // consumer groups that failed
	destined *Destined
}

// mostGroupsNamed bounds how many groups that failed are remembered for one target.
const mostGroupsNamed = 20

// tally is what the letters of a dead-letter destination say, all of them: how many name
// each origin.
type tally struct {
	said   map[string]int
	others int // letters that name yet another
}

// mostOrigins bounds how many origins are counted.
const mostOrigins = 10_000

func (t *tally) add(l *Letter) {
	origin := l.origin()
	switch _, known := t.said[origin]; {
	case !l.claimsOrigin() || origin == "":
	case known || len(t.said) < mostOrigins:
		if t.said == nil {
			t.said = map[string]int{}
		}
		t.said[origin]++
	default:
		t.others++
	}
}

// join adds what another has counted.
func (t *tally) join(other *tally) {
	t.others += other.others
	for origin, n := range other.said {
		if _, known := t.said[origin]; !known && len(t.said) >= mostOrigins {
			t.others += n
			continue
		}
		if t.said == nil {
			t.said = map[string]int{}
		}
		t.said[origin] += n
	}
}

// most is the origin that is named most often.
func (t *tally) most() (origin string, count int) {
	for name, n := range t.said {
		if n > count || n == count && name < origin {
			origin, count = name, n
		}
	}
	return origin, count
}

// claimsOrigin reports whether the letter itself, and nothing else, says where it goes.
func (l *Letter) claimsOrigin() bool {
	return l.Confidence == deadheader.Certain || l.Confidence == deadheader.Claimed
}

// tallies are what was last read of each dead-letter destination, from its beginning to its
// end. Several goroutines may use them.
type tallies struct {
	mu sync.Mutex
	of map[dlqKey]*tally
}

// keep takes over what was read; more says that it is what has come since the last time.
func (t *tallies) keep(key dlqKey, of *tally, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if before := t.of[key]; more && before != nil {
		of.join(before)
	}
	if t.of == nil {
		t.of = map[dlqKey]*tally{}
	}
	t.of[key] = of
}

func (t *tallies) get(key dlqKey) *tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of[key]
}

// rare is how many times as often as another an origin must be named for that other to be
// an exception.
const rare = 20

// evidence is all that is known of where the letters of a dead-letter destination died,
// beside what a single one says. The rule is in the package's documentation.
type evidence struct {
	dlq        *deadletter.Queue
	stem       string // the destination that its name speaks for, if the broker has it
	deadLetter func(name string) bool
	said       *tally
}

// against is why a claim is not to be believed, or empty. Only says that though nothing
// speaks against it, nothing but letters speaks for it.
func (e *evidence) against(c *statement, recipients *deadletter.Recipients) (why string, only bool) {
	origin, known := died(c, recipients), recipients.Unknown == ""
	reached := recipients.Readers
	if recipients.Kind != adapters.Exchange {
		reached = append([]string{recipients.Name}, reached...)
	}
	fed := slices.ContainsFunc(reached, func(name string) bool { return slices.Contains(e.dlq.Feeders, name) })
	switch {
	case origin != "" && known && !slices.Contains(reached, origin):
		return fmt.Sprintf("what is sent there does not come to %s, where they say that they died", origin), false
	case origin != "" && slices.Contains(e.dlq.Feeders, origin), origin == "" && fed:
		return "", false
	case len(e.dlq.Feeders) > 0:
		return "the broker's configuration leads letters here from " + few(e.dlq.Feeders), false
	case e.named(c, recipients, reached):
		return "", false
	case e.stem != "":
		return fmt.Sprintf("the name %s speaks for %s", e.dlq.Name, e.stem), false
	case e.deadLetter(c.origin) || e.deadLetter(string(c.target)):
		return "it is a dead-letter destination itself", false
	}
	return e.exception(c), true
}

// died is the queue at which a claim says that letters died. What is named may be the
// exchange or the routing key instead, and a topic is never a queue.
func died(c *statement, recipients *deadletter.Recipients) string {
	switch {
	case recipients.Kind == adapters.Topic:
		return ""
	case recipients.Kind != adapters.Exchange:
		return recipients.Name
	case c.origin == recipients.Name, c.origin == recipients.Key:
		return ""
	}
	return c.origin
}

// named reports whether the name of the dead-letter destination speaks for a claim. Stages of
// retrying are named after the destination that they belong to.
func (e *evidence) named(c *statement, recipients *deadletter.Recipients, reached []string) bool {
	stem, _ := deadheader.OriginByName(e.dlq.Name)
	switch {
	case stem == "":
		return false
	case slices.Contains(reached, stem), recipients.Unknown != "" && c.origin == stem:
		return true
	}
	return strings.HasPrefix(c.origin, stem) && deadheader.IsRetryStage(c.origin) && (slices.Contains(reached, c.origin) || recipients.Kind == adapters.Exchange && recipients.Key == c.origin)
}

// exception is why a claim stands out among those of the other letters, or empty.
func (e *evidence) exception(c *statement) string {
	if e.said == nil {
		return ""
	}
	most, count := e.said.most()
	here := max(e.said.said[c.origin], 1)
	if most == c.origin || here*rare > count {
		return ""
	}
	return fmt.Sprintf("%s here say %s, and %s this", letters(count), most, figure.Count(here))
}

// few names the first of many.
func few(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(names[:2], ", "), len(names)-2)
}

// resolve says where a letter is to go again: what its headers name, else what the
// broker's configuration says, else a guess from the dead-letter queue's name, which nobody should
// act on unseen. Whether what headers name can be believed is for [evidence] to say.
func resolve(targetOf deadletter.TargetOf, dlq *deadletter.Queue, death *deadheader.Info) (deadletter.Target, string, deadheader.Confidence) {
	if death.Confidence == deadheader.Certain || death.Confidence == deadheader.Claimed {
		if slices.Contains(dlq.Feeders, death.OriginName()) {
			death.Confidence = deadheader.Certain
		}
		if target := targetOf(dlq, originOf(death)); !target.IsZero() {
			return target, death.OriginFrom, death.Confidence
		}
	}
	if len(dlq.Sources) == 1 {
		return targetOf(dlq, deadletter.Origin{Destination: dlq.Sources[0]}), dlq.Evidence, deadheader.Likely
	}
	if death.Confidence == deadheader.NameOnly {
		return targetOf(dlq, originOf(death)), death.OriginFrom, deadheader.NameOnly
	}
	return "", "", deadheader.Unknown
}

func originOf(death *deadheader.Info) deadletter.Origin {
	return deadletter.Origin{Destination: death.Origin, Topic: death.OriginAt.Destination, Exchange: death.Exchange, RoutingKey: death.RoutingKey}
}

// Target reads what an operator names as a target, for letters of all sources of a kind of
// broker. Each may read it otherwise, since what it has decides; then it has to be written out.
func (s *Service) Target(ctx context.Context, broker adapters.Broker, text string) (deadletter.Target, error) {
	var target deadletter.Target
	for _, source := range s.config.Sources {
		if source.Broker != broker {
			continue
		}
		read, err := source.DeadLetters.Target(ctx, text)
		switch {
		case err != nil:
			return target, err
		case !target.IsZero() && read != target:
			return target, &adapters.Problem{
				Doing: fmt.Sprintf("read the name %q", text), Cause: fmt.Sprintf("to one source it is %s, to another %s", target, read),
				Remedy: "write one of these", Kind: adapters.ErrUsage,
			}
		}
		target = read
	}
	return target, nil
}
