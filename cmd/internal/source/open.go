package source

import (
	"context"
	"net/url"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
	"eventscope/adapters/rabbitmq"
)

// Open connects to the source, as its adapter does.
func (s Source) Open(ctx context.Context) (adapters.Adapter, error) {
	// Each adapter is returned by a branch of its own, since a nil pointer in an
	// interface is not nil.
	if s.Broker == adapters.RabbitMQ {
		adapter, err := rabbitmq.Open(ctx, s.rabbitMQ())
		if err != nil {
			return nil, err
		}
		return adapter, nil
	}
	adapter, err := kafka.Open(ctx, s.kafka())
	if err != nil {
		return nil, err
	}
	return adapter, nil
}

func (s Source) kafka() kafka.Config {
	config := kafka.Config{Name: s.Name, Brokers: s.Hosts, Topics: s.Topics, Committed: s.Committed, FetchBytes: s.FetchBytes, Write: s.Write, LettersOnly: s.DeadLetters}
	if s.TLS {
		config.TLS = &kafka.TLS{CA: s.CA, Certificate: s.Certificate, Key: s.Key, ServerName: s.ServerName}
	}
	switch {
	case s.Mechanism == "oauthbearer":
		config.SASL = &kafka.SASL{Mechanism: "OAUTHBEARER", Token: s.Password}
	case s.Mechanism != "":
		config.SASL = &kafka.SASL{Mechanism: strings.ToUpper(s.Mechanism), User: s.User, Password: s.Password}
	case s.User != "":
		config.SASL = &kafka.SASL{Mechanism: "PLAIN", User: s.User, Password: s.Password}
	}
	return config
}

func (s Source) rabbitMQ() rabbitmq.Config {
	config := rabbitmq.Config{
		Name: s.Name, Address: s.Hosts[0], VirtualHost: s.VirtualHost, User: s.User, Password: s.Password,
		External: s.Mechanism == "external", Management: s.management(),
		Queues: s.Queues, Streams: s.Streams, Firehose: s.Firehose, Write: s.Write, LettersOnly: s.DeadLetters, LooksFile: s.LooksFile,
	}
	if s.TLS {
		config.TLS = &rabbitmq.TLS{CAFile: s.CA, CertFile: s.Certificate, KeyFile: s.Key, ServerName: s.ServerName}
	}
	for _, tap := range s.Taps {
		config.Taps = append(config.Taps, rabbitmq.Tap{Exchange: tap.Exchange, BindingKey: tap.Key})
	}
	return config
}

// management is the management API's URL with its user, if that is one of its own.
func (s Source) management() string {
	if s.Management == "" || s.ManagementUser == "" {
		return s.Management
	}
	scheme, rest, _ := strings.Cut(s.Management, "://")
	return scheme + "://" + url.UserPassword(s.ManagementUser, s.ManagementPassword).String() + "@" + rest
}
