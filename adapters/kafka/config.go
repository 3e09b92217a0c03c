package kafka

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo" // the Kafka protocol: versions, connections, record batches
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/login"
	"eventscope/adapters/kafka/recordbatch"
)

const (
	dialTimeout    = 5 * time.Second
	scanPatience   = 30 * time.Second // how long a scan waits for a lost cluster or log
	requestTimeout = 5 * time.Second  // above what the broker itself may take
	openTimeout    = 10 * time.Second // for everything Open does
	metadataLimit  = 4 * time.Second  // for one look at the cluster while reading
	defaultFetch   = 8 << 20
	leastFetch     = 64 << 10
	// greatestPartition is the most from one partition in one answer. A single batch
	// above it is still sent whole (KIP-74).
	greatestPartition = 1 << 20
	greatestBatch     = 128 << 20 // unpacked, where the configuration names no other limit
)

// Config says which cluster to read and how.
type Config struct {
	// Name tells this source from the others; empty is "kafka".
	Name string

	// Brokers are the addresses to begin with, host:port; at least one.
	Brokers []string

	// Topics are names, or regular expressions behind a tilde that must match a whole
	// name: "orders", "~orders\..*". Expressions never match internal topics. Empty
	// means every topic that is not internal: not flagged so by the broker, and not
	// beginning with "__".
	Topics []string

	// Committed hides what transactions have aborted and holds back what they have
	// not finished (read_committed). Otherwise everything is shown as it arrives.
	Committed bool

	// Write opens for writing: without it [Adapter.Redrive] and [Adapter.Publisher] answer
	// adapters.ErrReadOnly, and nothing that could write is ever made.
	Write bool

	// LettersOnly says that the topics that are named exactly are taken for dead-letter
	// topics, whatever they are called; see [Adapter.DLQs].
	LettersOnly bool

	// TLS, if not nil, encrypts the connection and checks the broker's certificate.
	TLS *driver.TLS

	// SASL, if not nil, logs in.
	SASL *cluster.SASL

	// FetchBytes is the most that all brokers together send in one round of answers,
	// in bytes before decompression, from 64 KiB; 0 is 8 MiB. About three rounds are in
	// memory at once, and what a few record batches unpack to.
	FetchBytes int32

	// BatchBytes is the most that one record batch may unpack to, and the most of the window
	// that it may ask for; 0 is 128 MiB. What is larger is left out and told.
	BatchBytes int32

	// LedgerBytes is the most that the newest entries of the ledger may take while they are read,
	// here and with whoever reads them; 0 is 1 GiB. What is larger is not read, which is an error.
	LedgerBytes int

	// Options are added to every client, last. They are for tests (a dialer).
	Options []kgo.Opt

	patience time.Duration // how long a scan waits for a lost cluster or log
}

// SASL is a login.
type SASL = cluster.SASL

// access is what errors say of the cluster and the user.
func (c *Config) access() *cluster.Access {
	return &cluster.Access{Brokers: c.Brokers, TLS: c.TLS, SASL: c.SASL}
}

func (c *Config) usage(cause, remedy string) error {
	return &adapters.Problem{Doing: "open kafka source " + c.name(), Cause: cause, Remedy: remedy, Kind: adapters.ErrUsage}
}

func (c *Config) name() string {
	if c.Name == "" {
		return "kafka"
	}
	return c.Name
}

func (c *Config) fetchBytes() int32 {
	if c.FetchBytes == 0 {
		return defaultFetch
	}
	return max(c.FetchBytes, leastFetch)
}

func (c *Config) batchBytes() int32 { return cmp.Or(c.BatchBytes, greatestBatch) }

func (c *Config) ledgerBytes() int { return cmp.Or(c.LedgerBytes, mostLedger) }

// answerBytes is the most in one answer when so many brokers answer at once.
func (c *Config) answerBytes(brokers int) int32 {
	return max(leastFetch, c.fetchBytes()/int32(max(brokers, 1)))
}

// options are what every client of the cluster has. Nothing here joins a group or
// writes, and client metrics are off because the broker would keep them.
func (c *Config) options() ([]kgo.Opt, error) {
	if len(c.Brokers) == 0 {
		return nil, c.usage("no broker address", "name one as host:9092")
	}
	for _, address := range c.Brokers {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, c.usage(fmt.Sprintf("%q is not an address", address), "write it as host:9092")
		}
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID("eventscope"),
		kgo.DisableClientMetrics(),
		kgo.RequestTimeoutOverhead(requestTimeout),
		kgo.RetryTimeout(metadataLimit),
		kgo.RetryBackoffFn(func(int) time.Duration { return 100 * time.Millisecond }),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.MaxDecompressBatchBytes(int(c.batchBytes())),
		kgo.WithPools(recordbatch.Pools...),
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	if c.TLS == nil {
		options = append(options, kgo.Dialer(dialer.DialContext))
	} else {
		dial, err := c.dialTLS(dialer)
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.Dialer(dial))
	}
	if c.SASL != nil {
		mechanism, err := c.mechanism()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.SASL(mechanism))
	}
	return append(options, c.Options...), nil
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

func (c *Config) dialTLS(dialer *net.Dialer) (dialFunc, error) {
	settings, err := c.TLS.Settings("")
	if err != nil {
		return nil, err
	}
	d := &tls.Dialer{NetDialer: dialer, Config: settings}
	return d.DialContext, nil
}

// Mechanisms without a password of the broker, as they are called on the wire.
const oauthBearer, mskIAM = "OAUTHBEARER", "AWS_MSK_IAM"

func (c *Config) mechanism() (sasl.Mechanism, error) {
	s := c.SASL
	switch token := s.Mechanism == oauthBearer && s.Tokens == nil; {
	case s.Mechanism == mskIAM && c.TLS == nil:
		return nil, c.usage("whoever is on the way could use the login of AWS_MSK_IAM", "write kafkas:// in place of kafka://")
	case s.Mechanism == mskIAM:
		return login.IAM(), nil
	case token && s.Token == "":
		return nil, c.usage("there is no token to log in with", "give it as the password, in the config, in EVENTSCOPE_PASSWORD or by password_file=; or name the server of tokens in token_url=")
	case !token && s.User == "":
		return nil, c.usage("there is no user to log in as", "name one before the host, as in kafka://user@host:9092; where token_url= is given it is the client of OAuth")
	case !token && s.Password == "":
		return nil, c.usage("there is no password for user "+c.access().User(), "give it in the config, in EVENTSCOPE_PASSWORD or by password_file=")
	}
	switch s.Mechanism {
	case "PLAIN":
		return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism(), nil
	case oauthBearer:
		return login.Bearer(s, c.TLS)
	}
	return nil, c.usage(fmt.Sprintf("unknown SASL mechanism %q", s.Mechanism), "use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM")
}
