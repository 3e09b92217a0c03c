package dialect

// Axon: version 4 puts the first message of a flow in traceId and the message that was
// being handled in correlationId; version 5 has them in correlationId and causationId.
// So each is looked at for both, best first. A cause that is the message's own id is
// dropped later.
var axon = Dialect{
	Name:  "axon",
	Marks: [][]string{{"axon-message-*"}},
	Headers: []Entry{
		{"axon-metadata-traceid", Flow, AsIs},
		{"axon-metadata-correlationid", Flow, AsIs},
		{"axon-metadata-causationid", Cause, AsIs},
		{"axon-metadata-correlationid", Cause, AsIs},
		{"axon-message-id", OwnID, AsIs},
		{"axon-message-type", EventType, AsIs},
		{"axon-message-revision", Version, AsIs},
		{"axon-message-aggregate-id", Entity, AsIs},
		{"axon-message-timestamp", Occurred, AsIs},
		{"axon-metadata-tenantid", Tenant, AsIs},
		{"axon-metadata-tenant", Tenant, AsIs},
	},
}
