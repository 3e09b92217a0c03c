package kafka_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
)

// TestPublish sends what can be sent, and says of each copy what became of it.
func TestPublish(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		target, small := c.topic(t, 3), c.topic(t, 1, "max.message.bytes", "2000")
		p, err := c.writer(t, target).Publisher(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		one, two, long := letter(0, "k", "one"), letter(0, "k", "two"), letter(0, "k", string(make([]byte, 3000)))
		outcomes, err := p.Publish(t.Context(), []adapters.Copy{
			{Message: &one, To: adapters.Target{Topic: target}},
			{Message: &long, To: adapters.Target{Topic: small}},
			{Message: &one, To: adapters.Target{Topic: "no-such-topic"}},
			{Original: []byte("{}"), To: adapters.Target{Topic: target}},
			{Message: &two, To: adapters.Target{Topic: target}, Value: []byte("edited")},
		})
		if err != nil {
			t.Fatal(err)
		}
		if outcomes[0] != nil || outcomes[4] != nil {
			t.Errorf("outcomes %v", outcomes)
		}
		isProblem(t, outcomes[1], adapters.ErrTooLarge)
		isProblem(t, outcomes[2], adapters.ErrUnroutable)
		isKind(t, outcomes[3], errors.ErrUnsupported)
		c.sawOnce(t, target, "one", "edited")
	})
}

// TestReadOnly: without Write nothing is sent and no producer made.
func TestReadOnly(t *testing.T) {
	c, k := fake(t)
	grave := c.topic(t, 1)
	c.publish(t, grave, letter(0, "k", "letter"))
	var writes atomic.Int64
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.InitProducerID, kmsg.CreateTopics, kmsg.AddPartitionsToTxn, kmsg.EndTxn} {
		k.ControlKey(key.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			k.KeepControl()
			writes.Add(1)
			return nil, nil, false
		})
	}
	a := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{grave}})
	defer a.Close()
	look(t, a, grave)
	_, err := a.Redrive(t.Context(), adapters.Order{Grave: grave})
	isProblem(t, err, adapters.ErrReadOnly)
	_, err = a.Publisher(t.Context())
	isProblem(t, err, adapters.ErrReadOnly)
	if _, err := a.Reach(t.Context(), adapters.Target{Topic: grave}); err != nil {
		t.Error(err)
	}
	if n := writes.Load(); n != 0 {
		t.Errorf("%d requests that write were sent", n)
	}
}

// TestNoPermission is about users who may look, and lack one right or another to act.
func TestNoPermission(t *testing.T) {
	allow := func(kind kmsg.ACLResourceType, name string, operations ...kmsg.ACLOperation) (acls []kfake.ACL) {
		for _, operation := range operations {
			acls = append(acls, kfake.ACL{Resource: kind, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation, Allow: true})
		}
		return acls
	}
	const read, write, create = kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate
	grave := allow(kmsg.ACLResourceTypeTopic, "closed", read)
	ledger := allow(kmsg.ACLResourceTypeTopic, kafka.LedgerTopic, read, write, create)
	id := allow(kmsg.ACLResourceTypeTransactionalId, "eventscope.closed", write)
	target := allow(kmsg.ACLResourceTypeTopic, "open", read)
	for name, test := range map[string]struct {
		acls  [][]kfake.ACL
		sends bool // it fails only then
	}{
		"ledger":           {acls: [][]kfake.ACL{grave, id}},
		"transactional id": {acls: [][]kfake.ACL{grave, ledger}},
		"target":           {acls: [][]kfake.ACL{grave, ledger, id, target}, sends: true},
	} {
		t.Run(name, func(t *testing.T) {
			var acls []kfake.ACL
			for _, some := range test.acls {
				acls = append(acls, some...)
			}
			c, _ := fakeWithUser(t, acls...)
			c.publish(t, "closed", letter(0, "k", "letter"))
			a := opened(t, kafka.Config{
				Brokers: []string{c.address}, Topics: []string{"closed"}, Write: true,
				SASL: &kafka.SASL{Mechanism: "PLAIN", User: "reader", Password: secret},
			})
			defer a.Close()
			held := look(t, a, "closed")
			r, err := a.Redrive(t.Context(), adapters.Order{Grave: "closed", Letters: positions(held)})
			if !test.sends {
				isProblem(t, err, adapters.ErrNotAuthorized)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			outcomes, err := r.Send(t.Context(), []adapters.Copy{{Of: &held[0], To: adapters.Target{Topic: "open"}}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			isProblem(t, outcomes[0], adapters.ErrNotAuthorized)
		})
	}
}
