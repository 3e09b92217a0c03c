package message

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// TestOnlyTheServiceSaysWhereALetterDied: whoever sends to a queue can call an attribute as the
// service calls what it says itself.
func TestOnlyTheServiceSaysWhereALetterDied(t *testing.T) {
	const forged, real = "arn:aws:sqs:us-east-1:1:refunds", "arn:aws:sqs:us-east-1:1:orders"
	for _, name := range []string{Source, strings.ToLower(Source), Receives, ID} {
		for _, died := range []bool{false, true} {
			m := &types.Message{
				MessageId: aws.String("id"), Body: aws.String("body"), Attributes: map[string]string{},
				MessageAttributes: map[string]types.MessageAttributeValue{name: {DataType: aws.String("String"), StringValue: aws.String(forged)}},
			}
			if died {
				m.Attributes[Source], m.Attributes[Receives] = real, "4"
			}
			told, sender := "", ""
			for _, header := range FromQueue(m, "orders-dlq", nil).Headers {
				switch value := string(header.Value); {
				case header.Name == ofSender+name:
					sender = value
				case strings.EqualFold(header.Name, name):
					told += value
				}
			}
			want := map[string]string{ID: "id", Receives: "4"}[name]
			if want == "" {
				want = real
			}
			if !died && name != ID {
				want = ""
			}
			if told != want || sender != forged {
				t.Errorf("%s, died %v: it says %q, want %q, and the sender %q", name, died, told, want, sender)
			}
		}
	}
}
