// Package demo is the demonstration system: an order system of ten services that
// really produce and consume, on Kafka, or on Kafka and RabbitMQ together, with
// things going wrong as they do in life.
//
// # The story
//
//	order            OrderPlaced ─▶ orders
//	payment          PaymentProcessed, or PaymentFailed when the card is declined ─▶ payments
//	fraud-agent      PaymentApprovedByFraudAgent, or FraudDetected ─▶ payments
//	inventory        InventoryReserved, or InventoryFailed ─▶ inventory
//	inventory-agent  InventoryRestockRecommended when little is left ─▶ inventory
//	shipping         ShipmentPrepared ─▶ shipping
//	payment          PaymentRefunded after FraudDetected or InventoryFailed ─▶ payments
//	order            OrderCancelled after FraudDetected ─▶ orders
//	user             UserRegistered ─▶ users; then mail (WelcomeMailSent),
//	                 profile (ProfileCreated) and analytics (SignUpRecorded) ─▶ users
//
// An arrow leads to a Kafka topic. With RabbitMQ, inventory and shipping are topic
// exchanges there, and each reader has a quorum queue of its own. Every service
// passes correlation_id and causation_id on, but for shipping, which forgets both.
//
// Where there is a registry, sign-ups are written in Avro. Now and then their schema changes: most
// clients are deployed at once, and analytics is last. It stands at the first sign-up of the new
// version until it is, while mail and profile read on.
//
// # Delivery
//
// Each service is the only member of its consumer group and settles an event after
// what follows from it has been confirmed: at least once. It remembers what it
// decided by event id, so a duplicate changes nothing and an event that comes again
// after a crash leads to the same messages. It tries three times with growing pauses,
// then makes a dead letter: on Kafka in <topic>.dlq, with Spring Kafka's headers if
// payment wrote it and plain dlq-* headers otherwise; on RabbitMQ by rejecting, so
// that the queue's dead-letter exchange writes x-death. A letter that is replayed
// (it has x-replay-id) meets a mended service: bodies of the broken schema are
// understood and timeouts do not recur. A body that was cut in half stays unreadable.
//
// # Owner and concurrency
//
// One goroutine a service owns all that the service knows; its connections each add
// one that receives. Shared are the counts and the faults that were asked for, each
// behind a mutex. All goroutines end before Run returns.
//
// # What may be lost
//
// What a fault loses on purpose. Memory of handled events is bounded (10,000 a
// service) and ends with the process, so an event that was handled, but not
// acknowledged, when the process died is handled again by the next one, with the
// same event ids.
//
// # Determinism
//
// Every choice is drawn from the seed and from the id of what it is about, never from
// a common stream: contents, ids and faults are the same for a seed however the
// services are scheduled. Times differ, and so does what was asked for by Fault. Order
// numbers go on from what the orders topic already holds.
//
// # Files
//
//	system.go     Config, Run, what to observe
//	services.go   the system; order.go payment.go fraud.go inventory.go shipping.go
//	              users.go are its services
//	service.go    the life of a service: once only, retries, dead letters, crashes
//	foreign.go    what is not the demonstration's, and is left alone
//	memory.go     what a service remembers
//	publish.go    events become messages, and may be struck by a fault on the way
//	event.go      bodies and their schema versions
//	message.go    what crosses a broker; kafka.go and rabbitmq.go carry it
//	faults.go     what can go wrong, by itself or when asked
//	chance.go     numbers from the seed
//	signup.go     sign-ups in Avro, and the versions of their schema; registry.go: where those are
//	stats.go      counts
//
// # Not obvious
//
// Work takes time from an event's arrival, not from when the service turns to it, so
// one goroutine serves any rate; only a slow service works off one event at a time.
package demo
