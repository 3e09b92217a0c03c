package demo

import "time"

// lowStock is the number of pieces below which the inventory agent speaks up.
const lowStock = 4

// inventoryService reserves what was paid for, or says what is missing.
func inventoryService() *service {
	return &service{
		name: "inventory", home: inventory, faults: []Kind{OutOfStock, Timeout, Poison},
		reactions: []reaction{{payments, "PaymentApprovedByFraudAgent", 140 * time.Millisecond, 480 * time.Millisecond, reserve}},
	}
}

// reserve draws how much is left instead of counting it: a count would depend on the
// order in which orders happen to arrive, and the same seed would not tell the same
// story twice.
func reserve(s *service, cause *event) []event {
	paid := &cause.payload
	numbers := s.chance("stock", cause.id)
	left := numbers.IntN(40)
	p := payload{
		OrderID: paid.OrderID, TransactionID: paid.TransactionID, Total: paid.Total, Currency: paid.Currency,
		Warehouse: oneOf(numbers, []string{"Rotterdam", "Lyon", "Brno"}), Remaining: &left,
	}
	if len(paid.Items) > 0 {
		scarce := oneOf(numbers, paid.Items)
		p.SKU, p.Quantity = scarce.SKU, scarce.Quantity
	}
	if s.struck(OutOfStock, cause.id) {
		left, p.Reason = 0, "Out of stock"
		return []event{s.next(cause, inventory, "InventoryFailed", p)}
	}
	return []event{s.next(cause, inventory, "InventoryReserved", p)}
}

// inventoryAgent watches what is left and recommends what to order.
func inventoryAgent() *service {
	return &service{
		name: "inventory-agent", home: inventory,
		reactions: []reaction{
			{inventory, "InventoryReserved", 200 * time.Millisecond, 900 * time.Millisecond, recommend},
			{inventory, "InventoryFailed", 200 * time.Millisecond, 900 * time.Millisecond, recommend},
		},
	}
}

func recommend(s *service, cause *event) []event {
	seen := &cause.payload
	if seen.Remaining == nil || *seen.Remaining >= lowStock || seen.SKU == "" {
		return nil
	}
	return []event{s.next(cause, inventory, "InventoryRestockRecommended", payload{
		OrderID: seen.OrderID, SKU: seen.SKU, Warehouse: seen.Warehouse, Remaining: seen.Remaining, Model: "inventory-agent-1",
		Quantity: 20 * (1 + s.chance("restock", cause.id).IntN(5)), Reason: number(*seen.Remaining) + " left, sells out within a day",
	})}
}
