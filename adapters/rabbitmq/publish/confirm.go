package publish

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/preserved"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// sendWindow is how many messages are published before the first must be confirmed.
	sendWindow = 1000

	// ConfirmLimit is how long the broker may take to confirm a message.
	ConfirmLimit = 30 * time.Second
)

// ConfirmChannel publishes with confirms on a channel of its own and finds out of each message
// whether it arrived. It belongs to one goroutine.
//
// A message that is routed nowhere is confirmed like any other. But the broker returns it
// before it confirms it, and the client's one reader puts the return into our channel
// before it handles the confirm. So whoever waits for a confirm and then looks into that
// channel, which has room for all that is under way, sees the return if there is one. A
// return has no number, so it is told by all there is to the message; equal messages to
// the same place are the same to everybody.
type ConfirmChannel struct {
	// Conn is its own: see there.
	Conn      *connection.Conn
	control   *connection.Control
	channel   *connection.Channel
	returns   chan amqp.Return
	exchanges map[string]error // those that were looked for, and what is wrong with them
	tapGuard  *tapGuard        // nil if what is sent need not land in a queue
	accepted  map[Address]bool
	// Broken is why nothing more can be sent, or nil.
	Broken  error
	posting *sending // what was posted last
}

func newConfirmChannel(ctx context.Context, l *connection.Conn) (*ConfirmChannel, error) {
	defer l.LimitAnswer(ctx)()
	s := &ConfirmChannel{Conn: l, control: l.Control(context.Background()), exchanges: map[string]error{"": nil}, accepted: map[Address]bool{}}
	channel, err := l.OpenChannel("publish to " + l.Broker.String())
	if err != nil {
		return nil, err
	}
	s.returns = channel.NotifyReturn(make(chan amqp.Return, sendWindow))
	if err := channel.Confirm(false); err != nil {
		return nil, channel.Problem("publish to "+l.Broker.String(), err)
	}
	s.channel = channel
	return s, nil
}

// sending is one call of post.
type sending struct {
	*ConfirmChannel
	outgoing []Outgoing
	outcomes []error
	waiting  []inFlight     // published and not settled, oldest first
	refused  bool           // one was, for want of a permission, and nothing behind it was routed
	returned map[uint64]int // how many were returned, by digest
}

type inFlight struct {
	index        int
	confirmation *amqp.DeferredConfirmation
}

// Send publishes and waits for the outcome of each, which is put in outcomes where that
// is nil yet. The error is why nothing more can be sent.
func (c *ConfirmChannel) Send(ctx context.Context, out []Outgoing, outcomes []error) error {
	c.post(ctx, out, outcomes)
	return c.posted(ctx)
}

// post publishes, and waits for outcomes only as far as more is under way than may be.
func (c *ConfirmChannel) post(ctx context.Context, out []Outgoing, outcomes []error) {
	p := &sending{ConfirmChannel: c, outgoing: out, outcomes: outcomes}
	c.posting = p
	defer c.Conn.LimitWaits(deadletter.Hurry(ctx), true)()
	defer c.Conn.FlushWrites()
	for i := range out {
		if outcomes[i] != nil || p.unfit(ctx, i) {
			continue
		}
		for len(p.waiting) == sendWindow && c.Broken == nil {
			p.awaitOldest(ctx)
		}
		if c.Broken == nil {
			p.publish(ctx, i)
		}
		if c.Broken != nil && outcomes[i] == nil {
			outcomes[i] = c.notSent()
		}
	}
}

// posted waits for the outcomes that are still missing after post.
func (c *ConfirmChannel) posted(ctx context.Context) error {
	p := c.posting
	if c.posting = nil; p == nil {
		return c.Broken
	}
	defer c.Conn.LimitWaits(deadletter.Hurry(ctx), true)()
	for len(p.waiting) > 0 {
		p.awaitOldest(ctx)
	}
	p.unmatchedReturns()
	return c.Broken
}

func (c *ConfirmChannel) notSent() error {
	return wording.Problem("send a copy", "sending has ended before it", "", deadletter.ErrNotSent)
}

// unfit sorts out what the broker would close the channel for, and what would be lost
// though the broker confirms it.
func (s *sending) unfit(ctx context.Context, i int) bool {
	o := &s.outgoing[i]
	if misfit := o.misfit(); misfit != "" {
		s.outcomes[i] = wording.Problem(s.doing(i), misfit, "", adapters.ErrTooLarge)
		return true
	}
	if why := s.forbidden(o); why != "" && s.tapGuard != nil { // else it is no copy, but ours
		s.outcomes[i] = wording.Problem(s.doing(i), why, "name another destination", adapters.ErrUsage)
		return true
	}
	err, looked := s.exchanges[o.Exchange]
	if !looked && s.Broken == nil {
		s.Conn.FlushWrites()
		err = s.control.Do(s.doing(i), func(ch *amqp.Channel) error {
			return ch.ExchangeDeclarePassive(o.Exchange, "", false, false, false, false, nil)
		})
		s.exchanges[o.Exchange] = err
	}
	if err == nil && s.Broken == nil {
		err = s.tapGuard.check(ctx, s.ConfirmChannel, o)
	}
	s.outcomes[i] = err
	return err != nil
}

// serverNamed is how the names of queues begin that the broker made up, as it does for taps.
const serverNamed = "amq.gen-"

// forbidden is why nothing is ever sent where a copy is to go, or empty. What goes to a queue
// alone would be confirmed though only a tap has it.
func (s *sending) forbidden(o *Outgoing) string {
	if why := o.forbidden(); why != "" || o.Exchange != "" || !strings.HasPrefix(o.Key, serverNamed) || s.Broken != nil {
		return why
	}
	if _, err := s.control.Depth(o.Key); connection.IsLocked(err) {
		return ofOther
	}
	return ""
}

func (s *sending) doing(i int) string {
	return "send a copy to " + wording.Quoted(string(s.outgoing[i].target()))
}

func (s *sending) publish(ctx context.Context, i int) {
	if err := ctx.Err(); err != nil {
		s.Broken = err
		return
	}
	o := &s.outgoing[i]
	s.Conn.HoldWrites()
	confirmation, err := s.channel.PublishWithDeferredConfirm(o.Exchange, o.Key, true, false, o.Publishing)
	if err != nil {
		s.Broken = s.why(err)
		return
	}
	s.waiting = append(s.waiting, inFlight{i, confirmation})
}

// awaitOldest waits for the outcome of the oldest message under way.
func (s *sending) awaitOldest(ctx context.Context) {
	s.Conn.FlushWrites()
	oldest := s.waiting[0]
	s.waiting = s.waiting[1:]
	limited, cancel := context.WithTimeout(ctx, ConfirmLimit)
	defer cancel()
	if s.Broken != nil {
		cancel() // it is known by now, or never will be
	}
	confirmed, err := oldest.confirmation.WaitContext(limited)
	select {
	case <-oldest.confirmation.Done():
		confirmed, err = oldest.confirmation.Acked(), nil
	default:
	}
	s.drain()
	switch {
	case !confirmed && s.channel.IsClosed(): // which the client may have yet to tell the confirmation
		if s.Broken == nil {
			s.Broken = s.why(amqp.ErrClosed)
		}
		s.outcomes[oldest.index] = s.closedOver(oldest.index)
	case err != nil:
		s.outcomes[oldest.index] = s.unknown(oldest.index)
		if s.Broken == nil {
			s.Broken = s.late(ctx)
		}
	case !confirmed:
		s.outcomes[oldest.index] = wording.Problem(s.doing(oldest.index), "a queue refused it, as full queues do", "make room or raise the queue's length", nil)
	default:
		s.accepted[s.outgoing[oldest.index].Address] = true
		s.outcomes[oldest.index] = s.unroutable(oldest.index)
	}
}

// closedOver is the outcome of a message under way when the channel was closed. If that was
// for want of a permission, it was over the first message that needs it: the broker looks
// before it routes, and routes nothing behind it.
func (s *sending) closedOver(i int) error {
	switch {
	case s.refused:
		return s.notSent()
	case s.denies(&s.outgoing[i]):
		s.refused = true
		return wording.Problem(s.doing(i), "the user may not publish there", "grant the permission that the broker names", adapters.ErrNotAuthorized)
	}
	return s.tooLarge(i)
}

// denies reports whether the broker closed the channel since the user may not send a message
// there. If it took one there before, the permission was taken away meanwhile, and nobody
// can tell over which message it was.
func (c *ConfirmChannel) denies(o *Outgoing) bool {
	var closed *amqp.Error
	if !errors.As(c.channel.CloseReason(amqp.ErrClosed), &closed) || closed.Code != amqp.AccessRefused {
		return false
	}
	exchange := o.Exchange
	if exchange == "" {
		exchange = "amq.default" // as the broker calls it
	}
	byKey := strings.Contains(closed.Reason, "topic '")
	for target := range c.accepted {
		if target.Exchange == o.Exchange && (!byKey || target.Key == o.Key) {
			return false
		}
	}
	return strings.Contains(closed.Reason, "exchange '"+exchange+"' in vhost") && (!byKey || strings.Contains(closed.Reason, "topic '"+o.Key+"' in"))
}

// drain takes what was returned so far.
func (s *sending) drain() {
	for {
		select {
		case r, open := <-s.returns:
			if !open {
				return
			}
			if s.returned == nil {
				s.returned = map[uint64]int{}
			}
			o := Outgoing{Address{r.Exchange, r.RoutingKey}, returnedMessage(&r)}
			s.returned[o.digest()]++
		default:
			return
		}
	}
}

// unroutable says that a confirmed message was returned, or is nil.
func (s *sending) unroutable(i int) error {
	if len(s.returned) == 0 {
		return nil
	}
	d := s.outgoing[i].digest()
	if s.returned[d] == 0 {
		return nil
	}
	if s.returned[d]--; s.returned[d] == 0 {
		delete(s.returned, d)
	}
	return wording.Problem(s.doing(i), "no queue takes it there", "check the name, or bind a queue", deadletter.ErrUnroutable)
}

// unmatchedReturns handles messages that the broker returned and that equal none of the copies.
// The broker only returns what it was sent, so such a message is one of the copies, changed on
// the way. Nobody can tell which, so the outcome of every copy that seems delivered is unknown.
func (s *sending) unmatchedReturns() {
	if len(s.returned) == 0 {
		return
	}
	for i := range s.outcomes {
		if s.outcomes[i] == nil {
			s.outcomes[i] = wording.Problem("tell whether a copy reached "+wording.Quoted(string(s.outgoing[i].target())),
				"the broker gave copies back that look otherwise than what was sent", "look for its replay id there", deadletter.ErrUnknownOutcome)
		}
	}
}

func (s *sending) unknown(i int) error {
	return wording.Problem("tell whether a copy reached "+wording.Quoted(string(s.outgoing[i].target())),
		"it was sent, and the broker has not confirmed it", "look for its replay id there", deadletter.ErrUnknownOutcome)
}

// tooLarge is the outcome of a message under way when the channel was closed: unknown,
// unless it was closed because of this one's size.
func (s *sending) tooLarge(i int) error {
	if most, ok := sizeLimit(s.Broken); ok && len(s.outgoing[i].Publishing.Body) > most {
		return wording.Problem(s.doing(i), fmt.Sprintf("it has %d bytes, and the broker takes %d", len(s.outgoing[i].Publishing.Body), most),
			"raise max_message_size in the broker's settings", adapters.ErrTooLarge)
	}
	return s.unknown(i)
}

var sizeRefusal = regexp.MustCompile(`message size \d+ (?:is )?larger than (?:configured )?max size (\d+)`)

// sizeLimit is the broker's limit of a message, if it closed the channel for that.
func sizeLimit(err error) (most int, ok bool) {
	if err == nil {
		return 0, false
	}
	found := sizeRefusal.FindStringSubmatch(err.Error())
	if found == nil {
		return 0, false
	}
	most, convertErr := strconv.Atoi(found[1])
	return most, convertErr == nil
}

// why is the reason for which publishing has ended.
func (c *ConfirmChannel) why(err error) error {
	var closed *amqp.Error
	if errors.As(c.channel.CloseReason(err), &closed) && closed.Code == amqp.AccessRefused {
		return wording.Problem("publish to "+c.Conn.Broker.String(), wording.Reply(closed.Reason), "grant the user the write permission on it (rabbitmqctl set_permissions)", adapters.ErrNotAuthorized)
	}
	return c.channel.Problem("publish to "+c.Conn.Broker.String(), err)
}

// late is the reason for which a confirm is not waited for any longer.
func (c *ConfirmChannel) late(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return wording.Problem("publish to "+c.Conn.Broker.String(), fmt.Sprintf("it did not confirm within %v", ConfirmLimit),
		"check whether the broker is low on memory or disk, when it takes nothing", adapters.ErrNotConnected)
}

// returnedMessage is what was published, as the broker sent it back.
func returnedMessage(r *amqp.Return) amqp.Publishing {
	return amqp.Publishing{
		Headers: r.Headers, ContentType: r.ContentType, ContentEncoding: r.ContentEncoding, DeliveryMode: r.DeliveryMode,
		Priority: r.Priority, CorrelationId: r.CorrelationId, ReplyTo: r.ReplyTo, Expiration: r.Expiration,
		MessageId: r.MessageId, Timestamp: r.Timestamp, Type: r.Type, AppId: r.AppId, Body: r.Body,
	}
}

// digest tells messages apart by all there is to them.
func (o *Outgoing) digest() uint64 {
	p := &o.Publishing
	d := amqp.Delivery{
		Headers: p.Headers, ContentType: p.ContentType, ContentEncoding: p.ContentEncoding, DeliveryMode: p.DeliveryMode,
		Priority: p.Priority, CorrelationId: p.CorrelationId, ReplyTo: p.ReplyTo, Expiration: p.Expiration,
		MessageId: p.MessageId, Timestamp: p.Timestamp, Type: p.Type, AppId: p.AppId, Body: p.Body,
		Exchange: o.Exchange, RoutingKey: o.Key,
	}
	line, err := preserved.Append(nil, &d, "")
	if err != nil {
		return 0 // the client refuses to write such headers, so nothing of the kind was sent
	}
	sum := fnv.New64a()
	_, _ = sum.Write(line)
	return sum.Sum64()
}
