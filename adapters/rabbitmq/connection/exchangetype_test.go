package connection

import (
	"testing"

	"eventscope/adapters/rabbitmq/routing"
)

func TestGuessLearns(t *testing.T) {
	right := guess{kind: "fanout", exchangeType: routing.ExchangeType{Kind: "fanout"}}
	for said, want := range map[string]struct {
		exchangeType routing.ExchangeType
		done         bool
	}{
		"inequivalent arg 'type' for exchange 'a' in vhost '/': received 'headers' but current is 'topic'":                       {routing.ExchangeType{Kind: "topic"}, false},
		"inequivalent arg 'type' for exchange 'a' in vhost '/': received 'headers' but current is ''x-local-random''":            {routing.ExchangeType{Kind: "x-local-random"}, false},
		"inequivalent arg 'type' for exchange ' but current is ' in vhost '/': received 'headers' but current is 'direct'":       {routing.ExchangeType{Kind: "direct"}, false},
		"inequivalent arg 'durable' for exchange 'a' in vhost '/': received 'false' but current is 'true'":                       {routing.ExchangeType{Kind: "fanout"}, false},
		"invalid type 'signedint' for arg 'alternate-exchange' in exchange 'a' in vhost '/'":                                     {routing.ExchangeType{Kind: "fanout"}, true},
		"access to exchange 'a' in vhost '/' refused for user 'ann'":                                                             {routing.ExchangeType{Kind: "fanout"}, true},
		"inequivalent arg 'alternate-exchange' for exchange 'a' in vhost '/': received the value '0' but current is none at all": {routing.ExchangeType{Kind: "fanout"}, true},
		"inequivalent arg 'alternate-exchange' for exchange 'a' in vhost '/': received '0' but current is 'b'":                   {routing.ExchangeType{Kind: "fanout", Diverts: true}, true},
	} {
		g := right
		if got, done := g.learn(said); got != want.exchangeType || done != want.done {
			t.Errorf("%s: got %+v, %v, want %+v", said, got, done, want)
		}
	}
}
