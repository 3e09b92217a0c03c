package dlq

import (
	"errors"
	"fmt"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// TestOnlyWhatIsSurelyRefusedIsRefused: where the service, or a proxy before it, has failed, the
// copy may have come, and nothing more is sent.
func TestOnlyWhatIsSurelyRefusedIsRefused(t *testing.T) {
	unknown, unsent, refused := deadletter.ErrUnknownOutcome, deadletter.ErrNotSent, error(nil)
	one := func(code string, sender bool) string {
		return fmt.Sprintf(`{"Successful":[],"Failed":[{"Id":"0","Code":%q,"SenderFault":%v,"Message":"said by the test"}]}`, code, sender)
	}
	code := func(code string) string {
		return fmt.Sprintf(`{"__type":"com.amazonaws.sqs#%s","message":"said by the test"}`, code)
	}
	for _, c := range []struct {
		status int
		answer string
		want   error
		stops  bool
	}{
		{502, "", unknown, true},
		{503, "", unknown, true},
		{504, "<html>gateway timeout</html>", unknown, true},
		{500, code("InternalFailure"), unknown, true},
		{503, code("ServiceUnavailable"), unknown, true},
		{500, code("NobodyKnowsThis"), unknown, true},
		{500, code("AccessDenied"), unknown, true},
		{500, code("InvalidClientTokenId"), unknown, true},
		{500, code("NotFound"), unknown, true},
		{408, "", unknown, true},
		{200, "{", unknown, true},
		{200, `{"Successful":[],"Failed":[]}`, unknown, true},
		{200, `{"Successful":[{"Id":"1"}],"Failed":[]}`, unknown, true},
		{302, "", unknown, true},
		{200, one("InternalError", false), unknown, true},
		{200, one("RequestThrottled", false), unsent, false},
		{200, one("InvalidMessageContents", true), refused, false},
		{400, code("RequestThrottled"), unsent, true},
		{400, code("InvalidMessageContents"), refused, false},
		{400, code("NobodyKnowsThis"), refused, false},
		{403, code("AccessDenied"), refused, false},
		{403, "", refused, false},
	} {
		f := newFake(0)
		f.answerInstead(func(action string, _ map[string]any) (int, string, bool) {
			return c.status, c.answer, action == "SendMessageBatch"
		})
		publisher, err := f.open(t).Publisher(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m := adapters.Message{Value: []byte("body")}
		outcomes, stopped := publisher.Send(t.Context(), []deadletter.Copy{{Message: &m, To: "orders"}}, nil)(t.Context())
		switch got := outcomes[0]; {
		case got == nil:
			t.Errorf("%d %q: taken for sent", c.status, c.answer)
		case errors.Is(got, unknown) != (c.want == unknown), errors.Is(got, unsent) != (c.want == unsent), (stopped != nil) != c.stops:
			t.Errorf("%d %q: %v; stopped by %v", c.status, c.answer, got, stopped)
		}
	}
}
