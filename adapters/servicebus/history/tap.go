package history

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

const (
	// tapWindow is how many messages a tap is given before it has handed some over.
	tapWindow = 100
	// tapLook is how long a tap waits for a message before it looks after its connection.
	tapLook = 20 * time.Second
	// tapEnd is how long the removal of a tap may take.
	tapEnd = 10 * time.Second
)

// Tap is a topic that is read by a subscription of our own. Filter is what of it, in the filter language
// of the service; empty is all.
type Tap struct{ Topic, Filter string }

// tapper reads one tap, over one connection after the other.
type tapper struct {
	tap    Tap
	reader *Reader
	intake adapters.Intake

	name string    // of the subscription, if it was made
	last time.Time // when it was certainly there, and read
}

// tapName is one that nobody else gives a subscription, and tells whose it is.
func tapName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	host = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(host))
	return fmt.Sprintf("eventscope-%.20s-%s", host, strings.ToLower(rand.Text()[:12]))
}

// follow reads until the connection ends.
func (t *tapper) follow(ctx context.Context, conn *client.Conn) error {
	receiver, made, err := t.open(ctx, conn)
	if err != nil {
		if other := t.reader.failTap(t.tap.Topic, err); other != nil {
			return other
		}
		return err
	}
	if away := time.Since(t.last); !t.last.IsZero() && (made || away > client.TapKeeps) {
		t.reader.away(t.last)
	}
	t.last = time.Now()
	t.reader.read(t.tap.Topic, 0)
	for credit := 0; ; {
		if credit < tapWindow/2 {
			if err := receiver.IssueCredit(uint32(tapWindow - credit)); err != nil {
				return t.reader.Client.Problem(ctx, "read topic "+t.tap.Topic, err)
			}
			credit = tapWindow
		}
		came, err := t.receive(ctx, receiver)
		if err != nil {
			return t.ended(ctx, err)
		}
		if t.last = time.Now(); len(came) == 0 {
			if err := conn.Renew(ctx); err != nil {
				return t.reader.Client.Problem(ctx, "read topic "+t.tap.Topic, err)
			}
			continue
		}
		credit -= len(came)
		if err := t.hand(ctx, came); err != nil {
			return err
		}
	}
}

// ended is why nothing more comes: a subscription that was removed is made anew.
func (t *tapper) ended(ctx context.Context, err error) error {
	err = t.reader.Client.Problem(ctx, "read topic "+t.tap.Topic, err)
	if !errors.Is(err, adapters.ErrUnknownDestination) {
		return err
	}
	t.name = ""
	return &adapters.Problem{Doing: "read topic " + t.tap.Topic, Cause: "somebody has removed the subscription of the tap", Remedy: "it is made again", Kind: adapters.ErrNotConnected}
}

// open makes the subscription, if it is not there, and a receiver that takes from it alone.
func (t *tapper) open(ctx context.Context, conn *client.Conn) (receiver *amqp.Receiver, made bool, err error) {
	for range 2 {
		if t.name == "" {
			name := tapName()
			if err := t.reader.Client.MakeTap(ctx, t.tap.Topic, name, t.tap.Filter); err != nil {
				return nil, false, err
			}
			t.name, made = name, true
		}
		receiver, err = conn.Receiver(ctx, client.Entity{Topic: t.tap.Topic, Name: t.name}, true)
		if !errors.Is(err, adapters.ErrUnknownDestination) {
			return receiver, made, err
		}
		t.name = "" // it was idle for too long, or somebody has removed it
	}
	return nil, false, err
}

// receive takes what has come; nothing, if nothing comes for a while.
func (t *tapper) receive(ctx context.Context, receiver *amqp.Receiver) (came []*amqp.Message, err error) {
	limited, cancel := context.WithTimeout(ctx, tapLook)
	defer cancel()
	m, err := receiver.Receive(limited, nil)
	switch {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		return nil, nil
	case err != nil:
		return nil, err
	}
	for came = append(came, m); ; came = append(came, m) {
		if m = receiver.Prefetched(); m == nil {
			return came, nil
		}
	}
}

func (t *tapper) hand(ctx context.Context, came []*amqp.Message) error {
	batch := &adapters.Batch{Volatile: true}
	bytes := int64(0)
	for _, m := range came {
		out := message.From(m, client.Entity{Name: t.tap.Topic})
		of := adapters.Message{Properties: &adapters.Properties{MessageID: fmt.Sprint(out.Properties.MessageID, " ", out.Position.Offset)}}
		out.Position = adapters.DigestPosition(t.tap.Topic, of.Digest())
		bytes += int64(out.Size())
		batch.Messages = append(batch.Messages, out)
	}
	n := len(batch.Messages)
	t.reader.put.Lock()
	defer t.reader.put.Unlock()
	if err := hand(ctx, batch, t.intake); err != nil {
		return err
	}
	t.reader.delivered(n, bytes, false)
	return nil
}

// remove removes the subscription. What fails the service does by itself, when it was idle for long.
func (t *tapper) remove(ctx context.Context) {
	if t.name == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tapEnd)
	defer cancel()
	_ = t.reader.Client.RemoveTap(ctx, t.tap.Topic, t.name)
}
