package replay

import (
	"context"
	"fmt"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
)

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
func (o *Service) Target(ctx context.Context, broker adapters.Broker, text string) (deadletter.Target, error) {
	var target deadletter.Target
	for _, source := range o.config.Sources {
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
