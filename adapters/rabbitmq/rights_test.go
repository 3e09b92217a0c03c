package rabbitmq

import (
	"errors"
	"slices"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// manager is a user of the management API with just these tags, and with any permission in the
// virtual host or none. The AMQP user is the administrator.
func (b *testBroker) manager(t testing.TB, permitted bool, tags ...string) Config {
	t.Helper()
	name, password := unique("manager"), secret
	b.put(t, "users/"+name, map[string]string{"password": password, "tags": strings.Join(tags, ",")})
	t.Cleanup(func() { b.remove(t, "users/"+name) })
	if permitted {
		b.put(t, "permissions/%2F/"+name, map[string]string{"configure": "", "write": "", "read": ""})
	}
	c := b.config()
	c.Management = strings.Replace(b.managementURL(), "http://", "http://"+name+":"+password+"@", 1)
	return c
}

// TestTheTagManagementIsEnough for all that the management API is asked.
func TestTheTagManagementIsEnough(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		dead := b.queue(t, amqp.QueueTypeClassic, nil)
		queue := b.queue(t, amqp.QueueTypeClassic, amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead})
		exchange := b.exchange(t, amqp.ExchangeDirect)
		b.bind(t, queue, "k", exchange, nil)
		c := b.manager(t, true, "management")
		c.Taps, c.Firehose = []Tap{{Exchange: exchange}}, true
		a := open(t, c)
		for _, problem := range a.Status().Problems {
			if !strings.Contains(problem, "message tracing is off") {
				t.Error(problem)
			}
		}
		if lags, problems := lagsOf(a, queue); len(problems) > 0 || len(lags) != 1 {
			t.Errorf("lag: %+v, %v", lags, problems)
		}
		if _, err := a.Unroutable(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := a.Bindings(t.Context()); err != nil {
			t.Error(err)
		}
		dlqs, err := a.DLQs(t.Context())
		found := false
		for _, g := range dlqs {
			found = found || g.Name == dead
		}
		if !found {
			t.Errorf("dead letters: %v, %v", dlqs, err)
		}
	})
}

// TestAMissingRightOfTheManagementAPIIsNamed, and not taken for a wrong password.
func TestAMissingRightOfTheManagementAPIIsNamed(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		untagged, stranger, unknown := b.manager(t, true), b.manager(t, false, "management"), b.manager(t, true, "management")
		unknown.Management = strings.Replace(unknown.Management, secret, "wrong", 1)
		for want, c := range map[string]Config{
			"has no tag that lets it in; give it the tag management (rabbitmqctl set_user_tags)":                                untagged,
			`may see no virtual host "/"; check its name, or grant the user any permission there (rabbitmqctl set_permissions)`: stranger,
			"with this password; check user and password":                                                                       unknown,
		} {
			c.LettersOnly = true
			a := open(t, c)
			_, dlqs := a.DLQs(t.Context())
			_, unroutable := a.Unroutable(t.Context())
			_, lag := lagsOf(a)
			_, named := a.management.Queue(t.Context(), "any")
			for _, err := range append(lag, dlqs, unroutable, named) {
				if err == nil || !strings.HasSuffix(err.Error(), want) || errors.Is(err, adapters.ErrUnknownDestination) {
					t.Errorf("it says %v\nwant %s", err, want)
				}
			}
		}
	})
}

// TestAUserWhoIsDeletedIsTold: the source stays lost, with the reason, and is tried on.
func TestAUserWhoIsDeletedIsTold(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		exchange := b.exchange(t, amqp.ExchangeTopic)
		c := b.restricted(t, ".*")
		c.Taps = []Tap{{Exchange: exchange}}
		tl := tailing(t, open(t, c), adapters.End)
		b.remove(t, "users/"+c.User) // which ends its connections too, at least from 3.10 on
		status := awaitStatus(t, tl.adapter, func(s adapters.Status) bool {
			return s.Connection == adapters.Lost && errors.Is(s.Err, adapters.ErrNotAuthenticated)
		})
		if !strings.Contains(status.Err.Error(), "it refused user") || tl.adapter.Status().Connection != adapters.Lost {
			t.Errorf("%+v", status)
		}
		b.put(t, "users/"+c.User, map[string]string{"password": secret, "tags": ""}) // whom the test deletes in the end
	})
}

// TestADoubtAboutATapEndsWithItsFirstMessage: where the user may not find out the type of an
// exchange, a pattern may be none to it. What comes by the pattern shows that it is one.
func TestADoubtAboutATapEndsWithItsFirstMessage(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		topic, direct := b.exchange(t, amqp.ExchangeTopic), b.exchange(t, amqp.ExchangeDirect)
		c := b.restricted(t, ".*")
		c.Taps = []Tap{{Exchange: topic, BindingKey: "order.#"}, {Exchange: direct, BindingKey: "order.#"}}
		tl := tailing(t, open(t, c), adapters.End)
		doubted := func(exchanges ...string) {
			t.Helper()
			awaitStatus(t, tl.adapter, func(s adapters.Status) bool {
				for _, exchange := range exchanges {
					if !slices.ContainsFunc(s.Problems, func(p string) bool {
						return strings.Contains(p, exchange) && strings.Contains(p, "its type cannot be found out")
					}) {
						return false
					}
				}
				return len(s.Problems) == len(exchanges)
			})
		}
		doubted(topic, direct)
		b.publish(t, direct, "order.#", amqp.Publishing{Body: []byte("as a direct exchange takes it")})
		tl.take(t, 1)
		doubted(topic, direct)
		b.publish(t, topic, "order.placed", amqp.Publishing{Body: []byte("by the pattern")})
		tl.take(t, 1)
		doubted(direct)
	})
}
