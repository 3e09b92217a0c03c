// Package login logs in to a Kafka cluster without a password of the cluster's own: with tokens of
// OAuth, and with credentials of AWS.
//
// # Owner and concurrency
//
// A mechanism belongs to the client that is made with it, which asks it at each connection, from
// several goroutines at once. A token is kept until shortly before it ends, and one goroutine at a
// time asks for the next.
//
// # What may be lost
//
// Nothing. Without a token there is no connection, and the error says why.
//
// # Files
//
//	login.go  Bearer and IAM
//
// # Not obvious
//
// What a server of tokens or a provider of credentials answers may quote a secret. So an error names
// the host and the status, and repeats nothing.
package login
