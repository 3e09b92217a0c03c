package connection

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/wording"
)

// connectProblem says why no connection came about. Heard is what the broker's side
// sent first, and readErr how its last read ended.
func (b *Broker) connectProblem(err, readErr error, heard []byte) error {
	doing := "connect to " + b.String()
	var known *adapters.Problem
	if errors.As(err, &known) {
		return known // a file of the TLS settings, say
	}
	var answer *amqp.Error
	if errors.As(err, &answer) && answer.Server {
		return b.refusal(doing, answer)
	}
	silent := wording.IsTimeout(err) || wording.IsTimeout(readErr)
	switch {
	case silent:
		return wording.Problem(doing, fmt.Sprintf("no answer within %v", b.Timeouts.Handshake), "check host, port and firewall", adapters.ErrNotConnected)
	case errors.Is(err, amqp.ErrSASL):
		return wording.Problem(doing, "the broker does not offer the mechanism "+b.mechanism(), b.mechanismRemedy(), adapters.ErrNotAuthenticated)
	case errors.Is(err, amqp.ErrCredentials):
		return wording.Problem(doing, b.refusedCredentials(), b.credentialsRemedy(), adapters.ErrNotAuthenticated)
	case errors.Is(err, amqp.ErrVhost):
		return wording.Problem(doing, fmt.Sprintf("the broker closed the connection when it was asked for virtual host %q", b.VirtualHost), "check its name", adapters.ErrNotConnected)
	}
	if p := b.tlsProblem(doing, err, readErr, heard); p != nil {
		return p
	}
	return b.networkProblem(doing, err, heard)
}

// refusal puts into words that the broker itself has said no during the handshake.
func (b *Broker) refusal(doing string, answer *amqp.Error) error {
	said := wording.Reply(answer.Reason)
	switch {
	case answer.Code == amqp.AccessRefused:
		return wording.Problem(doing, b.refusedCredentials(), b.credentialsRemedy(), adapters.ErrNotAuthenticated)
	case strings.Contains(said, "not found"):
		return wording.Problem(doing, fmt.Sprintf("it has no virtual host %q", b.VirtualHost), "check the path of the URL; / itself is written %2F", adapters.ErrUnknownDestination)
	case strings.Contains(said, "limit"):
		return wording.Problem(doing, said, "close other connections or raise the limit", adapters.ErrNotConnected)
	case answer.Code == amqp.NotAllowed:
		return wording.Problem(doing, said, "grant the user access with rabbitmqctl set_permissions", adapters.ErrNotAuthorized)
	}
	return wording.Problem(doing, said, "look into the broker's log", adapters.ErrNotConnected)
}

func (b *Broker) refusedCredentials() string {
	if b.External {
		return "it knows no user for this client certificate"
	}
	if b.Password == "" {
		return fmt.Sprintf("it refused user %q without a password", b.User)
	}
	return fmt.Sprintf("it refused user %q with this password", b.User)
}

func (b *Broker) credentialsRemedy() string {
	if b.External {
		return "add a user of the name in the certificate, as ssl_cert_login_from in the broker's settings picks it"
	}
	return "check user and password"
}

func (b *Broker) mechanism() string {
	if b.External {
		return "EXTERNAL"
	}
	return "PLAIN"
}

func (b *Broker) mechanismRemedy() string {
	if b.External {
		return "enable rabbitmq_auth_mechanism_ssl on the broker, or use a user and password"
	}
	return "use EXTERNAL with a client certificate, or enable PLAIN on the broker"
}

// tlsProblem recognises that one side spoke TLS and the other did not, or that they
// could not agree on certificates. Nil means that TLS is not to blame.
func (b *Broker) tlsProblem(doing string, err, readErr error, heard []byte) error {
	var (
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	mismatch := func(cause, remedy string) error { return wording.Problem(doing, cause, remedy, adapters.ErrTLS) }
	switch {
	case b.TLS == nil && len(heard) >= 2 && heard[0] == 0x15 && heard[1] == 3: // a TLS alert record, RFC 8446 section 5.1
		return mismatch("this port speaks TLS", "use amqps://")
	case b.TLS == nil:
		return nil
	case errors.As(err, &record):
		return mismatch("this port does not speak TLS", "use amqp://, or the broker's TLS port, usually 5671")
	case errors.Is(err, errDial) && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)):
		return mismatch("it hung up on TLS", "use amqp://, or the broker's TLS port, usually 5671")
	case errors.As(err, &authority):
		return mismatch("its certificate is signed by an authority unknown here", "name that authority's certificate with ca=")
	case errors.As(err, &host):
		return mismatch(host.Error(), "give the name in the certificate with server_name=")
	case errors.As(err, &invalid):
		return mismatch(invalid.Error(), "renew the certificate, or check the clocks")
	}
	for _, e := range []error{err, readErr} {
		if e == nil {
			continue
		}
		if _, alert, found := strings.Cut(e.Error(), "remote error: tls: "); found {
			return mismatch("the broker ended the TLS handshake: "+alert, "check the client certificate, cert= and key=")
		}
	}
	return nil
}

// networkProblem is for everything below AMQP and TLS.
func (b *Broker) networkProblem(doing string, err error, heard []byte) error {
	cause, remedy := wording.NetworkCause(err), "check host and port, and whether the broker runs"
	switch {
	case strings.HasPrefix(string(heard), "HTTP"):
		cause, remedy = "this port speaks HTTP", "use the AMQP port, usually 5672; the HTTP one belongs into management="
	case strings.HasPrefix(string(heard), "AMQP"):
		cause, remedy = "it speaks another version of AMQP than 0-9-1", "connect to a RabbitMQ broker"
	case len(heard) > 0:
		cause, remedy = "what answers there does not speak AMQP", "check host and port"
	case !errors.Is(err, errDial):
		cause, remedy = "it closed the connection without a word", "check the port; one that speaks TLS needs amqps://"
	}
	return wording.Problem(doing, cause, remedy, adapters.ErrNotConnected)
}

// ErrInternal marks an error that the broker calls internal, and ends the connection for.
var ErrInternal = fmt.Errorf("internal error: %w", adapters.ErrNotConnected)

// takenBack is what to do when the broker took letters back from a consumer that held them for
// longer than it allows.
const takenBack = "raise consumer_timeout in the broker's settings, or resume with a higher rate: it has given back what was not settled"

// tookBack reports whether this is why it closed the channel, whichever operation learns of it.
func tookBack(answer *amqp.Error) bool {
	return answer.Code == amqp.PreconditionFailed && strings.Contains(answer.Reason, "delivery acknowledgement")
}

// operationProblem says why the broker refused an operation on an open connection.
func (b *Broker) operationProblem(doing string, err error) error {
	var answer *amqp.Error
	if !errors.As(err, &answer) {
		return wording.Problem(doing, err.Error(), "try again", adapters.ErrNotConnected)
	}
	said := wording.Reply(answer.Reason)
	if tookBack(answer) {
		return wording.Problem(doing, said, takenBack, adapters.ErrNotConnected)
	}
	switch answer.Code {
	case amqp.AccessRefused:
		return wording.Problem(doing, said, permissionRemedy(said), adapters.ErrNotAuthorized)
	case amqp.NotFound:
		return wording.Problem(doing, said, "check the spelling", adapters.ErrUnknownDestination)
	case amqp.PreconditionFailed, amqp.NotImplemented, amqp.NotAllowed:
		return wording.Problem(doing, said, "check what kind of destination it is", adapters.ErrUsage)
	case amqp.InternalError:
		return wording.Problem(doing, lossWords(answer), "try again in a moment, since a quorum queue has no leader right after the broker's start; else look into the broker's log", ErrInternal)
	}
	return wording.Problem(doing, lossWords(answer), "check the broker and the network", adapters.ErrNotConnected)
}

// permissionRemedy names the right that is missing, as far as the broker does: 3.10 does not
// say which of the three, and looking needs but that to read.
func permissionRemedy(said string) string {
	kind, object, _ := strings.Cut(said, "access to ")
	if kind = strings.TrimSpace(kind); kind == "" {
		kind = "read"
	}
	switch {
	case strings.Contains(object, "amq.gen"):
		return `let the user configure, write and read queues of the name ^amq\.gen.* (rabbitmqctl set_permissions), which are its own`
	case strings.HasPrefix(object, "topic "):
		return "grant the user the topic permission to " + kind + " that key (rabbitmqctl set_topic_permissions)"
	case strings.HasPrefix(object, "vhost "):
		return "grant the user access with rabbitmqctl set_permissions"
	}
	return "grant the user the " + kind + " permission on it (rabbitmqctl set_permissions)"
}

// lossProblem says why an open connection ended.
func (b *Broker) lossProblem(err error) error {
	cause := "the connection ended"
	var answer *amqp.Error
	if errors.As(err, &answer) && answer != nil {
		cause = lossWords(answer)
	}
	return wording.Problem("read "+b.String(), cause, "check the broker; it is tried again until it answers", adapters.ErrNotConnected)
}

func lossWords(answer *amqp.Error) string {
	switch {
	case answer.Server:
		return wording.Reply(answer.Reason)
	case strings.Contains(answer.Reason, "i/o timeout"):
		return fmt.Sprintf("no sign of life for %v", silenceLimit)
	case strings.Contains(answer.Reason, "connection reset"), strings.Contains(answer.Reason, "EOF"), strings.Contains(answer.Reason, "broken pipe"):
		return "the broker closed the connection"
	case answer.Code == amqp.ChannelError:
		return "the connection is closed"
	}
	return answer.Reason
}
