// Package driver is the contract of a kind of broker: what its folder exports to be opened by
// URL, and what opening returns.
//
// # Owner
//
// A [Driver] is a constant. A [Source] belongs to whoever opened it, and is closed once.
//
// # Concurrency
//
// The functions of a Driver and the parts of a Source may be called from several goroutines
// at once, unless a part says otherwise.
//
// # What may be lost
//
// Nothing passes through here. Passwords are in [Login] alone; no error of a driver repeats
// the path or a value of the URL, in which one could stand by mistake.
//
// # Files
//
//	driver.go    Driver: schemes, parameters, words, opening; Config: one that is to be opened
//	source.go    Source: what opening returns, an ability a field
//	command.go   Command: what other tools are asked for the same
//	tls.go       the files of transport security
//	loopback.go  which hosts are this machine
//
// # Not obvious
//
// An ability that a broker, or a way to open it, does not have is a nil field of [Source].
// There is no second list of abilities, and nothing is found out by a type assertion.
//
// It imports the contracts below it (packages adapters, consumer, deadletter) and the standard
// library only.
package driver
