package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/go-amqp"

	"eventscope/adapters"
)

// Conditions of the service that go-amqp has no name for.
const (
	condDisabled amqp.ErrCond = "com.microsoft:entity-disabled"
	condBusy     amqp.ErrCond = "com.microsoft:server-busy"
	condTimeout  amqp.ErrCond = "com.microsoft:timeout"
	condLockLost amqp.ErrCond = "com.microsoft:message-lock-lost"
)

// Problem is an error as a sentence for an operator, or ctx's own; nil of nil.
func (c *Client) Problem(ctx context.Context, doing string, err error) error {
	var known *adapters.Problem
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &known):
		return err
	}
	p := &adapters.Problem{Doing: doing + " in " + c.Place()}
	var (
		credential *credentialError
		response   *azcore.ResponseError
		refused    *refusal
		remote     *amqp.Error
	)
	switch {
	case errors.As(err, &credential):
		p.Cause, p.Remedy, p.Kind = "no credentials were found, or they are not valid any more", "run az login, or give a connection string by password_file= or "+ConnectionVariable, adapters.ErrNotAuthenticated
	case errors.As(err, &response):
		ofAPI(p, response)
	case isRefusal(err, &refused):
		refuse(p, refused.condition, refused.status, refused.said)
	case errors.As(err, &remote):
		refuse(p, remote.Condition, 0, remote.Description)
	default:
		unanswered(p, err)
	}
	return p
}

// ConnectionVariable is the environment variable that holds a connection string.
const ConnectionVariable = "EVENTSCOPE_CONNECTION_STRING"

func isRefusal(err error, to **refusal) bool { return errors.As(err, to) }

// refuse puts into words what the service has refused.
func refuse(p *adapters.Problem, condition amqp.ErrCond, status int, said string) {
	switch {
	case condition == amqp.ErrCondNotFound || status == http.StatusNotFound:
		p.Cause, p.Remedy, p.Kind = "it is not there, or not any more", "check the name; a subscription is written topic/subscription", adapters.ErrUnknownDestination
	case condition == amqp.ErrCondUnauthorizedAccess || status == http.StatusUnauthorized:
		unauthorized(p, said)
	case condition == condDisabled:
		p.Cause, p.Remedy, p.Kind = "it is disabled", "enable it, and try again", adapters.ErrBusy
	case condition == condBusy:
		p.Cause, p.Remedy, p.Kind = "the service asks for fewer questions", "wait, or ask more slowly", adapters.ErrNotConnected
	case condition == condLockLost:
		p.Cause, p.Remedy, p.Kind = "a lock has run out", "resume the run: what was sent is not sent again", adapters.ErrBusy
	case condition == amqp.ErrCondMessageSizeExceeded:
		p.Cause, p.Remedy, p.Kind = "it is larger than the entity allows", "send less", adapters.ErrTooLarge
	case condition == amqp.ErrCondResourceLimitExceeded:
		p.Cause, p.Remedy, p.Kind = "the entity is full, or has as many links as it may", "wait until some of it is consumed", adapters.ErrBusy
	case condition == amqp.ErrCondNotAllowed:
		p.Cause, p.Remedy, p.Kind = "the service does not allow it: "+clipped(said), "name another entity", errors.ErrUnsupported
	case condition == condTimeout, condition == amqp.ErrCondDetachForced, condition == amqp.ErrCondConnectionForced, condition == amqp.ErrCondInternalError, status >= http.StatusInternalServerError:
		p.Cause, p.Remedy, p.Kind = fmt.Sprintf("the service has ended it (%s)", condition), "try again", adapters.ErrNotConnected
	default:
		p.Cause = fmt.Sprintf("the service refuses it (%s): %s", condition, clipped(said))
	}
}

// unauthorized tells a wrong secret from a missing right.
func unauthorized(p *adapters.Problem, said string) {
	switch {
	case strings.Contains(said, "claim"):
		right := "Listen"
		for _, one := range []string{"EntityRead", "Manage", "Send"} {
			if strings.Contains(said, one) {
				right = one
				break
			}
		}
		p.Cause, p.Remedy, p.Kind = "the credentials do not have the right "+right, "use a policy with "+right+", or a role such as Azure Service Bus Data Receiver", adapters.ErrNotAuthorized
	case strings.Contains(said, "ExpiredToken") || strings.Contains(said, "expired"):
		p.Cause, p.Remedy, p.Kind = "the token has expired, or the clock of this machine is wrong", "log in again, or set the clock", adapters.ErrNotAuthenticated
	case strings.Contains(said, "InvalidAudience"):
		p.Cause, p.Remedy, p.Kind = "the secret is of another entity or namespace", "use one of the namespace, or name the entity that it is for", adapters.ErrNotAuthorized
	default:
		p.Cause, p.Remedy, p.Kind = "the service does not know the key, or it is another", "check the connection string, or run az login", adapters.ErrNotAuthenticated
	}
}

// ofAPI puts into words what the management API has refused.
func ofAPI(p *adapters.Problem, response *azcore.ResponseError) {
	switch status := response.StatusCode; {
	case status == http.StatusNotFound:
		p.Cause, p.Remedy, p.Kind = "it is not there, or not any more", "check the name; a subscription is written topic/subscription", adapters.ErrUnknownDestination
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		p.Cause, p.Remedy, p.Kind = "the credentials do not have the right Manage or EntityRead", "use a policy with Manage, or the role Azure Service Bus Data Owner", adapters.ErrNotAuthorized
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		p.Cause, p.Remedy, p.Kind = fmt.Sprintf("the service has failed (%d)", status), "try again", adapters.ErrNotConnected
	default:
		p.Cause = fmt.Sprintf("the service refuses it (%d %s)", status, clipped(response.ErrorCode))
	}
}

// clipped is a text of the service, which may be of any length, on one line.
func clipped(text string) string {
	const longest = 300
	text, _, _ = strings.Cut(text, " TrackingId:")
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}

// unanswered puts into words why there is no answer of the service itself.
func unanswered(p *adapters.Problem, err error) {
	var (
		dns       *net.DNSError
		operation *net.OpError
		authority x509.UnknownAuthorityError
		verifying *tls.CertificateVerificationError
		plain     tls.RecordHeaderError
	)
	p.Remedy, p.Kind = "check the namespace and the network", adapters.ErrNotConnected
	switch {
	case errors.As(err, &authority) || errors.As(err, &verifying) || errors.As(err, &plain):
		p.Cause, p.Remedy, p.Kind = "its certificate is not trusted, or it speaks no TLS", "name its authority in ca=; an emulator needs emulator=true", adapters.ErrTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		p.Cause = "connection refused"
	case errors.As(err, &dns):
		p.Cause = fmt.Sprintf("the host name %q is not known", dns.Name)
	case errors.Is(err, context.DeadlineExceeded):
		p.Cause = fmt.Sprintf("there was no answer within %v", askTime)
	case errors.As(err, &operation):
		p.Cause = operation.Err.Error()
	case isLoss(err):
		p.Cause = "the connection has ended"
	default:
		p.Cause = "what answers there does not speak as the service does"
	}
}
