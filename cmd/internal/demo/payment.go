package demo

import "time"

// paymentService charges for orders, and gives the money back when an order fails.
func paymentService() *service {
	return &service{
		name: "payment", home: payments, spring: true, faults: []Kind{Declined, Timeout, Poison},
		reactions: []reaction{
			{orders, "OrderPlaced", 120 * time.Millisecond, 420 * time.Millisecond, takePayment},
			{payments, "FraudDetected", 100 * time.Millisecond, 300 * time.Millisecond, refund},
			{inventory, "InventoryFailed", 100 * time.Millisecond, 300 * time.Millisecond, refund},
		},
	}
}

var declines = []string{"Card declined", "Insufficient funds", "Card expired", "3-D Secure was not completed"}

func takePayment(s *service, cause *event) []event {
	order := &cause.payload
	numbers := s.chance("payment", cause.id)
	p := payload{
		OrderID: order.OrderID, CustomerID: order.CustomerID, Items: order.Items, Total: order.Total, Currency: order.Currency,
		Method: oneOf(numbers, []string{"card", "card", "paypal", "transfer"}), TransactionID: identifier("tx", 8, s.system.seed, cause.id),
	}
	if s.struck(Declined, cause.id) {
		p.Items, p.Reason = nil, oneOf(numbers, declines)
		return []event{s.next(cause, payments, "PaymentFailed", p)}
	}
	return []event{s.next(cause, payments, "PaymentProcessed", p)}
}

func refund(s *service, cause *event) []event {
	paid := &cause.payload
	return []event{s.next(cause, payments, "PaymentRefunded", payload{
		OrderID: paid.OrderID, TransactionID: paid.TransactionID, Total: paid.Total, Currency: paid.Currency, Reason: paid.Reason,
	})}
}
