package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go" // errors of the vendor's client
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"eventscope/adapters"
)

// Problem is an error as a sentence for an operator, or ctx's own; nil of nil.
func (c *Client) Problem(ctx context.Context, doing string, err error) error {
	var known *adapters.Problem
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.As(err, &known):
		return err
	}
	p := &adapters.Problem{Doing: doing + " in " + c.Place()}
	var api smithy.APIError
	if errors.As(err, &api) {
		c.refused(p, api, rightOf(err), statusOf(err))
	} else {
		c.unanswered(p, err)
	}
	return p
}

// statusOf is the HTTP status of an answer, or 0.
func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if !errors.As(err, &response) {
		return 0
	}
	return response.HTTPStatusCode()
}

// IsRefusal reports whether an answer finds fault with the question, so that nothing was done.
// Codes do not tell: those that the SDK does not know are nobody's fault, and a proxy that has failed
// gives none.
func IsRefusal(err error) bool {
	status := statusOf(err)
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout
}

// rightOf is the right that an operation needs, as policies spell it.
func rightOf(err error) string {
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return ""
	}
	name, _ := strings.CutSuffix(operation.Operation(), "Batch") // a batch needs the right of one
	return strings.ToLower(operation.Service()) + ":" + name
}

// Codes of refusals. Services spell the same in several ways.
var (
	codesOfKeys    = []string{"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthFailure", "InvalidSecurity", "OptInRequired"}
	codesOfTokens  = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
	codesOfAbsence = []string{"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException", "ResourceNotFoundException", "AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"}
)

// refused puts into words what a service has refused.
func (c *Client) refused(p *adapters.Problem, api smithy.APIError, right string, status int) {
	code, said := codeOf(api), api.ErrorMessage()
	switch {
	case slices.Contains(codesOfAbsence, code):
		p.Cause, p.Remedy, p.Kind = "it is not there, or not any more", "check the name, the region and the account", adapters.ErrUnknownDestination
	case slices.Contains(codesOfTokens, code):
		p.Cause, p.Remedy, p.Kind = "the session token has expired", "log in again, as with aws sso login", adapters.ErrNotAuthenticated
	case strings.Contains(said, "valid region"):
		p.Cause, p.Remedy, p.Kind = "the endpoint is of another region", "name the region as the host", adapters.ErrUsage
	case slices.Contains(codesOfKeys, code):
		p.Cause, p.Remedy, p.Kind = "the service does not know the access key, or the secret is another", "check the credentials, as with aws sts get-caller-identity", adapters.ErrNotAuthenticated
	case strings.HasPrefix(code, "AccessDenied"), strings.HasPrefix(code, "AuthorizationError"), strings.HasPrefix(code, "UnauthorizedOperation"), strings.HasSuffix(code, "KmsAccessDenied"), strings.HasSuffix(code, "KMSAccessDenied"):
		p.Cause, p.Remedy, p.Kind = "the credentials do not have the right "+right, "grant it in a policy of the role or user, or of the resource", adapters.ErrNotAuthorized
		if strings.Contains(strings.ToLower(code), "kms") {
			p.Cause, p.Remedy = "the credentials may not use the key that encrypts it", "grant kms:Decrypt and kms:GenerateDataKey on it"
		}
	case IsThrottled(api):
		p.Cause, p.Remedy, p.Kind = "the service asks for fewer questions", "wait, or ask more slowly", adapters.ErrNotConnected
	case strings.HasSuffix(code, "OverLimit"):
		p.Cause, p.Remedy, p.Kind = "as many messages are in flight as the queue allows", "wait until its consumers have deleted some", adapters.ErrBusy
	case api.ErrorFault() == smithy.FaultServer || status >= http.StatusInternalServerError || code == "InternalError" || code == "ServiceUnavailable":
		p.Cause, p.Remedy, p.Kind = "the service has failed ("+code+")", "try again", adapters.ErrNotConnected
	default:
		p.Cause = fmt.Sprintf("the service refuses it (%s): %s", code, clipped(said))
	}
}

// codeOf is the code of a refusal. Some servers put a namespace before it.
func codeOf(api smithy.APIError) string {
	code := api.ErrorCode()
	return code[strings.LastIndexByte(code, '#')+1:]
}

// clipped is a text of the service, which may be of any length.
func clipped(text string) string {
	const longest = 300
	if text = strings.ToValidUTF8(text, "\uFFFD"); len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}

// IsThrottled reports whether a question was refused for being one too many.
func IsThrottled(api smithy.APIError) bool {
	_, throttled := retry.DefaultThrottleErrorCodes[codeOf(api)]
	return throttled || strings.HasSuffix(codeOf(api), "RequestThrottled")
}

// HasCode reports whether a service has refused with one of these codes.
func HasCode(err error, codes ...string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, codeOf(api))
}

// unanswered puts into words why there is no answer of the service itself.
func (c *Client) unanswered(p *adapters.Problem, err error) {
	var (
		dns       *net.DNSError
		operation *net.OpError
		authority x509.UnknownAuthorityError
		verifying *tls.CertificateVerificationError
		plain     tls.RecordHeaderError
		large     *http.MaxBytesError
	)
	p.Remedy, p.Kind = "check the region, the endpoint and the network", adapters.ErrNotConnected
	switch text := err.Error(); {
	case errors.As(err, &large):
		p.Cause, p.Remedy, p.Kind = "the answer is larger than any that the service gives", "check what answers there", adapters.ErrTooLarge
	case strings.Contains(text, "get credentials") || strings.Contains(text, "refresh cached credentials"):
		*p = *credentialsProblem(p.Doing, text)
	case errors.As(err, &authority) || errors.As(err, &verifying) || errors.As(err, &plain):
		p.Cause, p.Remedy, p.Kind = "the certificate of the endpoint is not trusted, or it speaks no TLS", "name its authority in ca=, or an http endpoint", adapters.ErrTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		p.Cause = "connection refused"
	case errors.As(err, &dns):
		p.Cause = fmt.Sprintf("the host name %q is not known; it is made of the region", dns.Name)
	case errors.Is(err, context.DeadlineExceeded):
		p.Cause = fmt.Sprintf("there was no answer within %v", askTime)
	case errors.As(err, &operation):
		p.Cause = operation.Err.Error()
	default:
		p.Cause = "what answers there does not speak as the service does"
	}
}

// credentialsProblem is about credentials that could not be had. What the provider said may hold a
// secret, and is not repeated.
func credentialsProblem(doing, said string) *adapters.Problem {
	p := &adapters.Problem{Doing: doing, Cause: "no credentials were found", Remedy: "log in as for the aws command, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", Kind: adapters.ErrNotAuthenticated}
	switch lower := strings.ToLower(said); {
	case strings.Contains(lower, "sso"):
		p.Cause, p.Remedy = "the single sign-on session has ended, or was never begun", "run aws sso login"
	case strings.Contains(lower, "assumerole"):
		p.Cause, p.Remedy = "the role could not be assumed", "check role=, and the right sts:AssumeRole on it"
	case strings.Contains(lower, "expired"):
		p.Cause, p.Remedy = "the credentials have expired", "log in again, as with aws sso login"
	}
	return p
}

// settingsProblem is about settings that cannot be read.
func settingsProblem(err error) error {
	p := &adapters.Problem{Doing: "read the settings of AWS", Cause: "the shared config or credentials file cannot be read", Remedy: "check ~/.aws/config, as with aws configure list", Kind: adapters.ErrUsage}
	if strings.Contains(err.Error(), "shared config profile") {
		p.Cause, p.Remedy = "there is no such profile", "check profile= and AWS_PROFILE, as with aws configure list-profiles"
	}
	return p
}
