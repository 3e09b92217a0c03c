package wording

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"eventscope/adapters"
)

// Quoted shows a name as given, with what a terminal must not get escaped.
func Quoted(name string) string { return strconv.Quote(strings.ToValidUTF8(name, "\uFFFD")) }

// NetworkCause is why nothing answers, in words where the usual ones are meant for
// programmers.
func NetworkCause(err error) string {
	var (
		dns       *net.DNSError
		operation *net.OpError
	)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &dns):
		return fmt.Sprintf("the host name %q is not known", dns.Name)
	case errors.As(err, &operation):
		return operation.Err.Error()
	}
	return err.Error()
}

// Reply is a reply text of the broker without its shouted code.
func Reply(reason string) string {
	if code, rest, found := strings.Cut(reason, " - "); found && code == strings.ToUpper(code) {
		return rest
	}
	return reason
}

// IsTimeout reports whether nothing came in time, whoever noticed: a deadline, a context, or the network.
func IsTimeout(err error) bool {
	var network net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}

// Note is a problem that does not keep the rest from being read.
func Note(err error) error {
	var problem *adapters.Problem
	if !errors.As(err, &problem) {
		return err
	}
	noted := *problem
	noted.Kind = nil
	return &noted
}

// Problem is an [adapters.Problem]: what was being done, why it failed, what to do, and its sentinel.
func Problem(doing, cause, remedy string, kind error) error {
	return &adapters.Problem{Doing: doing, Cause: cause, Remedy: remedy, Kind: kind}
}
