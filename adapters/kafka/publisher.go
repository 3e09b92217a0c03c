package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// publisher sends copies of letters of another cluster.
type publisher struct{ *producer }

// Publisher implements [deadletter.Queues]. A copy is confirmed when all in-sync
// replicas have it; within one Send none arrives twice.
func (a *Adapter) Publisher(context.Context) (deadletter.Publisher, error) {
	if !a.config.Write {
		return nil, a.config.readOnly("send to kafka source " + a.config.name())
	}
	p, err := a.newProducer()
	if err != nil {
		return nil, err
	}
	return &publisher{p}, nil
}

// Send implements [deadletter.Publisher].
func (p *publisher) Send(ctx context.Context, copies []deadletter.Copy, _ []deadletter.Entry) deadletter.Answer {
	return deadletter.Answered(p.publish(ctx, copies))
}

func (p *publisher) publish(ctx context.Context, copies []deadletter.Copy) ([]error, error) {
	outcomes := make([]error, len(copies))
	if p.ended != nil {
		return notSent(outcomes, "the publisher has ended"), p.ended
	}
	records, _, err := p.records(ctx, copies, outcomes)
	if err != nil {
		return notSent(outcomes, "the brokers could not be asked"), err
	}
	var sound []*kgo.Record
	var at []int // where the copy of a sound record is
	for i, record := range records {
		if record != nil {
			sound, at = append(sound, record), append(at, i)
		}
	}
	for i, err := range p.produce(ctx, sound) {
		outcomes[at[i]] = p.outcome(sound[i], err)
	}
	if p.ended == nil {
		return outcomes, ctx.Err()
	}
	return outcomes, p.ended
}

// outcome says what became of one record. The client gives up a record for a time that
// ran out only if it is certain that no broker has it.
func (p *publisher) outcome(r *kgo.Record, err error) error {
	if err == nil {
		return nil
	}
	if refused := p.refusal(r, err); refused != nil {
		return refused
	}
	if adapters.IsEnd(err) || errors.Is(err, kgo.ErrAborting) || errors.Is(err, kgo.ErrRecordTimeout) {
		return fmt.Errorf("%w: %v", deadletter.ErrNotSent, p.silent())
	}
	return &adapters.Problem{
		Doing: fmt.Sprintf("learn whether a copy was sent to kafka topic %q", r.Topic), Cause: "no broker has confirmed it",
		Remedy: "look for its replay id there before sending it again", Kind: deadletter.ErrUnknownOutcome,
	}
}

// Close implements [deadletter.Publisher].
func (p *publisher) Close() error {
	p.client.Close()
	return nil
}
