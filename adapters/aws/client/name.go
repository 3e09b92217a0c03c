package client

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// ARN is the address of a queue or a topic, in any account and region.
type ARN struct{ Partition, Service, Region, Account, Name string }

// ParseARN reads arn:aws:sqs:REGION:ACCOUNT:NAME. Subscriptions have more behind the name, which
// is left out.
func ParseARN(text string) (ARN, bool) {
	parts := strings.Split(text, ":")
	if len(parts) < 6 || parts[0] != "arn" || (parts[2] != "sqs" && parts[2] != "sns") || CheckName(parts[5]) != nil {
		return ARN{}, false
	}
	return ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}, true
}

// String is it as it is written.
func (a ARN) String() string {
	return strings.Join([]string{"arn", a.Partition, a.Service, a.Region, a.Account, a.Name}, ":")
}

var hostOfQueues = regexp.MustCompile(`^(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com(?:\.cn)?$`)

// ParseQueueURL reads the URL by which SQS itself names a queue.
func ParseQueueURL(text string) (ARN, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return ARN{}, false
	}
	found := hostOfQueues.FindStringSubmatch(u.Host)
	account, name, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if found == nil || CheckName(name) != nil || account == "" {
		return ARN{}, false
	}
	return ARN{"aws", "sqs", found[1] + found[2], account, name}, true
}

// longestName is how long the name of a topic may be; that of a queue is shorter.
const longestName = 256

var names = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.fifo)?$`)

// CheckName finds what is wrong with the name of a queue or topic, as a clause.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a name is empty")
	case len(name) > longestName || !names.MatchString(name):
		return errors.New("a name holds a character that none has: names are letters, digits, - and _, with .fifo at the end of those that keep order")
	}
	return nil
}

// IsFIFO reports whether a queue or topic of that name keeps order.
func IsFIFO(name string) bool { return strings.HasSuffix(name, ".fifo") }

// TapPrefix begins the names of the queues that taps make.
const TapPrefix = "eventscope-tap-"

// IsTap reports whether a queue of that name was made by a tap.
func IsTap(name string) bool { return strings.HasPrefix(name, TapPrefix) }
