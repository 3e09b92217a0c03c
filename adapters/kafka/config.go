package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo" // the Kafka protocol: versions, connections, record batches
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"eventscope/adapters"
)

const (
	dialTimeout    = 5 * time.Second
	requestTimeout = 5 * time.Second  // above what the broker itself may take
	openTimeout    = 10 * time.Second // for everything Open does
	metadataLimit  = 4 * time.Second  // for one look at the cluster while reading
	defaultFetch   = 8 << 20
	leastFetch     = 64 << 10
	// greatestPartition is the most from one partition in one answer. A single batch
	// above it is still sent whole (KIP-74).
	greatestPartition = 1 << 20
	greatestBatch     = 128 << 20 // unpacked: what decompression may grow one batch to
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
	// topics, whatever they are called; see [Adapter.Graves].
	LettersOnly bool

	// TLS, if not nil, encrypts the connection and checks the broker's certificate.
	TLS *TLS

	// SASL, if not nil, logs in.
	SASL *SASL

	// FetchBytes is the most that all brokers together send in one round of answers,
	// in bytes before decompression, from 64 KiB; 0 is 8 MiB. About three rounds are in
	// memory at once, and what a few record batches unpack to.
	FetchBytes int32

	// Options are added to every client, last. They are for tests (a dialer).
	Options []kgo.Opt
}

// TLS names the files of transport security. There is no way to leave out the check
// of the broker's certificate.
type TLS struct {
	CA               string // PEM file of trusted authorities; empty is the system's
	Certificate, Key string // PEM files of a client certificate, both or none
	ServerName       string // the name to expect in the certificate, if not the address's
}

// SASL is a login. Mechanism is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 (User and
// Password) or OAUTHBEARER (Token).
type SASL struct {
	Mechanism, User, Password, Token string
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
		kgo.MaxDecompressBatchBytes(greatestBatch),
		kgo.WithPools(unpackPool{}, recordPool{}),
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
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.TLS.ServerName}
	if c.TLS.CA != "" {
		pem, err := os.ReadFile(c.TLS.CA)
		if err != nil {
			return nil, c.usage("the CA file cannot be read: "+reason(err), "name a PEM file of trusted certificates")
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, c.usage("the CA file "+c.TLS.CA+" holds no certificate", "name a PEM file of trusted certificates")
		}
	}
	if c.TLS.Certificate != "" || c.TLS.Key != "" {
		pair, err := tls.LoadX509KeyPair(c.TLS.Certificate, c.TLS.Key)
		if err != nil {
			return nil, c.usage("the client certificate cannot be used: "+reason(err), "name a PEM certificate and its PEM key")
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	d := &tls.Dialer{NetDialer: dialer, Config: settings}
	return d.DialContext, nil
}

func (c *Config) mechanism() (sasl.Mechanism, error) {
	s := c.SASL
	switch token := s.Mechanism == "OAUTHBEARER"; {
	case token && s.Token == "":
		return nil, c.usage("there is no token to log in with", "give it as the password, in the config, in EVENTSCOPE_PASSWORD or by password_file=")
	case !token && s.User == "":
		return nil, c.usage("there is no user to log in as", "name one before the host, as in kafka://user@host:9092")
	case !token && s.Password == "":
		return nil, c.usage("there is no password for user "+c.user(), "give it in the config, in EVENTSCOPE_PASSWORD or by password_file=")
	}
	switch s.Mechanism {
	case "PLAIN":
		return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism(), nil
	case "OAUTHBEARER":
		return oauth.Auth{Token: s.Token}.AsMechanism(), nil
	}
	return nil, c.usage(fmt.Sprintf("unknown SASL mechanism %q", s.Mechanism), "use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER")
}

// reason is the innermost text of a file error, with the path.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Path + ": " + path.Err.Error()
	}
	return err.Error()
}
