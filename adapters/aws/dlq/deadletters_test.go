package dlq

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"eventscope/adapters"
)

// TestAnAddressOfAnotherAccountIsRefused, also where nobody has named the account of the source: it
// would be taken for the queue of the same name here.
func TestAnAddressOfAnotherAccountIsRefused(t *testing.T) {
	for _, named := range []bool{false, true} {
		for _, account := range []string{"", fakeAccount} {
			d := newFake(0).open(t)
			if d.Client.Account = account; !named {
				d.Named = nil
			}
			for text, says := range map[string]string{
				"orders": "",
				"arn:aws:sqs:us-east-1:" + fakeAccount + ":orders":                   "",
				"https://sqs.us-east-1.amazonaws.com/" + fakeAccount + "/orders":     "",
				"arn:aws:sqs:us-east-1:999900009999:orders":                          "it is of account 999900009999, and the source is of " + fakeAccount,
				"https://sqs.us-east-1.amazonaws.com/999900009999/orders":            "it is of account 999900009999",
				"arn:aws:sqs:us-east-2:" + fakeAccount + ":orders":                   "another service or region",
				"https://sqs.eu-central-1.amazonaws.com/" + fakeAccount + "/orders":  "another service or region",
				"arn:aws:sns:us-east-1:" + fakeAccount + ":orders":                   "another service or region",
				"https://sqs.us-east-1.amazonaws.com/" + fakeAccount + "/two/orders": "a name holds a character",
			} {
				got, err := d.Target(t.Context(), text)
				if says == "" {
					if got != "orders" || err != nil {
						t.Errorf("%s is read as %q, %v", text, got, err)
					}
				} else if got != "" || !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s is read as %q, %v; want %s", text, got, err, says)
				}
			}
		}
	}
}

// TestWhoseQueuesTheyAreIsAskedOnce: who asks for each letter asks SQS nothing. A question that
// failed is asked again.
func TestWhoseQueuesTheyAreIsAskedOnce(t *testing.T) {
	f := newFake(0)
	d := f.open(t)
	f.answerInstead(func(string, map[string]any) (int, string, bool) { return http.StatusForbidden, "", true })
	if got, err := d.Cluster(t.Context()); got != "" || err == nil {
		t.Errorf("without an answer it is %q, %v", got, err)
	}
	f.answerInstead(nil)
	for range 3 {
		if got, err := d.Cluster(t.Context()); got != "aws us-east-1 "+fakeAccount || err != nil {
			t.Errorf("it is %q, %v", got, err)
		}
	}
	if n := f.count("GetQueueAttributes"); n != 1 {
		t.Errorf("it is asked for %d times", n)
	}
}
