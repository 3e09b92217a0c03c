package envelope

// Axon: version 4 puts the first message of a flow in traceId and the message that was
// being handled in correlationId; version 5 has them in correlationId and causationId.
// So each is looked at for both, best first. A cause that is the message's own id is
// dropped later.
var axon = dialect{
	name:  "axon",
	marks: [][]string{{"axon-message-*"}},
	headers: []entry{
		{"axon-metadata-traceid", flow, asIs},
		{"axon-metadata-correlationid", flow, asIs},
		{"axon-metadata-causationid", cause, asIs},
		{"axon-metadata-correlationid", cause, asIs},
		{"axon-message-id", ownID, asIs},
		{"axon-message-type", eventType, asIs},
		{"axon-message-revision", version, asIs},
		{"axon-message-aggregate-id", entity, asIs},
		{"axon-message-timestamp", occurred, asIs},
		{"axon-metadata-tenantid", tenant, asIs},
		{"axon-metadata-tenant", tenant, asIs},
	},
}
