package rabbitmq

import (
	"context"
	"net/url"
	"slices"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"
)

// catalog is what the management API says about the virtual host.
type catalog struct {
	exchanges map[string]exchangeInfo
	queues    map[string]string // name to type
	taps      map[string]bool   // the queues of taps, of this and every other eventscope
	bindings  []rabbithole.BindingInfo
}

// exchangeInfo is what decides about an exchange. Rabbit-hole does not know the policy.
type exchangeInfo struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Internal  bool     `json:"internal"`
	Arguments settings `json:"arguments"`
	Policy    string   `json:"policy"` // its name

	alternate string // where that goes which no binding takes, by argument or else by policy
}

const alternateExchange = "alternate-exchange"

func (m *management) catalog(ctx context.Context, queues bool) (*catalog, error) {
	known := &catalog{exchanges: map[string]exchangeInfo{}, queues: map[string]string{}, taps: map[string]bool{}}
	exchanges, err := m.exchanges(ctx)
	if err != nil {
		return nil, err
	}
	policies, err := m.alternates(ctx, exchanges)
	if err != nil {
		return nil, err
	}
	for _, e := range exchanges {
		e.alternate, _ = e.Arguments[alternateExchange].(string)
		if e.alternate == "" {
			e.alternate = policies[e.Policy]
		}
		known.exchanges[e.Name] = e
	}
	if queues {
		list, err := m.queues(ctx)
		if err != nil {
			return nil, err
		}
		for i := range list {
			known.queues[list[i].Name] = list[i].Type
			known.noteTap(list[i].Name, list[i].Arguments)
		}
	}
	known.bindings, err = m.bindings(ctx)
	for i := range known.bindings {
		if b := &known.bindings[i]; b.Source == tapMark.exchange && b.RoutingKey == tapMark.key {
			known.taps[b.Destination] = true
		}
	}
	return known, err
}

// noteTap notes a tap by the argument of its queue.
func (k *catalog) noteTap(queue string, arguments map[string]any) {
	if arguments[tapArgument] != nil {
		k.taps[queue] = true
	}
}

// exchanges lists the exchanges without their statistics.
func (m *management) exchanges(ctx context.Context) (list []exchangeInfo, err error) {
	return list, m.read(ctx, "list the exchanges", "exchanges/"+url.PathEscape(m.config.VirtualHost)+"?disable_stats=true&columns=name,type,internal,arguments,policy", &list)
}

// alternates says which policies name an alternate exchange, and which. If no exchange has
// a policy, nothing is asked.
func (m *management) alternates(ctx context.Context, exchanges []exchangeInfo) (map[string]string, error) {
	if !slices.ContainsFunc(exchanges, func(e exchangeInfo) bool { return e.Policy != "" }) {
		return nil, nil
	}
	policies, err := ask(ctx, m, "list the policies", func(c *rabbithole.Client) ([]rabbithole.Policy, error) {
		return c.ListPoliciesIn(m.config.VirtualHost)
	})
	named := map[string]string{}
	for i := range policies {
		named[policies[i].Name], _ = policies[i].Definition[alternateExchange].(string)
	}
	return named, err
}

// typeOf is the type of an exchange, that behind it if it delays.
func (k *catalog) typeOf(name string) string {
	e := k.exchanges[name]
	if e.Type == "x-delayed-message" {
		kind, _ := e.Arguments["x-delayed-type"].(string)
		return kind
	}
	return e.Type
}

// nature is what decides how an exchange is tapped.
func (k *catalog) nature(name string) nature {
	return nature{kind: k.typeOf(name), diverts: k.exchanges[name].alternate != ""}
}

// likeBound binds as queues and exchanges are bound to an exchange now. Taps do not count:
// two of them would keep each other.
func (k *catalog) likeBound(exchange string) []binding {
	var bindings []binding
	seen := map[string]bool{}
	for i := range k.bindings {
		b := &k.bindings[i]
		if b.Source != exchange || k.taps[b.Destination] {
			continue
		}
		like := binding{exchange: exchange, key: b.RoutingKey}
		if k.typeOf(exchange) == amqp.ExchangeHeaders {
			like.arguments = fromJSON(b.Arguments)
		}
		if !seen[like.id()] {
			seen[like.id()] = true
			bindings = append(bindings, like)
		}
	}
	return bindings
}
