package demo

import "time"

// shippingService packs what was reserved. It is the one that forgets to pass the
// correlation headers on, as real systems always have one: its events are found by
// their order id only.
func shippingService() *service {
	return &service{
		name: "shipping", home: shipping, forgetful: true, faults: []Kind{Timeout, Poison},
		reactions: []reaction{{inventory, "InventoryReserved", 180 * time.Millisecond, 700 * time.Millisecond, ship}},
	}
}

func ship(s *service, cause *event) []event {
	reserved := &cause.payload
	numbers := s.chance("shipment", cause.id)
	return []event{s.next(cause, shipping, "ShipmentPrepared", payload{
		OrderID: reserved.OrderID, Warehouse: reserved.Warehouse, Carrier: oneOf(numbers, []string{"DHL", "GLS", "DPD", "PostNL"}),
		Tracking: identifier("trk", 10, s.system.seed, cause.id),
	})}
}
