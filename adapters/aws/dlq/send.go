package dlq

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/aws/message"
	"eventscope/adapters/deadletter"
)

// mostBytes is how large a message may be with its attributes, and a batch of messages too.
const mostBytes = 1 << 20

// replayID is the header by which a copy is known whoever sends it again.
const replayID = "x-replay-id"

// sender sends copies.
type sender struct{ letters *DeadLetters }

// publisher is nothing but a sender.
type publisher struct{ sender }

// Publisher implements deadletter.Queues.
func (d *DeadLetters) Publisher(context.Context) (deadletter.Publisher, error) {
	if err := d.mayWrite("send copies to " + d.Client.Place()); err != nil {
		return nil, err
	}
	return &publisher{sender{d}}, nil
}

// Close implements deadletter.Publisher.
func (p *publisher) Close() error { return nil }

// Send implements deadletter.Sender. It has waited for all answers when it returns.
func (s sender) Send(ctx context.Context, copies []deadletter.Copy, _ []deadletter.Entry) deadletter.Answer {
	p := &posting{letters: s.letters, outcomes: make([]error, len(copies)), urls: map[string]string{}}
	for i := range copies {
		err := p.add(ctx, i, &copies[i])
		if adapters.IsEnd(err) || errors.Is(err, adapters.ErrNotConnected) || errors.Is(err, adapters.ErrNotAuthenticated) {
			p.stop(err)
			err = deadletter.ErrNotSent // it is not the copy's fault
		}
		if err != nil {
			p.outcomes[i] = err
		}
	}
	p.flush(ctx)
	return deadletter.Answered(p.outcomes, p.failed)
}

// posting is one call of Send.
type posting struct {
	letters  *DeadLetters
	urls     map[string]string // of targets
	outcomes []error
	failed   error // why nothing more is sent

	to      string // the URL that what waits goes to
	waiting []types.SendMessageBatchRequestEntry
	bytes   int
}

// stop tells that what was not sent yet is not sent.
func (p *posting) stop(err error) {
	if p.failed == nil {
		p.failed = err
	}
}

// add puts a copy behind those that wait, and sends them where it does not fit.
func (p *posting) add(ctx context.Context, i int, c *deadletter.Copy) error {
	if p.failed != nil {
		return deadletter.ErrNotSent
	}
	url, err := p.url(ctx, string(c.To))
	if err != nil {
		return err
	}
	entry, size, err := p.letters.entry(c)
	if err != nil {
		return err
	}
	if len(p.waiting) == batch || p.to != url || p.bytes+size > mostBytes {
		p.flush(ctx)
	}
	if p.failed != nil {
		return deadletter.ErrNotSent
	}
	entry.Id = aws.String(strconv.Itoa(i))
	p.to, p.waiting, p.bytes = url, append(p.waiting, *entry), p.bytes+size
	return nil
}

// url finds a target.
func (p *posting) url(ctx context.Context, name string) (string, error) {
	if url, known := p.urls[name]; known {
		return url, nil
	}
	url, err := p.letters.Client.QueueURL(ctx, name)
	if errors.Is(err, adapters.ErrUnknownDestination) {
		return "", unroutable(name)
	}
	if err == nil {
		p.urls[name] = url
	}
	return url, err
}

func unroutable(name string) error {
	return &adapters.Problem{Doing: "send to queue " + name, Cause: "there is no such queue", Remedy: "name another", Kind: deadletter.ErrUnroutable}
}

// flush sends what waits. A question that was not answered may have come all the same.
func (p *posting) flush(ctx context.Context) {
	entries, to := p.waiting, p.to
	p.waiting, p.bytes = nil, 0
	if len(entries) == 0 {
		return
	}
	limited, cancel := client.Limit(ctx)
	defer cancel()
	out, err := p.letters.Client.SQS.SendMessageBatch(limited, &sqs.SendMessageBatchInput{QueueUrl: &to, Entries: entries}, client.Once)
	if err != nil {
		outcome := p.refusedAll(ctx, err)
		for i := range entries {
			p.outcomes[number(entries[i].Id)] = outcome
		}
		return
	}
	told := map[int]bool{}
	for i := range out.Successful {
		told[number(out.Successful[i].Id)] = true
	}
	for _, failed := range out.Failed {
		told[number(failed.Id)] = true
		if at := number(failed.Id); at < len(p.outcomes) {
			p.outcomes[at] = p.refusedOne(&failed)
		}
	}
	for i := range entries {
		if at := number(entries[i].Id); !told[at] {
			p.outcomes[at] = unanswered("SQS has not answered for one")
			p.stop(p.outcomes[at])
		}
	}
}

func number(id *string) int {
	n, err := strconv.Atoi(aws.ToString(id))
	if err != nil || n < 0 {
		return int(^uint(0) >> 1)
	}
	return n
}

// refusedAll is the outcome of each copy of a question that failed. It is certain only where the
// service, or what stands before it, finds fault with the question: whoever has failed itself may
// have taken the copies before.
func (p *posting) refusedAll(ctx context.Context, err error) error {
	problem := p.letters.Client.Problem(ctx, "send copies", err)
	var api smithy.APIError
	var dial *net.OpError
	throttled := errors.As(err, &api) && client.IsThrottled(api)
	switch {
	case throttled:
	case client.IsRefusal(err):
		if errors.Is(problem, adapters.ErrUnknownDestination) {
			return unroutable("that is named")
		}
		if errors.Is(problem, adapters.ErrNotAuthenticated) {
			p.stop(problem)
		}
		return problem
	}
	p.stop(problem)
	unsigned := api == nil && errors.Is(problem, adapters.ErrNotAuthenticated) // there were no credentials to ask with
	if throttled || unsigned || errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &dial) && dial.Op == "dial" {
		return deadletter.ErrNotSent
	}
	return unanswered("they were sent, and SQS has not answered")
}

// unanswered is the outcome of a copy of which nobody can tell.
func unanswered(cause string) error {
	return &adapters.Problem{Doing: "tell whether copies arrived", Cause: cause, Remedy: "look for their replay ids there", Kind: deadletter.ErrUnknownOutcome}
}

// refusedOne is the outcome of one copy of several. Where SQS does not find fault with it, it has
// failed itself, and may have taken the copy.
func (p *posting) refusedOne(failed *types.BatchResultErrorEntry) error {
	code, said := aws.ToString(failed.Code), aws.ToString(failed.Message)
	switch {
	case failed.SenderFault:
		return &adapters.Problem{Doing: "send a copy", Cause: fmt.Sprintf("SQS refuses it (%s): %.200s", code, said), Remedy: "edit it, or leave it out"}
	case client.IsThrottled(&smithy.GenericAPIError{Code: code}):
		return &adapters.Problem{Doing: "send a copy", Cause: fmt.Sprintf("SQS takes no more now (%s): %.200s", code, said), Remedy: "try again", Kind: deadletter.ErrNotSent}
	}
	err := unanswered(fmt.Sprintf("SQS has failed over one (%s): %.200s", code, said))
	p.stop(err)
	return err
}

// entry makes of a copy what is sent: what nobody asked to change stays as it was, but for the
// deduplication id, by which a queue would drop what it had before.
func (d *DeadLetters) entry(c *deadletter.Copy) (*types.SendMessageBatchRequestEntry, int, error) {
	raw, err := d.original(c)
	if err != nil {
		return nil, 0, err
	}
	e := &types.SendMessageBatchRequestEntry{MessageBody: raw.Body, MessageAttributes: message.Change(raw.MessageAttributes, c.Remove, c.Add)}
	if c.Value != nil {
		e.MessageBody = aws.String(string(c.Value))
	}
	if trace := raw.Attributes[message.Trace]; trace != "" {
		e.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{message.Trace: {DataType: aws.String("String"), StringValue: &trace}}
	}
	if group := raw.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]; group != "" {
		e.MessageGroupId = &group
	}
	if client.IsFIFO(string(c.To)) {
		e.MessageDeduplicationId = aws.String(deduplicationOf(c, raw))
	}
	return e, sizeOf(e), misfit(c, e)
}

// original is the letter that a copy is of, as SQS would hand it out.
func (d *DeadLetters) original(c *deadletter.Copy) (*types.Message, error) {
	switch {
	case c.To.IsZero():
		return nil, &adapters.Problem{Doing: "send a copy", Cause: "no destination is named", Remedy: "name a queue", Kind: adapters.ErrUsage}
	case c.Of != nil:
		return d.letters.Find(c.Of, "send a copy of")
	case c.Original != nil:
		raw, _, err := message.Read(c.Original)
		if err != nil {
			return nil, unreadable(err)
		}
		return raw, nil
	case c.Message != nil:
		raw := &types.Message{Body: aws.String(string(c.Message.Value)), MessageAttributes: message.FromHeaders(c.Message.Headers), Attributes: map[string]string{}}
		if len(c.Message.Key) > 0 {
			raw.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)] = string(c.Message.Key)
		}
		return raw, nil
	}
	return nil, &adapters.Problem{Doing: "send to " + string(c.To), Cause: "there is nothing to send", Remedy: "name a letter", Kind: adapters.ErrUsage}
}

// deduplicationOf is made of the replay id and the letter, so that the queue drops a second copy of
// one and never a copy of another. Without a replay id nothing else has it.
func deduplicationOf(c *deadletter.Copy, raw *types.Message) string {
	for _, header := range c.Add {
		if header.Name == replayID && len(header.Value) > 0 {
			sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", header.Value, aws.ToString(raw.MessageId), aws.ToString(raw.Body)))
			return hex.EncodeToString(sum[:])
		}
	}
	return rand.Text()
}

// sizeOf is what the service counts.
func sizeOf(e *types.SendMessageBatchRequestEntry) int {
	size := len(aws.ToString(e.MessageBody))
	for name, a := range e.MessageAttributes {
		size += len(name) + len(aws.ToString(a.DataType)) + len(aws.ToString(a.StringValue)) + len(a.BinaryValue)
	}
	return size
}

var attributeNames = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)

// misfit says why a copy cannot be sent, before others are sent with it.
func misfit(c *deadletter.Copy, e *types.SendMessageBatchRequestEntry) error {
	refuse := func(cause, remedy string, kind error) error {
		return &adapters.Problem{Doing: "send a copy to queue " + string(c.To), Cause: cause, Remedy: remedy, Kind: kind}
	}
	body := aws.ToString(e.MessageBody)
	switch {
	case sizeOf(e) > mostBytes:
		return refuse(fmt.Sprintf("it has %d bytes, and SQS takes %d with all attributes", sizeOf(e), mostBytes), "edit it", adapters.ErrTooLarge)
	case body == "":
		return refuse("it is empty, and SQS takes no empty message", "edit it", adapters.ErrUsage)
	case !message.IsText([]byte(body)):
		return refuse("its body holds characters that SQS does not take: it is text, without what XML bars", "edit it", adapters.ErrUsage)
	case len(e.MessageAttributes) > message.MostAttributes:
		return refuse(fmt.Sprintf("it has %d headers, and SQS takes %d", len(e.MessageAttributes), message.MostAttributes), "leave some out in the config (strip)", adapters.ErrUsage)
	case client.IsFIFO(string(c.To)) && e.MessageGroupId == nil:
		return refuse("it has no message group, which a queue that keeps order needs", "name a queue that keeps none", adapters.ErrUsage)
	}
	for name := range e.MessageAttributes {
		if !attributeNames.MatchString(name) {
			return refuse("the name of a header holds a character that no attribute of SQS has", "leave it out in the config (strip)", adapters.ErrUsage)
		}
	}
	return nil
}
