package servicebus

import (
	"errors"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin"
	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/driver"
)

func TestConformanceOfTaps(t *testing.T) {
	p := bus(t)
	adaptertest.Run(t, adaptertest.Broker{
		Kind: broker, MaxLogs: 1, Largest: 128 << 10, Publish: p.publish,
		Make: func(t testing.TB, _ int) string { return p.topic(t, p.name("-topic")) },
		Open: func(t testing.TB, names ...string) *driver.Source {
			return p.open(t, func(c *Config) { c.Taps, c.Create = names, true })
		},
	})
}

// subscriptionsOf are the names of the subscriptions that a topic has.
func (p *place) subscriptionsOf(t testing.TB, topic string) (names []string) {
	t.Helper()
	all, err := p.client.Subscriptions(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		names = append(names, all[i].Name)
	}
	return names
}

// TestATapLeavesNothing behind when it ends, and the service is told to remove what a killed one has left. Its
// subscription keeps nothing for long, and only what the filter lets through.
func TestATapLeavesNothing(t *testing.T) {
	p := bus(t)
	topic := p.topic(t, p.name(""))
	source := p.open(t, func(c *Config) { c.Taps, c.Create, c.Filter = []string{topic}, true, "color = 'red'" })
	t.Run("runs", func(t *testing.T) {
		s := run(t, source, adapters.End)
		made := p.subscriptionsOf(t, topic)
		if len(made) != 1 || !strings.HasPrefix(made[0], "eventscope-") {
			t.Fatalf("it has made %q", made)
		}
		settings, err := p.admin.GetSubscription(t.Context(), topic, made[0], nil)
		if err != nil || *settings.AutoDeleteOnIdle != "PT5M" || *settings.DefaultMessageTimeToLive != "PT1M" || *settings.DeadLetteringOnMessageExpiration || !strings.Contains(*settings.UserMetadata, "eventscope") {
			t.Errorf("it is %+v, %v", settings, err)
		}
		p.send(t, topic, amqp.NewMessage([]byte("blue")), &amqp.Message{Data: [][]byte{[]byte("red")}, ApplicationProperties: map[string]any{"color": "red"}})
		if got := s.await(t, atLeast(1)); len(got) != 1 || string(got[0].Value) != "red" {
			t.Errorf("there came %d", len(got))
		}
	})
	if left := p.subscriptionsOf(t, topic); len(left) != 0 {
		t.Errorf("it has left %q", left)
	}
}

// TestATapIsMadeAnew when somebody has removed it, and owns up to what it may have missed.
func TestATapIsMadeAnew(t *testing.T) {
	p := bus(t)
	topic := p.topic(t, p.name(""))
	source := p.open(t, func(c *Config) { c.Taps, c.Create = []string{topic}, true })
	s := run(t, source, adapters.End)
	if err := p.client.RemoveTap(t.Context(), topic, p.subscriptionsOf(t, topic)[0]); err != nil {
		t.Fatal(err)
	}
	status := awaitStatus(t, source, func(s adapters.Status) bool { return s.Connection == adapters.Live && len(s.Gaps) > 0 })
	if !status.DroppedUnknown || status.Gaps[0].Missed != -1 {
		t.Errorf("the status is %+v", status)
	}
	p.send(t, topic, amqp.NewMessage([]byte("after")))
	s.await(t, atLeast(1))
}

// TestNothingIsMadeUnasked, and a queue is no topic.
func TestNothingIsMadeUnasked(t *testing.T) {
	p := bus(t)
	topic, queue := p.topic(t, p.name("")), p.queue(t, p.name(""), func(*admin.QueueProperties) {})
	for name, c := range map[string]struct {
		taps   []string
		create bool
		kind   error
	}{
		"nobody asked": {[]string{topic}, false, errors.ErrUnsupported}, "a queue": {[]string{queue}, true, adapters.ErrUsage},
		"not there": {[]string{topic + "-not"}, true, adapters.ErrUnknownDestination},
	} {
		config := p.config()
		config.Taps, config.Create = c.taps, c.create
		if a, err := Open(t.Context(), config); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	if made := p.subscriptionsOf(t, topic); len(made) != 0 {
		t.Errorf("there is %q", made)
	}
}
