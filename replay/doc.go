// Package replay is the room for what acts on dead letters: selection, plan, guard, run,
// journal and ledger. It will import the adapters' contract, envelope and payload, and
// no adapter.
package replay
