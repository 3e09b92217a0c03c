package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/twmb/franz-go/pkg/sr"

	"eventscope/adapters"
)

// Codes of Confluent's API for what is not there (its REST reference, "Schemas").
const (
	noSubject = 40401
	noVersion = 40402
	noSchema  = 40403
)

// verdict is what an answer means for the questions that follow.
type verdict uint8

const (
	answered verdict = iota
	unknown          // this id: asked again later
	refused          // this id, or its schema cannot be read: it stays so
	failing          // the registry: nobody is asked for a while
	notAsked         // it failed while this question waited for its turn
)

// inOutage is the reason of an outage that began while a question waited.
type inOutage struct{ error }

// judge tells what an error of the client means, in words. Named is how the schema was asked for.
func (r *Registry) judge(named fmt.Stringer, err error) (verdict, error) {
	problem := func(cause, remedy string, kind error) error {
		return &adapters.Problem{Doing: fmt.Sprintf("read the schema of %s from the registry %s", named, r.name), Cause: cause, Remedy: remedy, Kind: kind}
	}
	verdict, told := r.judged(err, problem)
	if outage, ok := errors.AsType[*adapters.Problem](told); ok && verdict == failing {
		outage.Doing = "ask the schema registry " + r.name // for whatever schema: all are told so
	}
	return verdict, told
}

// judged is what an error means, told as a problem.
func (r *Registry) judged(err error, problem func(cause, remedy string, kind error) error) (verdict, error) {
	answer := (*sr.ResponseError)(nil)
	waited, unusable, lacking := (*inOutage)(nil), (*unreadable)(nil), (*noToken)(nil)
	large := (*http.MaxBytesError)(nil)
	syntax, kind := (*json.SyntaxError)(nil), (*json.UnmarshalTypeError)(nil)
	switch {
	case err == nil:
		return answered, nil
	case errors.As(err, &waited):
		return notAsked, waited.error
	case errors.As(err, &unusable):
		return refused, problem("it cannot be used: "+unusable.Error(), "", errors.ErrUnsupported)
	case errors.As(err, &lacking):
		if status, is := lacking.refused(); is {
			return failing, problem(fmt.Sprintf("%s refuses the client for which it asks for a token (%d)", lacking.host, status), "check its client, secret and scope", adapters.ErrNotAuthenticated)
		}
		return failing, problem(lacking.host+" gives no token", "check the URL of tokens, or wait: it is asked again", adapters.ErrNotConnected)
	case errors.As(err, &answer):
		return r.judgeStatus(answer, problem)
	case errors.As(err, &large):
		return unknown, problem("the answer is larger than 8 MiB", "check registry=", adapters.ErrTooLarge)
	case errors.Is(err, errElsewhere):
		return failing, problem(errElsewhere.Error(), "name that host in registry=, if it is the registry", adapters.ErrNotConnected)
	case errors.As(err, &syntax), errors.As(err, &kind):
		return failing, problem("what answers there is no schema registry", "check registry=, also for a path such as /apis/ccompat/v7", adapters.ErrNotConnected)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return failing, problem("it does not answer", "check registry=, or wait: it is asked again", adapters.ErrNotConnected)
	}
	return failing, problem("it cannot be reached", "check registry=, or wait: it is asked again", adapters.ErrNotConnected)
}

func (r *Registry) judgeStatus(answer *sr.ResponseError, problem func(cause, remedy string, kind error) error) (verdict, error) {
	status := fmt.Sprintf("(%d)", answer.StatusCode)
	switch answer.StatusCode {
	case http.StatusNotFound:
		switch answer.ErrorCode {
		case noSubject, noVersion, noSchema:
			return unknown, problem("it has no such schema", "check whether producers use another registry or context", adapters.ErrUnknownDestination)
		}
		return failing, problem("nothing of a registry is there (404)", "check the path of registry=, such as /apis/ccompat/v7", adapters.ErrNotConnected)
	case http.StatusUnauthorized:
		cause, remedy := r.login.refusal()
		return failing, problem(cause+" "+status, remedy, adapters.ErrNotAuthenticated)
	case http.StatusForbidden:
		return unknown, problem("this user may not read it "+status, "ask for the right to read its subject", adapters.ErrNotAuthorized)
	}
	if answer.StatusCode < 500 && answer.StatusCode != http.StatusRequestTimeout && answer.StatusCode != http.StatusTooManyRequests {
		return unknown, problem("it does not take the question "+status, "check registry=, or the schema that it refers to", adapters.ErrUsage)
	}
	return failing, problem("it is not able to answer now "+status, "wait: it is asked again", adapters.ErrNotConnected)
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && timeout.Timeout()
}
