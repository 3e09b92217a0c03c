package demo

import "time"

// orderService is where orders come in. It cancels what turns out to be fraud, and
// takes note of what was shipped.
func orderService() *service {
	return &service{
		name: "order", home: orders, faults: []Kind{SecondSchema, BrokenSchema, Poison},
		produce: &production{make: placeOrder, each: 1},
		reactions: []reaction{
			{payments, "FraudDetected", 40 * time.Millisecond, 160 * time.Millisecond, cancelOrder},
			{shipping, "ShipmentPrepared", 0, 20 * time.Millisecond, nil},
		},
	}
}

func placeOrder(s *service, count int) []event {
	id := "ord-" + number(count)
	numbers := s.chance("order", id)
	p := payload{OrderID: id, CustomerID: "cust-" + number(100+numbers.IntN(60)), Currency: "EUR", Total: &amount{}}
	for _, which := range numbers.Perm(len(catalogue))[:1+numbers.IntN(3)] {
		line := catalogue[which]
		line.Quantity = 1 + numbers.IntN(3)
		p.Total.cents += line.Price.cents * int64(line.Quantity)
		p.Items = append(p.Items, line)
	}
	s.system.stats.count(func(all *Stats) { all.Orders++ })
	return []event{{
		destination: orders, eventType: "OrderPlaced", service: s.name, schema: s.schemaOf(id, count), payload: p,
		id: identifier("evt", 12, s.system.seed, id, "OrderPlaced"), correlation: identifier("flow", 10, s.system.seed, id),
	}}
}

// schemaOf picks the version in which an order is written: some clients are newer.
func (s *service) schemaOf(id string, count int) int {
	if s.struck(BrokenSchema, number(count/burst)) {
		return schemaBroken
	}
	if s.struck(SecondSchema, id) {
		return schemaSecond
	}
	return schemaFirst
}

func cancelOrder(s *service, cause *event) []event {
	return []event{s.next(cause, orders, "OrderCancelled", payload{OrderID: cause.payload.OrderID, Reason: "Payment is under suspicion of fraud"})}
}

// catalogue is what is sold.
var catalogue = []item{
	{SKU: "MUG-BLUE", Name: "Enamel mug, blue", Price: amount{cents: 1290}},
	{SKU: "TEA-OOLONG", Name: "Oolong tea 100 g", Price: amount{cents: 1450}},
	{SKU: "KETTLE-1L", Name: "Kettle 1 l", Price: amount{cents: 4990}},
	{SKU: "LAMP-DESK", Name: "Desk lamp", Price: amount{cents: 6400}},
	{SKU: "BOOK-KRAFT", Name: "Notebook, kraft paper", Price: amount{cents: 790}},
	{SKU: "PEN-FINE", Name: "Fountain pen, fine", Price: amount{cents: 2850}},
	{SKU: "BAG-CANVAS", Name: "Canvas bag", Price: amount{cents: 1995}},
	{SKU: "COFFEE-1KG", Name: "Coffee beans 1 kg", Price: amount{cents: 2390}},
	{SKU: "GRINDER-S", Name: "Hand grinder", Price: amount{cents: 7900}},
	{SKU: "SCARF-WOOL", Name: "Wool scarf", Price: amount{cents: 3900}},
}
