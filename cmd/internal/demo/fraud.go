package demo

import (
	"math"
	"time"
)

// fraudAgent looks at every payment and decides, with a score and its reason.
func fraudAgent() *service {
	return &service{
		name: "fraud-agent", home: payments, faults: []Kind{Fraud, Poison},
		reactions: []reaction{{payments, "PaymentProcessed", 80 * time.Millisecond, 380 * time.Millisecond, judge}},
	}
}

var (
	suspicions = []string{
		"Ninth order from this device within an hour", "Delivery address and card are of different countries",
		"Amount is far above what this customer usually spends", "Card was reported with another shop today",
	}
	assurances = []string{
		"Known customer, usual amount", "Address and card agree", "Same device as the last 12 orders", "Low amount, no sign of haste",
	}
)

func judge(s *service, cause *event) []event {
	paid := &cause.payload
	numbers := s.chance("score", cause.id)
	p := payload{
		OrderID: paid.OrderID, CustomerID: paid.CustomerID, TransactionID: paid.TransactionID,
		Items: paid.Items, Total: paid.Total, Currency: paid.Currency, Model: "fraud-agent-2",
	}
	if s.struck(Fraud, cause.id) {
		p.Items, p.Score, p.Reason = nil, score(0.85, numbers.Float64()), oneOf(numbers, suspicions)
		return []event{s.next(cause, payments, "FraudDetected", p)}
	}
	p.Score, p.Reason = score(0.02, numbers.Float64()), oneOf(numbers, assurances)
	return []event{s.next(cause, payments, "PaymentApprovedByFraudAgent", p)}
}

// score is a probability with two digits, no more than 0.14 above least.
func score(least, drawn float64) float64 { return math.Round((least+0.14*drawn)*100) / 100 }
