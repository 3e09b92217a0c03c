// Package dialect has the tables of how producers spell who a message is: the conventions of
// frameworks, one file each, and the common names of everybody else.
//
// # Owner
//
// The tables are made once and never change.
//
// # Concurrency
//
// Any number of goroutines may share them.
//
// # What may be lost
//
// A producer that follows no convention of the list is read by common names alone.
//
// # Files
//
//	dialect.go  Dialect: what a row says, and All, the list of rows
//	aliases.go  Common: the common names
//	axon.go, camel.go, cap.go, celery.go, cloudevents.go, debezium.go, eventbridge.go, eventuate.go, kurrentdb.go,
//	lra.go, masstransit.go, nservicebus.go, rebus.go, spring.go, watermill.go, wolverine.go   the rows
//
// # Not obvious
//
// A new dialect is a new row in [All] and a golden message in the tests of package envelope, which
// reads by these tables.
package dialect
