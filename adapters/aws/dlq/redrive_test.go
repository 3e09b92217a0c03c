package dlq

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// peeked are the positions of what a look at the fake sees.
func peeked(t *testing.T, d *DeadLetters) (positions []adapters.Position) {
	t.Helper()
	if err := d.Peek(t.Context(), deadletter.Peek{DLQ: "orders-dlq"}, func(part []deadletter.Delivery) error {
		for i := range part {
			positions = append(positions, part[i].Position)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return positions
}

func taking(t *testing.T, d *DeadLetters, wanted []adapters.Position, most int) (deadletter.Redrive, []deadletter.Delivery) {
	t.Helper()
	r, err := d.Redrive(t.Context(), deadletter.Order{DLQ: "orders-dlq", Letters: wanted})
	if err != nil {
		t.Fatal(err)
	}
	held, err := r.Next(t.Context(), most)
	if err != nil {
		t.Fatal(err)
	}
	return r, held
}

// TestWhatIsNotCertainlyHeldIsNotAcknowledged: while nobody answered, the letters were free for
// others, and by an old receipt SQS deletes nothing and says that it has.
func TestWhatIsNotCertainlyHeldIsNotAcknowledged(t *testing.T) {
	for _, answersAgain := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(2)
			d := f.open(t)
			wanted := peeked(t, d)
			r, held := taking(t, d, wanted, 2)
			f.fail("ChangeMessageVisibilityBatch")
			time.Sleep(2 * redriveHold)     // nothing is renewed
			f.takeElsewhere(1, time.Second) // somebody else has had one
			if answersAgain {
				f.fail("")
				time.Sleep(redriveHold)
			}
			if err := r.Acknowledge(t.Context(), held); !errors.Is(err, adapters.ErrBusy) || !r.Overdue() {
				t.Errorf("it is said to be done: %v; overdue: %v", err, r.Overdue())
			}
			if f.left() != 2 {
				t.Errorf("%d are left", f.left())
			}
			f.fail("")
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			r, held = taking(t, d, wanted, 2)
			time.Sleep(3 * redriveHold) // for all of it they are held anew
			if err := r.Acknowledge(t.Context(), held); err != nil || len(held) != 2 || f.left() != 0 {
				t.Errorf("%d were held, %d are left: %v", len(held), f.left(), err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWhatLapsesWhileItIsDeletedIsNotAcknowledged: the answer is late, and nobody knows what was
// deleted.
func TestWhatLapsesWhileItIsDeletedIsNotAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		d := f.open(t)
		d.Hold = 6 * time.Second
		r, held := taking(t, d, peeked(t, d), 1)
		f.answerInstead(func(action string, _ map[string]any) (int, string, bool) {
			switch action {
			case "ChangeMessageVisibilityBatch":
				return http.StatusServiceUnavailable, "", true
			case "DeleteMessageBatch":
				time.Sleep(7 * time.Second)
			}
			return 0, "", false
		})
		if err := r.Acknowledge(t.Context(), held); !errors.Is(err, adapters.ErrBusy) {
			t.Errorf("it is said to be done: %v", err)
		}
		f.fail("")
		_ = r.Close()
	})
}

// TestLettersThatComeAgainAreNoNewOnes: a queue that hands out the same letters without an end does not
// keep a redrive that waits for one that is not there.
func TestLettersThatComeAgainAreNoNewOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2)
		d := f.open(t)
		wanted := append(peeked(t, d), adapters.DigestPosition("orders-dlq", 1))
		f.free = true
		r, held := taking(t, d, wanted, 10)
		if len(held) != 2 {
			t.Errorf("%d were taken", len(held))
		}
		if held, err := r.Next(t.Context(), 10); err != nil || len(held) != 0 {
			t.Errorf("%d more were taken, %v", len(held), err)
		}
		if n := f.count("ReceiveMessage"); n > 200 {
			t.Errorf("it was asked for letters %d times", n)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestLettersThatOthersHoldAreNotGone: a redrive waits for them as long as one that was killed holds
// them, and then says who has them rather than that they are not there.
func TestLettersThatOthersHoldAreNotGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(2).open(t)
		wanted := peeked(t, d)
		other, held := taking(t, d, wanted, 10)
		r, err := d.Redrive(t.Context(), deadletter.Order{DLQ: "orders-dlq", Letters: wanted})
		if err != nil || len(held) != 2 {
			t.Fatal(err, len(held))
		}
		if more, err := r.Next(t.Context(), 10); !errors.Is(err, adapters.ErrBusy) || len(more) != 0 {
			t.Errorf("%d were taken of what another holds, %v", len(more), err)
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
		if more, err := r.Next(t.Context(), 10); err != nil || len(more) != 2 {
			t.Errorf("%d were taken of what was given back, %v", len(more), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestALetterThatComesAgainIsDeletedByItsNewReceipt, once it was free for others.
func TestALetterThatComesAgainIsDeletedByItsNewReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		d := f.open(t)
		r, held := taking(t, d, append(peeked(t, d), adapters.DigestPosition("orders-dlq", 1)), 1)
		f.fail("ChangeMessageVisibilityBatch")
		time.Sleep(2*redriveHold + redriveHold/6) // between two times that it is asked to hold on
		f.fail("")
		if more, err := r.Next(t.Context(), 1); err != nil || len(more) != 0 {
			t.Errorf("%d more were taken, %v", len(more), err)
		}
		if err := r.Acknowledge(t.Context(), held); err != nil || f.left() != 0 {
			t.Errorf("%d are left: %v", f.left(), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestManyLettersAreGivenBackAtOnce: several questions are under way, and there is more time for more.
func TestManyLettersAreGivenBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2000)
		d := f.open(t)
		r, held := taking(t, d, peeked(t, d), 2000)
		f.answerInstead(func(action string, _ map[string]any) (int, string, bool) {
			if action == "ChangeMessageVisibilityBatch" {
				time.Sleep(time.Second)
			}
			return 0, "", false
		})
		if err := r.Close(); err != nil || len(held) != 2000 || f.visible() != 2000 {
			t.Errorf("%d were held, %d are back: %v", len(held), f.visible(), err)
		}
	})
}

// TestACtrlCDoesNotWaitForASilentService: copies of which nobody tells are in doubt, and letters come
// back by themselves.
func TestACtrlCDoesNotWaitForASilentService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(30)
		d := f.open(t)
		r, held := taking(t, d, peeked(t, d), 30)
		f.silent("SendMessageBatch")
		operator, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		defer time.AfterFunc(3*time.Second, interrupt).Stop()
		var copies []deadletter.Copy
		for i := range held {
			copies = append(copies, deadletter.Copy{Of: &held[i], To: "orders"})
		}
		began := time.Now()
		outcomes, err := r.Send(deadletter.Finishing(operator), copies, nil)(t.Context())
		if err == nil || !errors.Is(outcomes[0], deadletter.ErrUnknownOutcome) || !errors.Is(outcomes[29], deadletter.ErrNotSent) {
			t.Errorf("%v, %v, %v", outcomes[0], outcomes[29], err)
		}
		if more, err := r.Next(operator, 1); err == nil {
			t.Errorf("%d more were taken", len(more))
		}
		if err := r.Close(); err == nil {
			t.Error("what was not given back is said to be")
		}
		if took := time.Since(began); took > 3*time.Second+2*time.Second {
			t.Errorf("it took %v", took)
		}
		began = time.Now()
		if err := d.Peek(operator, deadletter.Peek{DLQ: "orders-dlq"}, nil); !errors.Is(err, context.Canceled) || time.Since(began) > 2*time.Second {
			t.Errorf("a look took %v: %v", time.Since(began), err)
		}
	})
}

// TestARefusedRenewalMakesTheLettersOverdue: they are soon somebody else's, and are taken anew.
func TestARefusedRenewalMakesTheLettersOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2)
		d := f.open(t)
		r, held := taking(t, d, peeked(t, d), 2)
		time.Sleep(redriveHold)
		if len(held) != 2 || r.Overdue() {
			t.Fatalf("%d are held, and overdue", len(held))
		}
		f.answerInstead(func(action string, _ map[string]any) (int, string, bool) {
			return http.StatusOK, `{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"ReceiptHandleIsInvalid","SenderFault":true}]}`, action == "ChangeMessageVisibilityBatch"
		})
		time.Sleep(redriveHold / 2)
		if !r.Overdue() {
			t.Error("nobody says so")
		}
		f.answerInstead(nil)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestLettersAreNotHeldForLongerThanSQSAllows, however well they are renewed.
func TestLettersAreNotHeldForLongerThanSQSAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(1).open(t)
		r, _ := taking(t, d, peeked(t, d), 1)
		time.Sleep(longestHold - time.Minute)
		if r.Overdue() {
			t.Error("they are overdue before")
		}
		if time.Sleep(2 * time.Minute); !r.Overdue() {
			t.Error("they are held on")
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestALetterIsHeldFromWhenThatWasAsked, and not from when the answer came: SQS counts from its own
// side of the question.
func TestALetterIsHeldFromWhenThatWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		d := f.open(t)
		r, held := taking(t, d, peeked(t, d), 1)
		const slow = redriveHold / 4
		answered := 0
		f.answerInstead(func(action string, _ map[string]any) (int, string, bool) {
			if action != "ChangeMessageVisibilityBatch" {
				return 0, "", false
			}
			if answered++; answered > 1 {
				return http.StatusServiceUnavailable, "", true
			}
			time.Sleep(slow)
			return http.StatusOK, `{"Successful":[{"Id":"0"}],"Failed":[]}`, true
		})
		time.Sleep(redriveHold/3 + redriveHold + slow/2)
		if err := r.Acknowledge(t.Context(), held); !errors.Is(err, adapters.ErrBusy) {
			t.Errorf("it is taken for held: %v", err)
		}
		f.answerInstead(nil)
		_ = r.Close()
	})
}

// TestLettersAreAskedForOnce: what an answer that was lost has held would be missing from the next.
func TestLettersAreAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2)
		d := f.open(t)
		f.fail("ReceiveMessage")
		err := d.Peek(t.Context(), deadletter.Peek{DLQ: "orders-dlq"}, func([]deadletter.Delivery) error { return nil })
		if n := f.count("ReceiveMessage"); err == nil || n != 1 {
			t.Errorf("it was asked %d times: %v", n, err)
		}
	})
}

// TestALetterThatSQSDoesNotDeleteIsNotSettled, though the others of the same question are gone.
func TestALetterThatSQSDoesNotDeleteIsNotSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2)
		d := f.open(t)
		r, held := taking(t, d, peeked(t, d), 2)
		f.answerInstead(func(action string, _ map[string]any) (int, string, bool) {
			return http.StatusOK, `{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"ReceiptHandleIsInvalid","SenderFault":true}]}`, action == "DeleteMessageBatch"
		})
		if err := r.Acknowledge(t.Context(), held); !errors.Is(err, adapters.ErrBusy) {
			t.Errorf("it is said to be done: %v", err)
		}
		f.answerInstead(nil)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestWhatMayNotBeAskedForIsDenied, and not missing: who may not see a queue is told of the right.
func TestWhatMayNotBeAskedForIsDenied(t *testing.T) {
	f := newFake(0)
	d := f.open(t)
	f.answerInstead(func(action string, _ map[string]any) (int, string, bool) {
		return http.StatusForbidden, `{"__type":"com.amazonaws.sqs#AccessDenied","message":"said by the test"}`, action == "GetQueueUrl"
	})
	reached, err := d.Recipients(t.Context(), []deadletter.Target{"orders"})
	if err != nil || len(reached) != 1 || reached[0].Exists || !strings.Contains(reached[0].Denied, "sqs:GetQueueUrl") {
		t.Errorf("%+v, %v", reached, err)
	}
}

// TestAQueueThatDoesNotTellOrIsNearItsLimitIsNotLookedAt: nobody could say what a look has not seen, or
// its consumers would be refused.
func TestAQueueThatDoesNotTellOrIsNearItsLimitIsNotLookedAt(t *testing.T) {
	for attributes, says := range map[string]string{
		`{"QueueArn":"arn:aws:sqs:us-east-1:111122223333:orders-dlq"}`: "does not tell how many",
		`{"QueueArn":"arn:aws:sqs:us-east-1:111122223333:orders-dlq","ApproximateNumberOfMessages":"5","ApproximateNumberOfMessagesNotVisible":"100001","ApproximateNumberOfMessagesDelayed":"0"}`: "near the limit",
	} {
		f := newFake(3)
		d := f.open(t)
		f.answerInstead(func(action string, _ map[string]any) (int, string, bool) {
			return http.StatusOK, `{"Attributes":` + attributes + `}`, action == "GetQueueAttributes"
		})
		err := d.Peek(t.Context(), deadletter.Peek{DLQ: "orders-dlq"}, nil)
		if !errors.Is(err, deadletter.ErrUnsafePeek) || !strings.Contains(err.Error(), says) || f.count("ReceiveMessage") > 0 {
			t.Errorf("want %s: %v", says, err)
		}
	}
}
