package management

import (
	"context"
	"slices"
)

// AlternateExchange is the argument of an exchange, and the key of a policy, that names its alternate one.
const AlternateExchange = "alternate-exchange"

// Exchange is what decides about an exchange.
type Exchange struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Internal  bool     `json:"internal"`
	Arguments settings `json:"arguments"`
	Policy    string   `json:"policy"` // its name

	Alternate string `json:"-"` // where that goes which no binding takes, by argument or else by policy
}

// Exchanges lists the exchanges without their statistics.
func (c *Client) Exchanges(ctx context.Context) ([]Exchange, error) {
	exchanges, err := listOf[Exchange](ctx, c, "list the exchanges", c.ofHost("exchanges")+"?disable_stats=true&columns=name,type,internal,arguments,policy")
	if err != nil {
		return nil, err
	}
	policies, err := c.alternates(ctx, exchanges)
	if err != nil {
		return nil, err
	}
	for i := range exchanges {
		e := &exchanges[i]
		e.Alternate, _ = e.Arguments[AlternateExchange].(string)
		if e.Alternate == "" {
			e.Alternate = policies[e.Policy]
		}
	}
	return exchanges, nil
}

// policyInfo is a policy.
type policyInfo struct {
	Name       string   `json:"name"`
	Definition settings `json:"definition"`
}

// alternates says which policies name an alternate exchange, and which. If no exchange has
// a policy, nothing is asked.
func (c *Client) alternates(ctx context.Context, exchanges []Exchange) (map[string]string, error) {
	if !slices.ContainsFunc(exchanges, func(e Exchange) bool { return e.Policy != "" }) {
		return nil, nil
	}
	policies, err := listOf[policyInfo](ctx, c, "list the policies", c.ofHost("policies"))
	named := map[string]string{}
	for i := range policies {
		named[policies[i].Name], _ = policies[i].Definition[AlternateExchange].(string)
	}
	return named, err
}
