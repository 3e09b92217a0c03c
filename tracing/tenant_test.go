package tracing

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// ofTenant is an event of an order of a tenant; either may be "".
func ofTenant(offset int64, tenant, flow, order, kind string) told {
	one := told{destination: "d", offset: offset, headers: []string{"event_type", kind, "event_id", fmt.Sprint("e", offset)}, value: "{}"}
	if tenant != "" {
		one.headers = append(one.headers, "x-tenant-id", tenant)
	}
	if flow != "" {
		one.headers = append(one.headers, "correlation_id", flow)
	}
	if order != "" {
		one.value = fmt.Sprintf(`{"order_id":%q}`, order)
	}
	return one
}

func TestAnOrderOfTwoTenantsIsTwoFlows(t *testing.T) {
	for name, story := range map[string][]told{
		"orders with flow ids":    {ofTenant(1, "t1", "c1", "1001", "OrderPlaced"), ofTenant(2, "t2", "c2", "1001", "OrderPlaced"), ofTenant(3, "t1", "", "1001", "Paid"), ofTenant(4, "t2", "", "1001", "Paid")},
		"payments first":          {ofTenant(1, "t2", "", "1001", "Paid"), ofTenant(2, "t1", "", "1001", "Paid"), ofTenant(3, "t1", "c1", "1001", "OrderPlaced"), ofTenant(4, "t2", "c2", "1001", "OrderPlaced")},
		"no flow ids at all":      {ofTenant(1, "t1", "", "1001", "OrderPlaced"), ofTenant(2, "t2", "", "1001", "OrderPlaced"), ofTenant(3, "t1", "", "1001", "Paid"), ofTenant(4, "t2", "", "1001", "Paid")},
		"the order as flow id":    {ofTenant(1, "t1", "1001", "", "OrderPlaced"), ofTenant(2, "t2", "1001", "", "OrderPlaced"), ofTenant(3, "t1", "1001", "", "Paid"), ofTenant(4, "t2", "1001", "1001", "Paid")},
		"one that names nobody":   {ofTenant(1, "", "", "1001", "OrderPlaced"), ofTenant(2, "t1", "", "1001", "Paid"), ofTenant(3, "t2", "", "1001", "OrderPlaced"), ofTenant(4, "t2", "", "1001", "Paid")},
		"with a cause over there": {ofTenant(1, "t1", "", "1001", "OrderPlaced"), ofTenant(2, "t2", "", "1001", "OrderPlaced"), ofTenant(3, "t1", "", "1001", "Paid"), causedBy("e1", ofTenant(4, "t2", "", "1001", "Paid"))},
	} {
		b := newBench(t, Config{})
		b.tell(story...)
		flows := b.flows()
		if len(flows) != 2 || flows[0].Events != 2 || flows[1].Events != 2 || !slices.Equal(flows[0].Types, []string{"OrderPlaced", "Paid"}) && !slices.Equal(flows[0].Types, []string{"Paid", "OrderPlaced"}) {
			t.Errorf("%s: %d flows: %+v", name, len(flows), flows)
		}
		if matches, err := b.Find(t.Context(), "1001"); err != nil || len(matches) != 2 {
			t.Errorf("%s: the order leads to %+v, %v", name, matches, err)
		}
	}
}

func causedBy(cause string, one told) told {
	one.headers = append(one.headers, "causation_id", cause)
	return one
}

func TestWhoNamesNoTenantIsOfNoneThatHasTheSameOrder(t *testing.T) {
	b := newBench(t, Config{})
	b.tell(ofTenant(1, "t1", "", "1001", "OrderPlaced"), ofTenant(2, "", "", "1001", "Paid"))
	if flows := b.flows(); len(flows) != 1 || flows[0].Events != 2 {
		t.Errorf("the only tenant that has the order: %+v", flows)
	}
	b.tell(ofTenant(3, "t2", "", "1001", "OrderPlaced"), ofTenant(4, "", "", "1001", "Shipped"), ofTenant(5, "t3", "", "1001", "OrderPlaced"), ofTenant(6, "", "", "1001", "Shipped"))
	flows := b.flows()
	if len(flows) != 4 || flows[0].From != "by key, of an unknown tenant" || flows[0].Events != 2 {
		t.Errorf("%+v", flows)
	}
	b.tell(ofTenant(7, "", "c-7", "1001", "Billed"), ofTenant(8, "", "c-7", "", "Billed"))
	if flow := b.flows()[0]; flow.ID != "c-7" || flow.Events != 2 {
		t.Errorf("an event that names its flow: %+v", flow)
	}
}

// TestFlowsOfTwoTenantsNeverMix: whatever two tenants name, in any order, and whatever is
// evicted meanwhile.
func TestFlowsOfTwoTenantsNeverMix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := New(Config{Memory: leastMemory}).newIndex()
		x.sources = []Source{{Name: "s"}}
		told := map[Sequence]made{}
		for i := range rapid.IntRange(1, 120).Draw(t, "events") {
			e := anyEvent(t) // of few orders, which all tenants have
			e.tenant = rapid.SampledFrom([]string{"t1", "t2", "t3", "t1", ""}).Draw(t, "tenant")
			told[e.into(x, i)] = e
			for rapid.IntRange(0, 3).Draw(t, "evict") == 0 && x.log.len() > 0 {
				delete(told, x.log.first)
				x.evictOldest()
			}
			sound(t, x)
		}
		tenantOf := map[uint32]string{}
		for sequence, e := range told {
			number := x.flows.resolve(x.log.at(sequence).flow)
			if number == 0 || e.tenant == "" {
				continue
			}
			if tenant, known := tenantOf[number]; known && tenant != e.tenant {
				t.Fatalf("flow %d has events of %s and of %s", number, tenant, e.tenant)
			}
			tenantOf[number] = e.tenant
			if named := x.flows.at(number).tenant; x.tenants.Text(named) != e.tenant {
				t.Fatalf("flow %d of %s is said to be of tenant %d", number, e.tenant, named)
			}
		}
	})
}

// TestTenantsInAnyOrderHaveTheSameFlows: where every event says whose it is, the order of
// arrival makes no difference.
func TestTenantsInAnyOrderHaveTheSameFlows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []made
		for tenant := range rapid.IntRange(1, 3).Draw(t, "tenants") {
			for _, e := range world(t) {
				e.tenant = fmt.Sprint("t", tenant)
				e.id = e.tenant + e.id
				if e.cause != "" {
					e.cause = e.tenant + e.cause
				}
				events = append(events, e)
			}
		}
		want := groups(t, events)
		if got := groups(t, rapid.Permutation(events).Draw(t, "order")); got != want {
			t.Fatalf("in another order:\n%s\nwant\n%s", got, want)
		}
	})
}

func TestTooManyTenantsAreJoinedToNone(t *testing.T) {
	x := New(Config{Memory: leastMemory}).newIndex()
	x.sources = []Source{{Name: "s"}}
	x.tenants.Most = 3
	flows := map[uint32]string{}
	for i := range 6 {
		e := made{order: 1, id: fmt.Sprint("e", i), entity: true, tenant: fmt.Sprint("t", i)}
		number := x.log.at(e.into(x, i)).flow
		if i < 2 && flows[number] != "" {
			t.Errorf("t%d has the flow of %s", i, flows[number])
		}
		flows[number] = e.tenant
	}
	if len(flows) != 3 {
		t.Errorf("%d flows", len(flows))
	}
}
