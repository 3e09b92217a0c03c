package servicebus

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin"
	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/consumer"
	"eventscope/adapters/driver"
	"eventscope/adapters/servicebus/client"
)

// between stands between a source and the management API: of one entity it tells no counts, and in the
// end nothing at all.
func (p *place) between(t testing.TB, untold string) (management string, stop func()) {
	t.Helper()
	to, err := url.Parse(p.management)
	if err != nil || p.management == "" {
		t.Skip("EVENTSCOPE_TEST_SERVICEBUS is no emulator")
	}
	counts := regexp.MustCompile(`(?s)<CountDetails.*?</CountDetails>`)
	transport := &http.Transport{}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			if untold != "" && bytes.Contains(body, []byte(untold)) {
				body = counts.ReplaceAll(body, nil)
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return err
		},
	})
	stop = func() {
		proxy.CloseClientConnections()
		proxy.Close()
		transport.CloseIdleConnections()
	}
	t.Cleanup(stop)
	return proxy.URL, stop
}

func TestConformanceOfLag(t *testing.T) {
	p := bus(t)
	adaptertest.RunLag(t, adaptertest.LagBroker{Kind: consumer.QueueConsumers, Unseen: true, Make: func(t testing.TB) adaptertest.LagPlace {
		untold := p.name("-untold")
		management, stop := p.between(t, untold)
		reads := func(t testing.TB, name string) adaptertest.LagConsumer {
			p.queue(t, name, nil)
			return adaptertest.LagConsumer{
				Group: name, Log: adapters.Log{Destination: name, Partition: adapters.NoPartition},
				Publish: func(t testing.TB, messages ...adapters.Message) { p.publish(t, name, messages...) },
				Finish:  func(t testing.TB, n int) { p.take(t, name, n) },
				Remove:  func(t testing.TB) { p.remove(t, name) },
			}
		}
		return adaptertest.LagPlace{
			Consumer: func(t testing.TB) adaptertest.LagConsumer { return reads(t, p.name("-queue")) },
			Untold:   func(t testing.TB) adaptertest.LagConsumer { return reads(t, untold) },
			Unread: func(t testing.TB) string {
				name := p.queue(t, p.name("-unread"), nil)
				p.send(t, name, amqp.NewMessage([]byte("waits")))
				return name
			},
			Open: func(t testing.TB, names ...string) *driver.Source {
				return p.open(t, func(c *Config) { c.Names, c.Purpose, c.Management = names, driver.ToInspect, management })
			},
			Break: func(testing.TB) { stop() },
		}
	}})
}

// TestLagOfASubscription tells since when its first message waits, and what lies beside it.
func TestLagOfASubscription(t *testing.T) {
	p := bus(t)
	topic := p.topic(t, p.name(""), "audit")
	p.send(t, topic, amqp.NewMessage([]byte("one")), amqp.NewMessage([]byte("two")))
	p.bury(t, topic+"/audit", 1, "wrong", "")
	source := p.open(t, func(c *Config) { c.Names, c.Purpose = []string{topic}, driver.ToInspect })
	defer source.Close()
	var lags []consumer.Lag
	for lag, err := range source.Lag.Lag(t.Context(), consumer.LagQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		lags = append(lags, lag)
	}
	if len(lags) != 1 || lags[0].Group != topic+"/audit" || lags[0].Logs[0].Lag != 1 {
		t.Fatalf("it is told as %+v", lags)
	}
	reads := p.open(t, func(c *Config) { c.Names = []string{topic} })
	defer reads.Close()
	waits := scanned(t, reads)[0] // by the clock of the service, which may be another
	if log := lags[0].Logs[0]; !log.Oldest.Equal(waits.Time) || log.Oldest.IsZero() || log.Why != "1 dead letter lies beside it" {
		t.Errorf("the oldest is from %v, %q", log.Oldest, log.Why)
	}
	for at, err := range source.Lag.NextTimes(t.Context(), []adapters.Position{{Destination: topic + "/audit", Partition: adapters.NoPartition, Offset: 2}}) {
		if err != nil || !at.Equal(waits.Time) {
			t.Errorf("the next one is from %v, %v", at, err)
		}
	}
}

// TestLagWithoutTheRight says which one it needs.
func TestLagWithoutTheRight(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	source := p.open(t, func(c *Config) {
		c.Names, c.Secret = []string{queue}, &client.Secret{Host: p.secret.Host, KeyName: "listener", Key: "listener-secret"}
	})
	defer source.Close()
	for lag, err := range source.Lag.Lag(t.Context(), consumer.LagQuery{}) {
		if err == nil || !strings.Contains(err.Error(), "Manage or EntityRead") || lag.Group != queue {
			t.Errorf("%+v, %v", lag, err)
		}
	}
	there, err := source.Topology.Destinations(t.Context())
	if err != nil || len(there) != 1 || there[0].Name != queue {
		t.Errorf("%v, %v", there, err)
	}
}

// bury dead-letters the first messages of an entity.
func (p *place) bury(t testing.TB, entity string, n int, reason, description string) {
	t.Helper()
	told := map[string]any{"DeadLetterReason": reason, "DeadLetterErrorDescription": description}
	p.receive(t, entity, false, n, func(receiver *amqp.Receiver, m *amqp.Message) {
		if err := receiver.RejectMessage(t.Context(), m, &amqp.Error{Condition: "com.microsoft:dead-letter", Info: told}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestConformanceOfTopology(t *testing.T) {
	p := bus(t)
	adaptertest.RunTopology(t, adaptertest.TopologyBroker{
		Kinds: []adapters.DestinationKind{adapters.Topic, adapters.Queue}, Odd: []string{"", "_-.", "-Z9"}, Undivided: true, Keys: []string{""},
		Leads: func(way adapters.Way, from, to adapters.DestinationKind) bool {
			return from == adapters.Queue && to == adapters.Queue && way != adapters.Alternate
		},
		Place: func(t testing.TB) adaptertest.TopologyPlace {
			management, stop := p.between(t, "")
			return adaptertest.TopologyPlace{
				Unique: p.name,
				Make: func(t testing.TB, destinations []adapters.Destination, bindings []adapters.Binding) {
					p.build(t, destinations, bindings)
				},
				Open: func(t testing.TB, ends ...adapters.Endpoint) *driver.Source {
					return p.open(t, func(c *Config) {
						c.Management = management
						for _, end := range ends {
							c.Names = append(c.Names, end.Name)
						}
					})
				},
				Break: func(testing.TB) { stop() },
			}
		},
	})
}

// build makes what a test of topology has drawn. What others forward to is made first.
func (p *place) build(t testing.TB, destinations []adapters.Destination, bindings []adapters.Binding) {
	t.Helper()
	for _, leading := range []bool{false, true} {
		for _, d := range destinations {
			properties := &admin.QueueProperties{}
			for i := range bindings {
				switch b := &bindings[i]; {
				case b.From.Name == d.Name && b.Way == adapters.Bound:
					properties.ForwardTo = &b.To.Name
				case b.From.Name == d.Name && b.Way == adapters.Dead:
					properties.ForwardDeadLetteredMessagesTo = &b.To.Name
				}
			}
			leads := properties.ForwardTo != nil || properties.ForwardDeadLetteredMessagesTo != nil
			switch {
			case leads != leading:
			case d.Kind == adapters.Topic:
				p.topic(t, d.Name)
			default:
				p.queue(t, d.Name, func(q *admin.QueueProperties) { *q = *properties })
			}
		}
	}
}

// TestRulesAndForwardsAreWays from a topic to its subscriptions, and on.
func TestRulesAndForwardsAreWays(t *testing.T) {
	p := bus(t)
	topic := p.topic(t, p.name(""), "all")
	target := p.queue(t, p.name(""), nil)
	if _, err := p.admin.CreateSubscription(t.Context(), topic, "red", &admin.CreateSubscriptionOptions{Properties: &admin.SubscriptionProperties{
		ForwardTo: &target, DefaultRule: &admin.RuleProperties{Name: "red", Filter: &admin.SQLFilter{Expression: "color = 'red'"}},
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.admin.CreateRule(t.Context(), topic, "red", &admin.CreateRuleOptions{Name: ptr("one"), Filter: &admin.CorrelationFilter{CorrelationID: ptr("k"), ApplicationProperties: map[string]any{"n": "1"}}}); err != nil {
		t.Fatal(err)
	}
	source := p.open(t, func(c *Config) { c.Names = []string{topic} })
	defer source.Close()
	bindings, err := source.Topology.Bindings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, b := range bindings {
		got[strings.ReplaceAll(b.From.Name+" > "+b.To.Name+" "+b.Key, topic, "T")] = true
	}
	for _, want := range []string{"T > T/all ", "T > T/red color = 'red'", "T > T/red sys.CorrelationId = 'k' AND n = '1'", "T/red > " + target + " "} {
		if !got[want] {
			t.Errorf("%q is not among %v", want, got)
		}
	}
}
