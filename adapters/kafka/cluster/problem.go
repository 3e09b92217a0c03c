package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// Access is where a cluster is and as whom it is talked to, which is what an operator's words for
// errors need.
type Access struct {
	Brokers []string    // the addresses to begin with, host:port
	TLS     *driver.TLS // or nil
	SASL    *SASL       // or nil
}

// SASL is a login. Mechanism is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 (User and
// Password), OAUTHBEARER (Token, or Tokens of which User and Password are the client and its secret)
// or AWS_MSK_IAM (as whom the environment says).
type SASL struct {
	Mechanism, User, Password, Token string
	Tokens                           *Tokens
	// Extensions go with each token, such as logicalCluster (KIP-342).
	Extensions map[string]string
}

// Tokens are where an OAuth client has its tokens from.
type Tokens struct {
	URL   string // https, or on this machine
	Scope string // what they are to be good for, with spaces between several; it may be empty
}

// Explain is the problem of an error, unless the caller's context was ended.
func (a *Access) Explain(ctx context.Context, err error) error {
	if ctx.Err() == context.Canceled {
		return ctx.Err()
	}
	return a.Problem(err)
}

// Problem says in an operator's words why the cluster could not be talked to.
func (a *Access) Problem(err error) *adapters.Problem {
	p := &adapters.Problem{Doing: "connect to kafka " + a.Address(), Kind: adapters.ErrNotConnected}
	for _, explain := range []func(*Access, *adapters.Problem, error) bool{explainTLS, explainLogin, explainForeign, explainNetwork, explainEnd} {
		if explain(a, p, err) {
			return p
		}
	}
	p.Cause, p.Remedy = err.Error(), "check the address and the broker's log"
	return p
}

func explainTLS(c *Access, p *adapters.Problem, err error) bool {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		alert     tls.AlertError
		header    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &host):
		p.Cause, p.Remedy = "the broker's certificate is for another name ("+host.Error()+")", "use an address that the certificate names, or give the name with server_name="
	case errors.As(err, &authority):
		p.Cause, p.Remedy = "the broker's certificate is signed by an unknown authority", "name the CA file that signed it with ca="
	case errors.As(err, &invalid):
		p.Cause, p.Remedy = "the broker's certificate is not valid: "+invalid.Error(), "renew the broker's certificate"
	case errors.As(err, &verify):
		p.Cause, p.Remedy = "the broker's certificate cannot be checked: "+verify.Err.Error(), "name the CA file that signed it with ca="
	case errors.As(err, &header):
		p.Cause, p.Remedy = "the port does not speak TLS", "use the broker's TLS port, or connect without TLS"
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls:"):
		if explainCertificate(c, p, time.Now()) {
			break
		}
		p.Cause, p.Remedy = "the broker refused the TLS connection ("+afterLast(err.Error(), "remote error: ")+")", "give the client certificate that it asks for"
	case c.TLS == nil && strings.Contains(err.Error(), "is tls enabled"), c.TLS == nil && tlsAnswer(err):
		p.Cause, p.Remedy = "the port speaks TLS", "connect with TLS (kafkas://), or use the broker's plaintext port"
	default:
		return false
	}
	p.Kind = adapters.ErrTLS
	return true
}

// explainCertificate blames the client's own certificate, if its time is not now.
func explainCertificate(c *Access, p *adapters.Problem, now time.Time) bool {
	own := c.certificate()
	switch {
	case own == nil:
		return false
	case now.After(own.NotAfter):
		p.Cause = "the client certificate ended on " + own.NotAfter.UTC().Format(time.DateOnly)
	case now.Before(own.NotBefore):
		p.Cause = "the client certificate begins on " + own.NotBefore.UTC().Format(time.DateOnly)
	default:
		return false
	}
	p.Remedy = "name a valid one with cert= and key="
	return true
}

// certificate is the client's own, or nil.
func (a *Access) certificate() *x509.Certificate {
	if a.TLS == nil || a.TLS.Certificate == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(a.TLS.Certificate, a.TLS.Key)
	if err != nil {
		return nil
	}
	return pair.Leaf
}

// tlsAnswer recognises the client's complaint about the size that the first bytes of
// a TLS alert make when they are read as a Kafka answer.
func tlsAnswer(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "tls") && strings.Contains(text, "response size")
}

func explainLogin(c *Access, p *adapters.Problem, err error) bool {
	if own := (*adapters.Problem)(nil); errors.As(err, &own) { // of whoever was asked for a token
		p.Cause, p.Remedy, p.Kind = own.Cause, own.Remedy, own.Kind
		return true
	}
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		p.Cause, p.Remedy = "the broker refused the credentials of user "+c.User(), "check user, password and mechanism"
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		p.Cause, p.Remedy = "the broker does not offer the SASL mechanism "+c.SASL.Mechanism+" on this port", "use a mechanism that it offers"
	case errors.Is(err, kerr.IllegalSaslState):
		p.Cause, p.Remedy = "the port does not expect a login", "connect without SASL, or use the broker's SASL port"
	case errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.TopicAuthorizationFailed):
		p.Cause, p.Remedy = "user "+c.User()+" may not describe the cluster", "have Describe and Read granted"
		p.Kind = adapters.ErrNotAuthorized
		return true
	default:
		return false
	}
	p.Kind = adapters.ErrNotAuthenticated
	return true
}

// User is whom the broker takes the client for: who logs in, or else whom its certificate names.
func (a *Access) User() string {
	if a.SASL != nil && a.SASL.User == "" {
		return "(of " + a.SASL.Mechanism + ")"
	}
	if a.SASL != nil && a.SASL.Tokens != nil {
		return fmt.Sprintf("(of the token for client %q)", a.SASL.User)
	}
	if a.SASL != nil {
		return fmt.Sprintf("%q", a.SASL.User)
	}
	if own := a.certificate(); own != nil {
		return fmt.Sprintf("%q", own.Subject)
	}
	return "(none)"
}

// unresolved says that a broker's host cannot be found. One that the operator did not name
// comes from a broker.
func (a *Access) unresolved(dns *net.DNSError) (cause, remedy string) {
	for _, address := range a.Brokers {
		if host, _, err := net.SplitHostPort(address); err == nil && strings.EqualFold(host, dns.Name) {
			return "no such host: " + dns.Name, "check the address"
		}
	}
	return "a broker calls itself " + dns.Name + ", and there is no such host", "correct advertised.listeners of the broker, or make the name known here"
}

func explainNetwork(c *Access, p *adapters.Problem, err error) bool {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		p.Cause, p.Remedy = c.unresolved(dns)
	case errors.Is(err, syscall.ECONNREFUSED):
		p.Cause, p.Remedy = "connection refused", "check the address and that the broker runs"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		p.Cause, p.Remedy = "the broker broke the connection off", "check that the broker runs"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		p.Cause, p.Remedy = "no route to the host", "check the network and the address"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		p.Cause, p.Remedy = "no answer", "check that this is a Kafka port and that no firewall is in between"
	default:
		return false
	}
	return true
}

// explainForeign is for a port at which something else answers: what the client takes
// for the size of an answer is then the beginning of a text, or of anything.
func explainForeign(_ *Access, p *adapters.Problem, err error) bool {
	text := err.Error()
	switch {
	case strings.Contains(text, "beginning of an HTTP response"):
		p.Cause = "the port speaks HTTP, not Kafka"
	case strings.Contains(text, "invalid large response size"), strings.Contains(text, "invalid negative response size"),
		strings.Contains(text, "correlation ID mismatch"), errors.Is(err, kbin.ErrNotEnoughData):
		p.Cause = "what answers there does not speak Kafka"
	default:
		return false
	}
	p.Remedy = "use a Kafka port of the broker, usually 9092"
	return true
}

// explainEnd is for a broker that hangs up at the first request without a word, which
// is how it answers to the wrong protocol.
func explainEnd(c *Access, p *adapters.Problem, err error) bool {
	var first *kgo.ErrFirstReadEOF
	isFirst := errors.As(err, &first)
	dialing := strings.Contains(err.Error(), "unable to dial") || strings.Contains(err.Error(), "after a dial")
	switch {
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !isFirst:
		return false
	case c.TLS != nil && dialing:
		p.Cause, p.Remedy, p.Kind = "the broker hung up on TLS", "use the broker's TLS port, or connect without TLS", adapters.ErrTLS
	case isFirst && c.SASL == nil && (c.TLS != nil || strings.Contains(err.Error(), "SASL is required")):
		p.Cause, p.Remedy, p.Kind = "the broker hung up on the first request: it expects a login", "give user, password and mechanism", adapters.ErrNotAuthenticated
	case isFirst && c.TLS == nil:
		p.Cause, p.Remedy, p.Kind = "the broker hung up on the first request: it expects TLS, or is no Kafka", "connect with TLS (kafkas://), or check the port", adapters.ErrTLS
	case isFirst:
		p.Cause, p.Remedy = "the broker hung up on the first request", "check that this is a Kafka port, and the broker's log"
	default:
		p.Cause, p.Remedy = "the broker hung up", "check that the broker runs"
	}
	return true
}

func afterLast(text, mark string) string {
	if at := strings.LastIndex(text, mark); at >= 0 {
		return text[at+len(mark):]
	}
	return text
}

// Unknown is the problem of a topic that the cluster does not have.
func (a *Access) Unknown(topic string) error {
	return adapters.UnknownDestination("kafka", a.Address(), adapters.Topic, topic)
}

// Address is where the cluster is, as the operator wrote it.
func (a *Access) Address() string { return strings.Join(a.Brokers, ",") }

// TryAgain is the remedy for what is over when all brokers are there.
const TryAgain = "try again when the cluster is whole"

// Unread says why a log cannot be read from next to its end; next is negative where not even
// its beginning is known.
func (a *Access) Unread(log adapters.Log, next, end int64, why error) string {
	if errors.Is(why, kerr.TopicAuthorizationFailed) {
		return a.NotAllowed(log.Destination).Error()
	}
	part := "all"
	if next >= 0 {
		part = fmt.Sprintf("from offset %d to its end at %d", next, end)
	}
	return fmt.Sprintf("cannot read %s/%d %s: %s; %s", log.Destination, log.Partition, part, InWords(why), TryAgain)
}

// NotAllowed is the problem of topics that the user may not read.
func (a *Access) NotAllowed(topic string) *adapters.Problem {
	return &adapters.Problem{
		Doing: fmt.Sprintf("read kafka topic %q at %s", topic, a.Address()), Cause: "user " + a.User() + " has no permission",
		Remedy: "have Read and Describe granted on it", Kind: adapters.ErrNotAuthorized,
	}
}

// InWords is a broker's error in few words.
func InWords(err error) string {
	var e *kerr.Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "a broker calls itself " + dns.Name + ", and there is no such host (advertised.listeners)"
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return "the broker has no such topic now"
	case errors.Is(err, kerr.LeaderNotAvailable):
		return "no broker leads it now"
	case errors.As(err, &e):
		return strings.ToLower(strings.ReplaceAll(e.Message, "_", " "))
	}
	return err.Error()
}
