package aws

import (
	"slices"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/aws/message"
	"eventscope/adapters/consumer"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func TestConformanceOfTaps(t *testing.T) {
	p := localStack(t)
	adaptertest.Run(t, adaptertest.Broker{
		Kind: "sns", MaxLogs: 1, Largest: 128 << 10, Unordered: true,
		Make: func(t testing.TB, _ int) string { return p.topic(t, p.name("-topic")).Name },
		Open: func(t testing.TB, names ...string) *driver.Source {
			return p.open(t, func(c *Config) { c.Topics, c.Names, c.Create = true, names, true })
		},
		Publish: func(t testing.TB, topic string, messages ...adapters.Message) { p.publish(t, topic, messages...) },
	})
}

func TestConformanceOfDeadLetters(t *testing.T) {
	t.Run("standard", func(t *testing.T) { deadLetters(t, localStack(t), "", false) })
	t.Run("FIFO", func(t *testing.T) { deadLetters(t, localStack(t), ".fifo", true) }) // each letter in a group of its own
}

// TestConformanceOfDeadLettersOnAStrictServer: another server, with the limits of the service.
func TestConformanceOfDeadLettersOnAStrictServer(t *testing.T) {
	t.Run("standard", func(t *testing.T) { deadLetters(t, elasticMQ(t), "", true) })
	t.Run("FIFO", func(t *testing.T) { deadLetters(t, elasticMQ(t), ".fifo", true) })
}

func deadLetters(t *testing.T, p *place, end string, unordered bool) {
	adaptertest.RunDeadLetters(t, adaptertest.DeadLetterBroker{Kind: adapters.Queue, Distinct: true, Shared: true, Unordered: unordered, Make: func(t testing.TB) adaptertest.DeadLetterPlace {
		_, dead := p.buried(t, end, 3)
		target := p.name("-target" + end)
		p.queue(t, target, nil)
		return adaptertest.DeadLetterPlace{
			Name: dead, Target: deadletter.Target(target), Nowhere: deadletter.Target(p.name("-nowhere" + end)), TargetOf: SQS.TargetOf,
			Bury: func(t testing.TB, letters ...adapters.Message) { p.send(t, dead, letters...) },
			Open: func(t testing.TB, write bool) deadletter.Queues {
				source := p.open(t, func(c *Config) { c.Names, c.Write, c.Purpose = []string{dead}, write, driver.ToInspect })
				t.Cleanup(func() { _ = source.Close() })
				return source.DeadLetters
			},
			Received: func(t testing.TB) (copies []adapters.Message) {
				for _, m := range p.take(t, target) {
					copies = append(copies, message.FromQueue(&m, target, nil))
				}
				return copies
			},
		}
	}})
}

func TestConformanceOfLag(t *testing.T) {
	adaptertest.RunLag(t, adaptertest.LagBroker{Kind: consumer.QueueConsumers, Unseen: true, Make: func(t testing.TB) adaptertest.LagPlace {
		p := localStack(t)
		through, faults := p.throughFaults(t)
		untold := p.name("-untold")
		faults.set(withoutCounts(untold))
		reads := func(t testing.TB, name string) adaptertest.LagConsumer {
			url := p.queue(t, name, nil)
			return adaptertest.LagConsumer{
				Group: name, Log: adapters.Log{Destination: name, Partition: adapters.NoPartition},
				Publish: func(t testing.TB, messages ...adapters.Message) { p.send(t, name, messages...) },
				Finish: func(t testing.TB, n int) {
					for range n {
						for _, m := range p.receive(t, url, 60, 1) {
							if _, err := p.client.SQS.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
								t.Fatal(err)
							}
						}
					}
				},
				Remove: func(t testing.TB) {
					if _, err := p.client.SQS.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: sdk.String(url)}); err != nil {
						t.Fatal(err)
					}
				},
			}
		}
		return adaptertest.LagPlace{
			Consumer: func(t testing.TB) adaptertest.LagConsumer { return reads(t, p.name("-queue")) },
			Untold:   func(t testing.TB) adaptertest.LagConsumer { return reads(t, untold) },
			Unread: func(t testing.TB) string {
				name := p.name("-unread")
				p.queue(t, name, nil)
				p.send(t, name, adapters.Message{Value: []byte("waits")})
				return name
			},
			Open: func(t testing.TB, names ...string) *driver.Source {
				return through.open(t, func(c *Config) { c.Names, c.Purpose = names, driver.ToInspect })
			},
			Break: func(testing.TB) { faults.stop() },
		}
	}})
}

func TestConformanceOfTopology(t *testing.T) {
	adaptertest.RunTopology(t, adaptertest.TopologyBroker{
		Kinds: []adapters.DestinationKind{adapters.Topic, adapters.Queue}, Odd: []string{"", "_-", "-Z9"}, Undivided: true, DeadLetters: true, Keys: []string{""},
		Leads: func(way adapters.Way, from, to adapters.DestinationKind) bool {
			return to == adapters.Queue && (way == adapters.Bound && from == adapters.Topic || way == adapters.Dead && from == adapters.Queue)
		},
		Place: func(t testing.TB) adaptertest.TopologyPlace {
			p := localStack(t)
			through, faults := p.throughFaults(t)
			return adaptertest.TopologyPlace{
				Unique: p.name,
				Make: func(t testing.TB, destinations []adapters.Destination, bindings []adapters.Binding) {
					p.build(t, destinations, bindings)
				},
				Open: func(t testing.TB, ends ...adapters.Endpoint) *driver.Source {
					return through.open(t, func(c *Config) {
						for _, end := range ends {
							c.Names, c.Topics = append(c.Names, end.Name), end.Kind == adapters.Topic
						}
					})
				},
				Break: func(testing.TB) { faults.stop() },
			}
		},
	})
}

// build makes what a test of topology has drawn: dead-letter queues first.
func (p *place) build(t testing.TB, destinations []adapters.Destination, bindings []adapters.Binding) {
	t.Helper()
	deadOf := map[string]string{}
	for _, b := range bindings {
		if b.Way == adapters.Dead {
			deadOf[b.From.Name] = b.To.Name
		}
	}
	slices.SortStableFunc(destinations, func(a, b adapters.Destination) int { return len(deadOf[a.Name]) - len(deadOf[b.Name]) })
	for _, d := range destinations {
		var attributes map[string]string
		if dead := deadOf[d.Name]; dead != "" {
			q, err := p.client.Queue(t.Context(), dead)
			if err != nil {
				t.Fatal(err)
			}
			attributes = map[string]string{"RedrivePolicy": redrivePolicy(q.ARN, 2)}
		}
		if d.Kind == adapters.Queue {
			p.queue(t, d.Name, attributes)
		} else {
			p.topic(t, d.Name)
		}
	}
	topics, err := p.client.Topics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bindings {
		for _, topic := range topics {
			if b.Way == adapters.Bound && topic.Name == b.From.Name {
				p.subscribe(t, topic, b.To.Name, nil)
			}
		}
	}
}
